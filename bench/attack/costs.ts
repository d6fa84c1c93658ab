/** What the parser alone takes for a capture, and how that grows with it. */
import type { Counter } from '#src/layout/generated.js';
import { type GenerateOptions, generateCapture } from '../generate/generate.js';
import { pass } from '../measure/pass.js';
import { median } from '../measure/statistics.js';
import { type Attack, writeAttack } from './attacks.js';

/** Something to measure: an attack, or traffic as it is. */
export interface Kind {
  name: string;
  attack?: Attack;
  traffic?: Partial<GenerateOptions>;
}

export interface Cost {
  name: string;
  normal: boolean;
  packets: number;
  bytes: number;
  events: number;
  /** Nanoseconds of CPU time: a byte of the capture, a packet, and a step. */
  byte: number;
  packet: number;
  /**
   * A step is a packet, an event or one of what the attack counts, of whichever there are most: much fits
   * into a packet.
   */
  step: number;
  /** Cost of a byte ÷ that in a capture of a quarter: about 1 where it grows as the capture does. */
  growth: number;
  /** Bounds that were hit. */
  bounds: Partial<Record<Counter, number>>;
  /** CPU time of every round, ms. */
  rounds: number[];
}

const EXCHANGES = 250_000;
/** Of the capture that growth is told by. */
const SMALLER = 4;
/** Nobody waits longer for the smaller capture, ms: what takes that long is quadratic. */
const PATIENCE = 10_000;

/** Traffic to compare with. */
export function normalKinds(): Kind[] {
  const mix = (command: 'get' | 'mg' | 'set') => ({ get: 0, mg: 0, set: 0, delete: 0, [command]: 100 });
  return [
    { name: 'normal: mixed, 1,000 flows', traffic: { flows: 1000 } },
    { name: 'normal: mixed, 50,000 flows', traffic: { flows: 50_000 } },
    { name: 'normal: get, values of 20 B', traffic: { flows: 100, mix: mix('get'), valueSize: 20 } },
    { name: 'normal: get of several keys', traffic: { flows: 100, mix: mix('get'), multiget: 1 } },
    { name: 'normal: pipelined, 1,448 B', traffic: { flows: 100, pipelined: 1, mss: 1448 } },
  ];
}

interface Made {
  file: Buffer;
  packets: number;
}

/** The capture, or a part of it. */
function make({ attack, traffic }: Kind, divisor: number): Made {
  const chunks: Uint8Array[] = [];
  const write = (chunk: Uint8Array) => chunks.push(Buffer.from(chunk));
  const packets =
    attack === undefined
      ? generateCapture({ exchanges: EXCHANGES / divisor, ...traffic }, write).packets
      : writeAttack(attack, Math.floor(attack.full / divisor), write).packets;
  return { file: Buffer.concat(chunks), packets };
}

/** User CPU time of one pass, ms: the kernel's, which clears fresh memory, varies more than it tells. */
function once(file: Buffer): { ms: number; counters: Partial<Record<Counter, number>> } {
  const before = process.cpuUsage();
  const { counters } = pass(file, 1);
  return { ms: process.cpuUsage(before).user / 1000, counters };
}

/** Measures all kinds, round by round. */
export function costsOf(kinds: readonly Kind[], rounds: number, onKind: (name: string) => void): Cost[] {
  once(make(kinds[0]!, 1).file);
  return kinds.map((kind) => {
    onKind(kind.name);
    const small = make(kind, SMALLER);
    const first = once(small.file).ms;
    const large = first > PATIENCE ? small : make(kind, 1);
    const smallRounds = [first];
    const took: ReturnType<typeof once>[] = [];
    for (let round = 0; round < (first > PATIENCE ? 1 : rounds); round++) {
      took.push(once(large.file));
      if (round > 0) smallRounds.push(once(small.file).ms);
    }
    const ms = median(took.map((one) => one.ms));
    const { counters } = took[0]!;
    const events = counters.events ?? 0;
    const { packets } = large;
    const bytes = large.file.length;
    const steps = kind.attack === undefined || large === small ? 0 : kind.attack.full;
    return {
      name: kind.name,
      normal: kind.attack === undefined,
      packets,
      bytes,
      events,
      byte: (ms * 1e6) / bytes,
      packet: (ms * 1e6) / packets,
      step: (ms * 1e6) / Math.max(packets, events, steps),
      growth: ms / bytes / (median(smallRounds) / small.file.length),
      bounds: Object.fromEntries(Object.entries(counters).filter(([name]) => name.startsWith('bound_'))),
      rounds: took.map((one) => one.ms),
    };
  });
}
