/**
 * Segments at random. Every copy of the stream asks for other keys, and they differ in nothing but the digits: what
 * is put together of them is a stream of requests whatever wins, and the answers say what won.
 */
import { between, seeded } from '../../support/random.js';
import { get } from './case.js';
import type { Peer } from './peer.js';

export const REQUESTS = 24;
const SIZE = REQUESTS * 8;
const COPIES = 9;
const SEGMENTS = 12;

const copy = (c: number) => get(...Array.from({ length: REQUESTS }, (_, i) => ((i + c) % 9) + 1));

/**
 * Sends a dozen segments about what the server still lacks, then all of it in order. Those that are not `forged` say
 * all the same, but for some that were damaged on their way.
 */
export function sendAtRandom(peer: Peer, seed: number, forged: boolean): void {
  const random = seeded(seed);
  for (let i = 0; i < SEGMENTS; i++) {
    const lacking = peer.acknowledged;
    const at = Math.max(0, between(random, lacking - 12, Math.min(SIZE - 1, lacking + 80)));
    const any = between(random, 0, COPIES - 1);
    const size = between(random, 1, 40);
    // What is delivered at once no better copy can replace.
    const early = at > lacking;
    const damaged = early && random() < 0.15;
    const text = copy(forged || damaged ? any : 0).slice(at, at + size);
    if (damaged) peer.put(at, text, { checksum: 'wrong' });
    else if (random() < 0.05) peer.put(at, text, { stamp: -1_000_000 });
    else if (early || random() < 0.3) peer.put(at, text);
  }
  for (let at = peer.acknowledged; at < SIZE; at += 20) peer.put(at, copy(0).slice(at, at + 20));
}
