import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { MembenchError, openProfile, readEvents, verifyProfile } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';
import { seeded } from '../support/random.js';

/** A small profile of several blocks of two workers. */
function sample(): Uint8Array {
  const packets = interleave(
    ...[1, 2, 3].map((i) => packetsOf(randomConversation(i, 12), { clientPort: 42000 + i })),
  );
  return recordInProcess(pcapFile(packets), { workers: 2, map: { blockEvents: 64 } }).profile;
}

interface Read {
  events: string[];
  perfect: boolean;
}

/** What a reader gets out of the bytes; null where it refuses them with a clear error. */
function read(path: string, bytes: Uint8Array): Read | null {
  writeFileSync(path, bytes);
  try {
    using profile = openProfile(path);
    const events = [...readEvents(profile)].map((event) => JSON.stringify({ ...event, conn: 0, request: 0 }));
    return { events, perfect: verifyProfile(path).perfect };
  } catch (error) {
    if (error instanceof MembenchError) return null;
    throw error;
  }
}

test('a profile cut at every byte is a part of the whole, or a clear error', (t) => {
  const path = join(temporary(t), 'cut.mbp');
  const whole = sample();
  const { events } = read(path, whole)!;
  const all = new Set(events);
  t.true(read(path, whole)!.perfect);
  let before = 0;
  for (let size = 0; size < whole.length; size++) {
    const got = read(path, whole.subarray(0, size));
    if (got === null) {
      t.is(before, 0, 'once the header is there, it stays readable');
      continue;
    }
    t.false(got.perfect);
    t.true(got.events.length >= before, 'more bytes never give fewer events');
    t.true(got.events.every((event) => all.has(event)));
    before = got.events.length;
  }
  t.is(before, events.length);
});

test('every flipped bit is detected, and costs at most the frame it hits', (t) => {
  const path = join(temporary(t), 'flip.mbp');
  const whole = sample();
  writeFileSync(path, whole);
  const { events } = read(path, whole)!;
  const all = new Set(events);
  using profile = openProfile(path);
  const largest = Math.max(...profile.blocks.map((block) => block.events));
  const random = seeded(5);
  for (let i = 0; i < 3000; i++) {
    const bytes = Uint8Array.from(whole);
    const place = Math.floor(random() * bytes.length);
    bytes[place]! ^= 1 << Math.floor(random() * 8);
    const got = read(path, bytes);
    t.truthy(got, 'the header stands in the footer as well');
    t.false(got!.perfect, `byte ${place}`);
    t.true(
      got!.events.length >= events.length - largest,
      `byte ${place}: ${got!.events.length} of ${events.length}`,
    );
    t.true(got!.events.every((event) => all.has(event)));
  }
});

test('a profile that is still being written can be read', (t) => {
  const folder = temporary(t);
  const path = join(folder, 'open.mbp');
  const whole = sample();
  writeFileSync(path, whole);
  using profile = openProfile(path);
  const [first] = profile.blocks;
  const growing = join(folder, 'growing.mbp');
  writeFileSync(growing, whole.subarray(0, first!.offset + first!.bytes));
  using now = openProfile(growing);
  t.is(now.blocks.length, 1);
  t.is(now.footer, null);
  t.deepEqual(now.damage, []);
  copyFileSync(path, growing);
  using later = openProfile(growing);
  t.true(later.complete);
});

test('a missing block is named', (t) => {
  const folder = temporary(t);
  const path = join(folder, 'p.mbp');
  writeFileSync(path, sample());
  const bytes = readFileSync(path);
  using profile = openProfile(path);
  const [, second] = profile.blocks;
  const holed = Buffer.concat([
    bytes.subarray(0, second!.offset),
    bytes.subarray(second!.offset + second!.bytes),
  ]);
  writeFileSync(path, holed);
  const { perfect, blocks } = verifyProfile(path);
  t.false(perfect);
  t.deepEqual(blocks.missing, [{ worker: second!.worker, seq: second!.seq }]);
});

test('a higher version is refused with the way out', (t) => {
  const path = join(temporary(t), 'future.mbp');
  const whole = Buffer.from(sample());
  // "version" is followed by its value, a positive fixint.
  const at = whole.indexOf('version') + 'version'.length;
  t.is(whole[at], 1);
  whole[at] = 9;
  writeFileSync(path, whole);
  // The checksum notices; the footer repeats the header, so both have to lie alike.
  t.notThrows(() => openProfile(path).close());
});
