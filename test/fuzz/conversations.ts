/** Fuzzing by conversations: one seed, one session, always the same packets. */
import { seeded } from '../support/random.js';
import { Dialogue } from './dialogue.js';
import { FILE_HEAD, Wire } from './transport.js';
import { CHUNK_MAX, ROOMS, type Room, Twins } from './twins.js';

/** Conversations of a session: enough that they meet each other's ports, flows and full pools. */
export const SESSION = 128;

const dialogue = new Dialogue();
const wire = new Wire(CHUNK_MAX);
const pairs = new Map<Room, Twins>();

/** The pair of parsers of a room; made anew where the last one trapped. */
export function twinsOf(room: Room): Twins {
  let twins = pairs.get(room);
  if (twins === undefined) {
    twins = new Twins(room);
    pairs.set(room, twins);
  }
  return twins;
}

/** Forgets parsers that are in a state nobody knows. */
export function forgetTwins(): void {
  pairs.clear();
}

/**
 * Runs SESSION conversations, one chunk each.
 *
 * @param onChunk called with every chunk before the parsers see it
 * @throws Find
 */
export function runSession(seed: number, onChunk?: (bytes: Uint8Array, room: Room) => void): void {
  const random = seeded(seed);
  const rooms = Object.keys(ROOMS) as Room[];
  const room = rooms[Math.floor(random() * rooms.length)]!;
  const twins = twinsOf(room);
  onChunk?.(FILE_HEAD, room);
  twins.begin(FILE_HEAD);
  for (let i = 0; i < SESSION; i++) {
    wire.clear();
    dialogue.make(random);
    wire.carry(random, dialogue);
    onChunk?.(wire.records, room);
    twins.feed(wire.records);
    twins.check();
    twins.checkBalance();
  }
  twins.finish();
}
