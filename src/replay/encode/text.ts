/** Classic text requests, as doc/protocol.txt of memcached has them. */
import type { Command } from '../command.js';
import { writeKey } from '../keys.js';
import { WAITS } from '../pending.js';
import type { EncodeTo } from './encode.js';

/** Bytes of a line besides its keys, at most: the longest word, four numbers of 20 digits, noreply. */
const LINE = 128;

const STORED_AS: Readonly<Record<string, string>> = {
  set: 'set ',
  add: 'add ',
  replace: 'replace ',
  append: 'append ',
  prepend: 'prepend ',
  cas: 'cas ',
};

export function encodeText(command: Command, to: EncodeTo): void {
  const { verb } = command.shape;
  if (verb === 'get' || verb === 'gat') retrieve(command, to);
  else if (verb === 'store') store(command, to);
  else change(command, to);
}

function retrieve(command: Command, { connection, add }: EncodeTo): void {
  const { shape, keys } = command;
  const { writer } = connection;
  add(WAITS.values, false, keys);
  const isGat = shape.verb === 'gat';
  writer.reserve(LINE);
  writer.text(isGat ? (shape.gets ? 'gats ' : 'gat ') : shape.gets ? 'gets' : 'get');
  if (isGat) writer.signed(command.low.ttl, command.high.ttl);
  for (let i = 0; i < keys; i++) {
    const size = command.keySize[i]!;
    writer.reserve(size + 3);
    writer.byte(0x20);
    writer.end = writeKey(writer.buffer, writer.end, command.keyLow[i]!, command.keyHigh[i]!, size);
  }
  writer.text('\r\n');
}

function store(command: Command, { connection, add, values, casOf }: EncodeTo): void {
  const { shape, valueSize, low, high } = command;
  const { writer } = connection;
  add(shape.quiet ? WAITS.nothing : WAITS.line, shape.quiet, 1);
  writer.reserve(LINE + command.keySize[0]! + valueSize);
  writer.text(shape.cas ? 'cas ' : (STORED_AS[shape.mode] ?? 'set '));
  key(command, writer);
  writer.byte(0x20);
  if (command.has('flags')) writer.unsigned(low.flags, high.flags);
  else writer.byte(0x30);
  writer.byte(0x20);
  if (command.has('ttl')) writer.signed(low.ttl, high.ttl);
  else writer.byte(0x30);
  writer.byte(0x20);
  writer.decimal(valueSize);
  if (shape.cas) {
    writer.byte(0x20);
    writer.text(casOf(command));
  }
  writer.text(shape.quiet ? ' noreply\r\n' : '\r\n');
  values.write(writer, command.keyLow[0]!, command.keyHigh[0]!, valueSize);
  writer.text('\r\n');
}

/** delete, incr, decr and touch. */
function change(command: Command, { connection, add }: EncodeTo): void {
  const { shape, low, high } = command;
  const { writer } = connection;
  add(shape.quiet ? WAITS.nothing : WAITS.line, shape.quiet, 1);
  writer.reserve(LINE + command.keySize[0]!);
  if (shape.verb === 'delete') writer.text('delete ');
  else if (shape.verb === 'touch') writer.text('touch ');
  else writer.text(shape.mode === 'decr' ? 'decr ' : 'incr ');
  key(command, writer);
  if (shape.verb === 'touch') {
    writer.byte(0x20);
    writer.signed(low.ttl, high.ttl);
  } else if (shape.verb === 'arithmetic') {
    writer.byte(0x20);
    if (command.has('delta')) writer.unsigned(low.delta, high.delta);
    else writer.byte(0x31);
  }
  writer.text(shape.quiet ? ' noreply\r\n' : '\r\n');
}

function key(command: Command, writer: EncodeTo['connection']['writer']): void {
  const { buffer, end } = writer;
  writer.end = writeKey(buffer, end, command.keyLow[0]!, command.keyHigh[0]!, command.keySize[0]!);
}
