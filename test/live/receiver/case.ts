/** What a case of the receiver's view of TCP consists of. */
import type { Counter } from '#src/layout/generated.js';
import type { Packet } from '../../support/packets.js';
import type { ConnectOptions, Peer } from './peer.js';

export interface Case {
  /** What the receiver does, as a sentence. */
  name: string;
  connection?: ConnectOptions;
  /** Sends the case's segments on a connection just opened. */
  run(peer: Peer): void | Promise<void>;
  /** It opens the connection itself. */
  opens?: boolean;
  /** The client's stream as the server understood it: sent plainly, it is answered alike. */
  served: string;
  /** Bytes of the stream, where that is not what was served. */
  length?: number;
  /** What was served on a connection between the same ports before. */
  before?: string;
  /**
   * How it ends. By default the connection goes on: a request where the stream ends is answered. `reset`: there
   * is none any more, and what is sent on is refused. `finished`: the server has closed it, too.
   */
  ends?: 'reset' | 'finished';
  /** Where the recording differs from what was on the device. */
  recorded?(packets: Packet[]): Packet[];
  /** Events at its start that only prove where the recorder is, and are not recorded. Default 0. */
  unproven?: number;
  /** Linktype of that; raw IP otherwise. */
  linktype?: number;
  /** Copies contradict each other: what the recorder lacks is a counted gap, and what it has is what happened. */
  gap?: boolean;
  /** What the recorder counts. */
  counters?: Partial<Record<Counter, number>>;
}

/** Asks for one of the keys k1 to k9, whose values are as long as their number: 8 bytes. */
export const get = (...keys: number[]) => keys.map((key) => `get k${key}\r\n`).join('');
/** What is found there. */
export const hit = (key: number) => `VALUE k${key} 0 ${key}\r\n${String(key).repeat(key)}\r\nEND\r\n`;

/** A value of that size. */
export const set = (key: string, value: string) => `set ${key} 0 0 ${value.length}\r\n${value}\r\n`;

/** Sends [offset, text] pairs in that order. */
export function put(peer: Peer, ...segments: readonly (readonly [offset: number, text: string])[]): void {
  for (const [offset, text] of segments) peer.put(offset, text);
}

/** A text cut into pieces of a size, each with its offset. */
export function pieces(text: string, size: number, from = 0): [number, string][] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, i) => [
    from + i * size,
    text.slice(i * size, (i + 1) * size),
  ]);
}
