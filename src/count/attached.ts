/** The counting program on an interface, and its counters. */
import { randomBytes } from 'node:crypto';
import { COUNT_COUNTERS } from '../layout/generated.js';
import { loadInterfaces } from '../native/interfaces.js';
import { loadLibc, PROT_READ } from '../native/libc.js';
import { attach } from '../source/ebpf/attach.js';
import type { AttachMethod } from '../source/ebpf/attachment.js';
import { type KeySampling, loadCounting } from '../source/ebpf/counting.js';
import { loadLibbpf } from '../source/ebpf/libbpf.js';
import { noInterface } from '../source/misnamed.js';
import { InterfaceWatch } from '../source/watch.js';
import { Counters } from './counters.js';
import { KeyRing } from './key-ring.js';

/** Latency is measured of one in so many requests: the clock costs as much as the rest of the program. */
const LATENCY_SAMPLE = 16;

export interface AttachedCounting {
  readonly method: AttachMethod;
  read(): Counters;
  /** Where a key sample leaves the kernel; null where there is none. */
  readonly ring: KeyRing | null;
  close(): void;
}

/**
 * Attaches the program and maps its counters, so that reading them needs no right.
 *
 * @param keys which keys leave the kernel as hashes; undefined: none
 * @param onChange is told what happens to the interface, and whether that is the end
 * @throws ERR_MEMBENCH_SOURCE for an unknown interface, ERR_MEMBENCH_UNSUPPORTED where something is missing
 */
export async function attachCounting(
  name: string,
  ports: readonly (readonly [number, number])[],
  method: AttachMethod | undefined,
  keys: KeySampling | undefined,
  onChange: (message: string, over: boolean) => void,
): Promise<AttachedCounting> {
  const libc = await loadLibc();
  const interfaces = await loadInterfaces();
  const device = interfaces.find(name);
  if (device === undefined) throw noInterface(name, false);
  const libbpf = await loadLibbpf();
  const seed = randomBytes(8).readBigUInt64LE();
  const programs = loadCounting(libbpf, { ports, seed, latencySample: LATENCY_SAMPLE, keys });
  try {
    const words = programs.cpus * COUNT_COUNTERS;
    const size = Math.ceil((words * 8) / libc.pageSize) * libc.pageSize;
    const counters = new BigUint64Array(libc.map(size, PROT_READ, programs.counters, 0), 0, words);
    const ring = keys === undefined ? null : new KeyRing(libc, programs.ring, keys.ringSize);
    const attachment = await attach(libbpf, programs, device, method);
    try {
      programs.begin();
    } catch (error) {
      attachment.detach();
      throw error;
    }
    const watch = new InterfaceWatch(interfaces, name, device.ifindex, ({ message, over }) =>
      onChange(message, over),
    );
    watch.start();
    return {
      method: attachment.method,
      read: () => Counters.sum(counters),
      ring,
      close() {
        watch.stop();
        attachment.detach();
      },
    };
  } finally {
    // What is attached keeps the program and its maps. Without their descriptors this process cannot read what
    // the program holds of lines.
    programs.close();
  }
}
