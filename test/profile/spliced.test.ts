import test, { type ExecutionContext } from 'ava';
import { MembenchError } from 'membench/profile';
import { type ReadAll, readAll, textsOf } from './read-all.js';
import { framesOf, sample } from './sample.js';
import { file } from './support.js';

/** Two recordings, frame by frame; blocks of both have the same names, worker by worker. */
const OWN = framesOf(sample(1));
const OTHER = framesOf(sample(2));
const HEADER = OWN[0]!;
const FOOTER = OWN.at(-1)!;
const LOSS = OWN.at(-3)!;
const NOTE = OWN.at(-2)!;
const BLOCKS = OWN.slice(1, -3);
const OTHER_BLOCKS = OTHER.slice(1, -3);
const ZEROS = Buffer.alloc(5000);

async function read(t: ExecutionContext, frames: readonly Uint8Array[]): Promise<ReadAll> {
  const all = await readAll(file(t, frames));
  if (all instanceof MembenchError) throw all;
  return all;
}

/** What nobody spliced. */
async function whole(t: ExecutionContext): Promise<ReadAll> {
  const all = await read(t, OWN);
  t.true(all.verification.perfect);
  return all;
}

test('the names of the blocks of both samples are the same at the start', async (t) => {
  const names = (all: ReadAll) => all.verification.blocks.good;
  t.true(names(await read(t, OTHER)) >= 4 && names(await whole(t)) >= 4);
  const alone = async (frame: Buffer, header: Buffer) => (await read(t, [header, frame])).missing.length;
  t.is(await alone(BLOCKS[0]!, HEADER), await alone(OTHER_BLOCKS[0]!, OTHER[0]!));
});

for (const [what, frames, problem] of [
  ['two blocks swapped', [HEADER, BLOCKS[1]!, BLOCKS[0]!, ...OWN.slice(3)], /not as the footer lists it/],
  ['all blocks in reverse', [HEADER, ...[...BLOCKS].reverse(), LOSS, NOTE, FOOTER], /not as the footer/],
  ['a block doubled in its place', [HEADER, BLOCKS[0]!, ...OWN.slice(1)], /a second time/],
  ['a block doubled before the footer', [...OWN.slice(0, -1), BLOCKS[0]!, FOOTER], /a second time/],
  ['a block doubled behind the footer', [...OWN, BLOCKS[0]!], /is after the footer/],
  ['every block doubled', [HEADER, ...BLOCKS, ...OWN.slice(1)], /a second time/],
  [
    'a block of another recording, before that of its name',
    [HEADER, OTHER_BLOCKS[0]!, ...OWN.slice(1)],
    /another recording/,
  ],
  [
    'all blocks of another recording before its own',
    [HEADER, ...OTHER_BLOCKS, ...OWN.slice(1)],
    /another recording/,
  ],
  ['a block of another recording at the end', [...OWN, OTHER_BLOCKS.at(-1)!], /another recording/],
  [
    'the frames of two recordings in turns',
    [HEADER, ...BLOCKS.flatMap((block, i) => [OTHER_BLOCKS[i] ?? ZEROS, block]), LOSS, NOTE, FOOTER],
    /another recording/,
  ],
  ['another whole profile behind it', [...OWN, ...OTHER], /header that is not at the start/],
  ['itself behind it', [...OWN, ...OWN], /is after the footer/],
  ["another recording's footer behind its own", [...OWN, OTHER.at(-1)!], /is after the footer/],
  [
    "another recording's note and loss record",
    [HEADER, OTHER.at(-2)!, OTHER.at(-3)!, ...OWN.slice(1)],
    /another recording/,
  ],
  ['its own note and loss record behind the footer', [...OWN, LOSS, NOTE], /is after the footer/],
  [
    'zeros behind the footer',
    [...OWN, ZEROS],
    /5000 bytes at offset \d+ \(the end of the file\): not a whole frame/,
  ],
  ['zeros before the first block', [HEADER, ZEROS, ...OWN.slice(1)], /5000 bytes at offset/],
] as [string, Uint8Array[], RegExp][]) {
  test(`nothing is lost, and it is told: ${what}`, async (t) => {
    const all = await read(t, frames);
    const { events, analysis, verification } = await whole(t);
    t.deepEqual(all.events, events);
    t.deepEqual(all.missing, []);
    t.false(all.verification.perfect);
    t.regex(all.verification.problems.join('\n'), problem);
    t.is(all.verification.blocks.good, verification.blocks.good);
    t.deepEqual(all.verification.blocks.missing, []);
    t.true(all.footer);
    // Every figure, losses and notes included, is that of the recording; only bytes may be damaged.
    const { caveats } = analysis;
    t.deepEqual({ ...all.analysis, caveats, loss: { ...all.analysis.loss, damaged_bytes: 0 } }, analysis);
  });
}

test('each block taken out is named', async (t) => {
  const { events } = await whole(t);
  for (const [i, block] of BLOCKS.entries()) {
    const own = textsOf((await read(t, [HEADER, block])).events);
    const all = await read(
      t,
      OWN.filter((frame) => frame !== block),
    );
    t.is(all.events.length, events.length - own.length, `block ${i}`);
    t.is(all.missing.length, 1);
    t.deepEqual(all.verification.blocks.missing, all.missing);
    t.deepEqual(
      textsOf([...all.events])
        .concat(own)
        .sort(),
      textsOf(events),
    );
    t.like(all.analysis, { complete: false, loss: { missing_blocks: 1, damaged_bytes: 0 } });
  }
});

test('a block that gives way to one of another recording is missing', async (t) => {
  const all = await read(t, [HEADER, OTHER_BLOCKS[0]!, ...OWN.slice(2)]);
  t.is(all.missing.length, 1);
  t.deepEqual(all.verification.blocks.missing, all.missing);
  t.is(
    all.events.length,
    (await whole(t)).events.length - (await read(t, [HEADER, BLOCKS[0]!])).events.length,
  );
});

test('the end filled with zeros, as after a power cut, is damage and no frame still being written', async (t) => {
  for (const kept of [OWN.slice(0, -1), OWN.slice(0, 3), [HEADER]]) {
    for (const zeros of [1, 4096, 3 * 1024 * 1024]) {
      const clean = await read(t, kept);
      const all = await read(t, [...kept, Buffer.alloc(zeros)]);
      t.deepEqual(all.events, clean.events);
      t.like(all.damage[0], { bytes: zeros, unfinished: false });
      t.is(all.analysis.loss.damaged_bytes, zeros);
      t.regex(
        all.verification.problems[0]!,
        /^\d+ bytes at offset \d+ \(the end of the file\): not a whole frame$/,
      );
    }
  }
});

test("with another recording's header nothing is taken for its own", async (t) => {
  const all = await read(t, [OTHER[0]!, ...OWN.slice(1)]);
  t.deepEqual(all.events, []);
  t.false(all.footer);
  t.is(all.analysis.loss.lost.worker_failed, undefined);
  t.false(all.verification.perfect);
});

test("without a footer of its own, another recording's does not count", async (t) => {
  const own = await read(t, OWN.slice(0, -1));
  const all = await read(t, [...OWN.slice(0, -1), OTHER.at(-1)!]);
  t.deepEqual(all.events, own.events);
  t.deepEqual(all.missing, []);
  t.false(all.footer);
  t.false(all.analysis.complete);
  t.deepEqual(all.analysis.loss.lost, own.analysis.loss.lost);
  t.deepEqual(all.verification.blocks.missing, []);
  t.false(all.verification.perfect);
});
