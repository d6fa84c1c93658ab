/**
 * Encodes requests and reads answers that nobody sent, before the first request is due. Code that runs for the first times
 * is compiled meanwhile: that takes tens of milliseconds, for which the first requests would be late.
 */
import { HAS } from '../profile/shapes.js';
import { BinaryAnswers } from './answers/binary.js';
import { TextAnswers } from './answers/text.js';
import { Command } from './command.js';
import { Connection, type Shared } from './connection.js';
import { Requests } from './requests.js';
import { Settler } from './settle.js';
import { type CommandShape, OPS, S } from './shapes.js';
import { Tally } from './tally.js';
import type { Values } from './values.js';

/** How often: as much as it takes for code to be optimized. */
const TIMES = 3000;
const KEY_SIZE = 30;
const VALUE_SIZE = 100;

export function rehearse(shared: Omit<Shared, 'onChange' | 'onEnd' | 'settler'>, values: Values): void {
  const settler = new Settler(new Tally());
  const connection = new Connection(-1, { ...shared, settler, onChange() {}, onEnd() {} });
  const command = new Command();
  const requests = new Requests({ command, recordedAt: 0 }, settler, {
    ...{ asap: shared.asap, fill: false, values, baseNs: 0n },
  });
  const { queue, writer } = connection;
  const text = new TextAnswers(queue, settler);
  const binary = new BinaryAnswers(queue, settler);
  const [stored, end] = [Buffer.from('STORED\r\n'), Buffer.from('END\r\n')];
  const header = Buffer.alloc(24);
  header[0] = 0x81;
  for (let i = 0; i < TIMES; i++) {
    const isStore = i % 4 === 0;
    const protocol = i % 3 === 0 ? 'binary' : 'text';
    fill(command, i, isStore, protocol);
    requests.put(connection, i);
    while (queue.sent < queue.tail) settler.begin(queue);
    settler.now = i + 0.1;
    if (protocol === 'binary') {
      header.writeUInt16BE(isStore ? 0 : 1, 6);
      header.writeUInt32BE(queue.opaque[queue.head & queue.mask]!, 12);
      binary.feed(header, header.length);
    } else if (isStore) text.feed(stored, stored.length);
    else text.feed(end, end.length);
    writer.clear();
  }
}

function fill(command: Command, i: number, isStore: boolean, protocol: 'text' | 'binary'): void {
  command.shape = isStore ? STORES[protocol] : GETS[protocol];
  command.at = 1000 * i;
  command.latency = 100;
  command.keys = 1;
  command.keyLow[0] = Math.imul(i, 0x9e3779b1) >>> 0;
  command.keyHigh[0] = i;
  command.keySize[0] = KEY_SIZE;
  command.keyStatus[0] = isStore ? S.stored : S.miss;
  command.valueSize = isStore ? VALUE_SIZE : 0;
}

function shape(op: 'get' | 'set', protocol: 'text' | 'binary'): CommandShape {
  const isStore = op === 'set';
  return {
    ...{ op: OPS.indexOf(op), verb: isStore ? 'store' : 'get', protocol, asRecorded: true, mode: op },
    ...{ gets: false, cas: false, quiet: false, base64: false, changesInPlace: false, letters: '' },
    ...{ status: S.stored, has: HAS.key | (isStore ? HAS.value_size | HAS.flags | HAS.ttl : 0), leftOut: '' },
  };
}

const STORES = { text: shape('set', 'text'), binary: shape('set', 'binary') };
const GETS = { text: shape('get', 'text'), binary: shape('get', 'binary') };
