/** Meta requests, as doc/protocol.txt of memcached has them. */
import type { Command } from '../command.js';
import { writeKey } from '../keys.js';
import { WAITS } from '../pending.js';
import type { EncodeTo } from './encode.js';

/** Bytes of a line besides its key, at most: 26 flags, eight with a number of 20 digits. */
const LINE = 256;
/** Longest key with what base64 makes of it. */
const BASE64 = 2;

const MODES: Readonly<Record<string, string>> = {
  add: 'E',
  append: 'A',
  prepend: 'P',
  replace: 'R',
  set: 'S',
  incr: 'I',
  decr: 'D',
};

/** Flags without a token that are sent as they were recorded. */
const PLAIN = new Set('Icfhklqstuvx');
/** Flags for which a request of another protocol has no other place. */
const WORDS: Readonly<Record<string, string>> = {
  get: 'mg ',
  gat: 'mg ',
  touch: 'mg ',
  store: 'ms ',
  delete: 'md ',
  arithmetic: 'ma ',
  debug: 'me ',
};

const scratch = Buffer.allocUnsafe(256);

export function encodeMeta(command: Command, to: EncodeTo): void {
  const { shape, keys } = command;
  if (shape.verb === 'barrier') {
    barrier(to);
    return;
  }
  // A recorded meta request has one key; several are those of a text multiget.
  const isMulti = keys > 1;
  for (let i = 0; i < keys; i++) one(command, i, isMulti, to);
  if (isMulti) barrier(to);
}

function barrier({ connection, add }: EncodeTo): void {
  add(WAITS.noop, false, 0);
  connection.writer.reserve(4);
  connection.writer.text('mn\r\n');
}

function one(command: Command, index: number, isMulti: boolean, to: EncodeTo): void {
  const { shape } = command;
  const { connection, add, values } = to;
  const { writer } = connection;
  const quiet = shape.quiet || isMulti;
  const at = add(WAITS.meta, quiet, 1, index);
  const keySize = command.keySize[index]!;
  const isStore = shape.verb === 'store';
  writer.reserve(LINE + BASE64 * (keySize + 2) + (isStore ? command.valueSize : 0));
  writer.text(WORDS[shape.verb]!);
  const low = command.keyLow[index]!;
  const high = command.keyHigh[index]!;
  if (shape.base64) {
    writeKey(scratch, 0, low, high, Math.min(keySize, scratch.length));
    writer.text(scratch.toString('base64', 0, Math.min(keySize, scratch.length)));
  } else writer.end = writeKey(writer.buffer, writer.end, low, high, keySize);
  if (isStore) {
    writer.byte(0x20);
    writer.decimal(command.valueSize);
  }
  if (shape.asRecorded) recordedFlags(command, at, to);
  else translatedFlags(command, quiet, isMulti, to);
  writer.text('\r\n');
  if (isStore) {
    values.write(writer, low, high, command.valueSize);
    writer.text('\r\n');
  }
}

/** The flags as they were, but for the tokens that are not in a profile: opaques are numbers, paths are left out. */
function recordedFlags(command: Command, at: number, { connection, casOf }: EncodeTo): void {
  const { shape } = command;
  const { writer, queue } = connection;
  for (const letter of shape.letters) {
    if (letter === 'O') {
      queue.opaque[at] = connection.nextOpaque();
      writer.text(' O');
      writer.decimal(queue.opaque[at]!);
    } else if (letter === 'C') writer.text(` C${casOf(command)}`);
    else if (letter === 'M') writer.text(` M${MODES[shape.mode] ?? 'S'}`);
    else if (PLAIN.has(letter)) writer.text(` ${letter}`);
    else number(letter, command, writer);
  }
  if (shape.base64) writer.text(' b');
}

/** A flag with a number as its token. */
function number(letter: string, { low, high }: Command, writer: EncodeTo['connection']['writer']): void {
  switch (letter) {
    case 'T':
      writer.text(' T');
      writer.signed(low.ttl, high.ttl);
      break;
    case 'F':
      writer.text(' F');
      writer.unsigned(low.flags, high.flags);
      break;
    case 'D':
      writer.text(' D');
      writer.unsigned(low.delta, high.delta);
      break;
    case 'J':
      writer.text(' J');
      writer.unsigned(low.initial, high.initial);
      break;
    case 'E':
      writer.text(' E');
      writer.unsigned(low.cas_new, high.cas_new);
      break;
    case 'N':
      writer.text(' N');
      writer.signed(low.vivify, high.vivify);
      break;
    case 'R':
      writer.text(' R');
      writer.signed(low.recache, high.recache);
      break;
    default:
  }
}

/** What a text or binary request says, as flags. */
function translatedFlags(
  command: Command,
  quiet: boolean,
  isMulti: boolean,
  { connection, casOf }: EncodeTo,
): void {
  const { shape, low, high } = command;
  const { writer } = connection;
  const { verb } = shape;
  if (verb === 'get' || verb === 'gat') writer.text(shape.gets ? ' c f v' : ' f v');
  if (verb === 'arithmetic') {
    if (shape.mode === 'decr') writer.text(' MD');
    writer.text(' D');
    if (command.has('delta')) writer.unsigned(low.delta, high.delta);
    else writer.byte(0x31);
    if (command.has('initial')) {
      writer.text(' J');
      writer.unsigned(low.initial, high.initial);
      writer.text(' N');
      writer.signed(low.ttl, high.ttl);
    }
    writer.text(' v');
  } else if (verb === 'store') {
    const mode = MODES[shape.mode];
    if (mode !== undefined && mode !== 'S') writer.text(` M${mode}`);
    if (shape.cas) writer.text(` C${casOf(command)}`);
    if (low.flags !== 0 || high.flags !== 0) number('F', command, writer);
  }
  const hasTtl =
    verb === 'touch' || verb === 'gat' || (verb === 'store' && (low.ttl !== 0 || high.ttl !== 0));
  if (hasTtl) number('T', command, writer);
  if (shape.base64) writer.text(' b');
  if (isMulti) writer.text(' k');
  if (quiet) writer.text(' q');
}
