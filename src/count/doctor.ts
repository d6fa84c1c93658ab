/** Finds out whether counting in the kernel works here. */
import type { Check } from '../source/check.js';
import { type KeySampling, loadCounting } from '../source/ebpf/counting.js';
import { loadLibbpf } from '../source/ebpf/libbpf.js';
import { RING_SIZE } from './key-follower.js';

/** No packet has port 0. */
const NO_PORT = [[0, 0]] as const;

/** Loads the program into the kernel and closes it, without attaching it. */
export async function diagnoseCounting(): Promise<Check[]> {
  return [
    await tryLoading('load the program'),
    await tryLoading('with --key-sample', { limit: 1, secret: new Uint8Array(16), ringSize: RING_SIZE }),
  ];
}

async function tryLoading(what: string, keys?: KeySampling): Promise<Check> {
  try {
    const libbpf = await loadLibbpf();
    loadCounting(libbpf, { ports: NO_PORT, seed: 0n, latencySample: 1, keys }).close();
    return { what, ok: true, found: 'the kernel takes it' };
  } catch (error) {
    // Any exception counts, for example of a library that lacks a function.
    const { message, hint } = error as Error & { hint?: string };
    return { what, ok: false, found: message.split('\n')[0]!, ...(hint !== undefined && { fix: hint }) };
  }
}
