/** A load to record: gets and sets on several connections. */
import {
  client,
  server as fromServer,
  interleave,
  packetsOf,
  START,
  type Turn,
} from '../support/conversation.js';
import type { Packet } from '../support/packets.js';
import { between, seeded } from '../support/random.js';

export interface LoadOptions {
  connections?: number;
  /** Requests of each connection. */
  requests?: number;
  /** Keys of each connection, which other connections do not use. */
  keys?: number;
  /** Bytes of a value. */
  size?: number;
  /** Microseconds between the requests of a connection. */
  gap?: number;
}

/** Each key is set when it is used first; later one request of ten sets it again, and the others hit. */
export function load(options: LoadOptions = {}): Packet[] {
  const { connections = 4, requests = 1500, keys = 100, size = 100, gap = 2000 } = options;
  const value = 'v'.repeat(size);
  return interleave(
    ...Array.from({ length: connections }, (_, connection) => {
      const random = seeded(connection + 1);
      const known = new Set<string>();
      const turns: Turn[] = [];
      for (let i = 0; i < requests; i++) {
        const key = `conn-${connection}-key-${String(between(random, 1, keys)).padStart(8, '0')}`;
        if (known.has(key) && random() < 0.9)
          turns.push(client(`get ${key}\r\n`), fromServer(`VALUE ${key} 0 ${size}\r\n${value}\r\nEND\r\n`));
        else turns.push(client(`set ${key} 0 0 ${size}\r\n${value}\r\n`), fromServer('STORED\r\n'));
        known.add(key);
      }
      const step = BigInt((gap * 1000) / 2);
      const start = START + BigInt(connection) * (step / BigInt(connections));
      return packetsOf(turns, { clientPort: 40000 + connection, start: start - (start % 1000n), step });
    }),
  );
}
