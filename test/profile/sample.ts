/** A small profile of a generated capture, and a walk through its frames by FORMAT.md alone. */
import { client, interleave, packetsOf, server } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

/** Two workers, several blocks of each, a loss record, notes, a footer. */
export function sample(run = 1): Buffer {
  const packets = interleave(
    ...[1, 2, 3].map((i) => packetsOf(randomConversation(run * 10 + i, 4), { clientPort: 42000 + i })),
    packetsOf([client('get a b c\r\n'), server('END\r\n')], { clientPort: 42009, step: 50_000n }),
  );
  const { profile } = recordInProcess(pcapFile(packets), {
    workers: 2,
    map: { blockEvents: 8 },
    header: { run: Buffer.alloc(16, run) },
    losses: [{ worker: 1, reason: 'worker_failed', packets: 3 }],
    notes: [{ what: 'worker replaced', atNs: 1_767_225_600_000_000_000n }],
  });
  return Buffer.from(profile);
}

export interface Place {
  magic: string;
  offset: number;
  bytes: number;
}

/** Where the frames of a whole profile lie. */
export function placesOf(profile: Buffer): Place[] {
  const places: Place[] = [];
  for (let offset = 0; offset < profile.length; ) {
    const bytes = 11 + profile.readUInt32BE(offset + 7) + 5;
    places.push({ magic: profile.toString('latin1', offset + 2, offset + 6), offset, bytes });
    offset += bytes;
  }
  return places;
}

/** A whole profile, frame by frame. */
export function framesOf(profile: Buffer): Buffer[] {
  return placesOf(profile).map(({ offset, bytes }) => profile.subarray(offset, offset + bytes));
}
