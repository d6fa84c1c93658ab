/** Fuzzing by conversations: one seed, one session, always the same packets. */
import { oneOf, stream } from '../support/random.js';
import { resetOpaques } from './binary.js';
import { Datagrams } from './datagrams.js';
import { Dialogue } from './dialogue.js';
import { Disturber } from './disturb.js';
import { forgetDonors } from './mutate.js';
import { CHUNK_MAX, ROOMS, type Room } from './parser.js';
import type { Beat, Capture } from './prey.js';
import { FILE_HEAD, Records } from './records.js';
import type { Random } from './tokens.js';
import { Wire } from './transport.js';
import { twinsOf } from './twins.js';

/** Conversations of a seed's session: enough that they meet each other's ports, flows and full pools. */
export const PER_SEED = 128;

const dialogue = new Dialogue();
const records = new Records(CHUNK_MAX);
const wire = new Wire(records);
const datagrams = new Datagrams(records);
const disturber = new Disturber(CHUNK_MAX);

/** Forgets what was before, so that a seed makes the same again. */
export function resetConversations(): void {
  records.reset();
  disturber.reset();
  forgetDonors();
  resetOpaques();
}

/** The packets of another conversation, over TCP or UDP: records, until the next one is made. */
export function conversationOf(random: Random): Buffer {
  records.clear();
  if (random() < 0.12) datagrams.carry(random);
  else {
    dialogue.make(random);
    wire.carry(random, dialogue);
  }
  return random() < 0.12 ? disturber.disturb(random, records.view) : records.view;
}

/** A session's room, and its chunks: the head of a capture, then one for each conversation. */
function* chunksOf(seed: number): Generator<{ room: Room; bytes: Uint8Array }> {
  const random = stream(seed);
  const room = oneOf(random, Object.keys(ROOMS) as Room[]);
  resetConversations();
  yield { room, bytes: FILE_HEAD };
  for (let i = 0; i < PER_SEED; i++) yield { room, bytes: conversationOf(random) };
}

/**
 * Runs a session, one chunk for each conversation.
 *
 * @throws Find
 */
export function run(seed: number, beat: Beat): Uint32Array {
  let done = 0;
  const chunks = chunksOf(seed);
  const { room, bytes: head } = chunks.next().value!;
  const twins = twinsOf(room);
  twins.begin(head);
  for (const { bytes } of chunks) {
    beat(done++);
    twins.feed(bytes);
    twins.check();
    twins.checkBalance();
  }
  twins.finish();
  return twins.counters;
}

/** All packets of a session, to the end of the conversation before which `done` were done. */
export function captureOf(seed: number, done: number): Capture {
  const parts: Buffer[] = [];
  let room: Room = 'roomy';
  for (const chunk of chunksOf(seed)) {
    if (parts.length > done + 1) break;
    room = chunk.room;
    parts.push(Buffer.from(chunk.bytes));
  }
  return { room, capture: Buffer.concat(parts) };
}
