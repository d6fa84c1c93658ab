/** Fuzzing by conversations: one seed, one session, always the same packets. */
import { oneOf, stream } from '../support/random.js';
import { resetOpaques } from './binary.js';
import { Datagrams } from './datagrams.js';
import { Dialogue } from './dialogue.js';
import { Disturber } from './disturb.js';
import { forgetDonors } from './mutate.js';
import { FILE_HEAD, Records } from './records.js';
import { Wire } from './transport.js';
import { CHUNK_MAX, ROOMS, type Room, twinsOf } from './twins.js';

/** Conversations of a session: enough that they meet each other's ports, flows and full pools. */
export const SESSION = 128;

const dialogue = new Dialogue();
const records = new Records(CHUNK_MAX);
const wire = new Wire(records);
const datagrams = new Datagrams(records);
const disturber = new Disturber(CHUNK_MAX);

/** A session's room, and its chunks: the head of a capture, then one for each conversation. */
export function* chunksOf(seed: number): Generator<{ room: Room; bytes: Uint8Array }> {
  const random = stream(seed);
  const room = oneOf(random, Object.keys(ROOMS) as Room[]);
  records.reset();
  disturber.reset();
  forgetDonors();
  resetOpaques();
  yield { room, bytes: FILE_HEAD };
  for (let i = 0; i < SESSION; i++) {
    records.clear();
    if (random() < 0.12) datagrams.carry(random);
    else {
      dialogue.make(random);
      wire.carry(random, dialogue);
    }
    const { view } = records;
    yield { room, bytes: random() < 0.12 ? disturber.disturb(random, view) : view };
  }
}

/**
 * Runs SESSION conversations, one chunk each.
 *
 * @param onConversation called with how many are done before each
 * @throws Find
 */
export function runSession(seed: number, onConversation?: (done: number) => void): void {
  let done = 0;
  const chunks = chunksOf(seed);
  const { room, bytes: head } = chunks.next().value!;
  const twins = twinsOf(room);
  twins.begin(head);
  for (const { bytes } of chunks) {
    onConversation?.(done++);
    twins.feed(bytes);
    twins.check();
    twins.checkBalance();
  }
  twins.finish();
}

/** All packets of a session's first conversations, as a capture. */
export function captureOf(seed: number, conversations = SESSION): { room: Room; capture: Uint8Array } {
  const parts: Buffer[] = [];
  let room: Room = 'roomy';
  for (const chunk of chunksOf(seed)) {
    if (parts.length > conversations) break;
    room = chunk.room;
    parts.push(Buffer.from(chunk.bytes));
  }
  return { room, capture: Buffer.concat(parts) };
}
