import assert from 'node:assert/strict';
import { closeSync, openSync, writeSync } from 'node:fs';
import test from 'ava';
import { MembenchError, openProfile, readEvents, verifyProfile } from 'membench/profile';
import { expectedEvents } from './expected.js';
import { type BlockSpec, file, frame, frames, pack, type TestEvent } from './support.js';

const event = (worker: number, at: number): TestEvent => ({
  worker,
  conn: 0,
  time: BigInt(1000 + at),
  ordinal: at,
  op: 'get',
  status: 'hit',
  key: { hash: 5n, size: 9 },
  value_size: 100,
});

const BLOCKS: BlockSpec[] = [
  { worker: 0, seq: 0, events: [event(0, 1), event(0, 3)] },
  { worker: 1, seq: 0, events: [event(1, 2)] },
  { worker: 0, seq: 1, events: [event(0, 4)] },
];
const LOSSES = [{ worker: 1, reason: 'worker_failed', packets: 12 }];

test('a profile as it should be is perfect', (t) => {
  t.deepEqual(verifyProfile(file(t, frames({ blocks: BLOCKS, losses: LOSSES }))), {
    perfect: true,
    blocks: { good: 3, bad: 0, missing: [] },
    events: 4,
    footer: true,
    damage: [],
    problems: [],
  });
});

test('every single flipped bit is found, and costs at most the frame it hits', (t) => {
  const parts = frames({ blocks: BLOCKS, losses: LOSSES });
  const whole = Buffer.concat(parts);
  const path = file(t, whole);
  const fd = openSync(path, 'r+');
  t.teardown(() => closeSync(fd));
  let offset = 0;
  for (const [index, part] of parts.entries()) {
    // Frame 0 is the header, 1 to 3 are the blocks.
    const left = expectedEvents(BLOCKS.filter((_, i) => i !== index - 1).flatMap(({ events }) => events));
    for (let at = offset; at < offset + part.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        writeSync(fd, Buffer.of(whole[at]! ^ (1 << bit)), 0, 1, at);
        const { perfect } = verifyProfile(path);
        assert.ok(!perfect, `bit ${bit} of byte ${at} passes`);
        using profile = openProfile(path);
        assert.deepEqual([...readEvents(profile)], left, `bit ${bit} of byte ${at}`);
      }
      writeSync(fd, whole, at, 1, at);
    }
    offset += part.length;
  }
  t.true(verifyProfile(path).perfect);
});

test('what is wrong is named', (t) => {
  const parts = frames({ blocks: BLOCKS });
  const [header, first, second, third, footer] = parts as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const lie = { override: { requests: 0 } };
  const lying = frames({ blocks: [BLOCKS[0]!, { ...BLOCKS[1]!, options: lie }, BLOCKS[2]!] });
  const stranger = frames({ blocks: [{ ...BLOCKS[0]!, options: { override: { run: Buffer.alloc(16) } } }] });
  const cases: Record<string, [Buffer[], RegExp]> = {
    'a block is cut out': [[header, first, third, footer], /^block 0 of worker 1 is missing$/m],
    'the last block is cut out': [[header, first, second, footer], /^block 1 of worker 0 is missing$/m],
    'no footer': [[header, first, second, third], /footer is missing/],
    'the footer is cut': [
      [header, first, second, third, footer.subarray(0, 50)],
      /^50 bytes at offset .* \(the end/m,
    ],
    'no header': [[first, second, third, footer], /header is missing/],
    'two headers': [[header, header, first, second, third, footer], /header that is not at the start/],
    'two footers': [[...parts, footer], /is after the footer/],
    'a block after the footer': [[...parts, first], /is after the footer/],
    'a block twice': [[header, first, first, second, third, footer], /block 0 of worker 0 a second time/],
    'blocks moved': [[header, second, first, third, footer], /is not as the footer lists it/],
    'rubbish between': [[header, first, Buffer.alloc(7), second, third, footer], /^7 bytes at offset/m],
    'a frame not known': [
      [header, frame('MBXX', pack({})), first, second, third, footer],
      /"MBXX" is not known/,
    ],
    'a loss of no sense': [
      [header, frame('MBLS', pack({})), first, second, third, footer],
      /run is not a byte string/,
    ],
    'a block that lies': [lying, /declares 0 requests and holds 1/],
    'a block of another recording': [stranger, /belongs to another recording/],
    'another unit': [frames({ blocks: [{ ...BLOCKS[0]!, options: { unit: 1 } }] }), /another unit/],
    'a wrong sum': [
      frames({ blocks: BLOCKS, footer: { counts: { events: 5 } } }),
      /counts 5 events, .* hold 4/,
    ],
    'another header in the footer': [
      frames({ blocks: BLOCKS, footer: { header: { a: 1 } } }),
      /not the one at the start/,
    ],
    'a list without a block': [
      frames({ blocks: BLOCKS, footer: { blocks: [] } }),
      /is not as the footer lists it/,
    ],
  };
  for (const [what, [bytes, message]] of Object.entries(cases)) {
    const { perfect, problems } = verifyProfile(file(t, bytes));
    t.false(perfect, what);
    t.regex(problems.join('\n'), message, what);
  }
});

test('a file that is no profile cannot be verified', (t) => {
  const error = t.throws(() => verifyProfile(file(t, Buffer.from('hello'))), { instanceOf: MembenchError });
  t.is(error.code, 'ERR_MEMBENCH_NOT_A_PROFILE');
});
