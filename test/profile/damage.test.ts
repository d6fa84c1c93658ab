import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { MembenchError, openProfile, readEvents, verifyProfile } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { between, seeded } from '../support/random.js';
import { type Read, readAll, readUnanalyzed, textsOf } from './read-all.js';
import { framesOf, type Place, placesOf, sample } from './sample.js';

const WHOLE = sample();
const PLACES = placesOf(WHOLE);

/** What each block alone says: its events, of a profile that holds nothing else. */
function eventsByBlock(t: ExecutionContext): Map<Place, { name: string; texts: string[] }> {
  const path = join(temporary(t), 'one.mbp');
  const [header, ...rest] = framesOf(WHOLE);
  const found = new Map<Place, { name: string; texts: string[] }>();
  for (const [i, place] of PLACES.slice(1).entries()) {
    if (place.magic !== 'MBBK') continue;
    writeFileSync(path, Buffer.concat([header!, rest[i]!]));
    using profile = openProfile(path);
    const { worker, seq } = profile.blocks[0]!;
    found.set(place, { name: `${worker} ${seq}`, texts: textsOf([...readEvents(profile)]) });
  }
  return found;
}

/** The file, to be changed in place. */
function open(t: ExecutionContext): { path: string; fd: number } {
  const path = join(temporary(t), 'sample.mbp');
  writeFileSync(path, WHOLE);
  const fd = openSync(path, 'r+');
  t.teardown(() => closeSync(fd));
  return { path, fd };
}

test('the sample is what these tests are about', async (t) => {
  const count = (magic: string) => PLACES.filter((place) => place.magic === magic).length;
  t.true(count('MBBK') >= 6);
  t.deepEqual([count('MBHD'), count('MBLS'), count('MBNT'), count('MBFT')], [1, 1, 1, 1]);
  const all = await readAll(open(t).path);
  if (all instanceof MembenchError) throw all;
  t.true(all.verification.perfect);
  const blocks = [...eventsByBlock(t).values()];
  t.deepEqual(textsOf(all.events), blocks.flatMap(({ texts }) => texts).sort());
  t.is(all.events.length, all.analysis.events);
  t.true(new Set(blocks.map(({ name }) => name[0])).size === 2, 'blocks of both workers');
});

/**
 * Lengths at which a cut file is analysed as well: around the border of two frames, within the head of the second,
 * and in its middle. In between, an analysis only hears of another number of damaged bytes.
 */
const ANALYSED = new Set(
  PLACES.flatMap(({ offset, bytes }) => [
    ...Array.from({ length: 15 }, (_, i) => offset - 2 + i),
    offset + (bytes >> 1),
  ]),
);

test('cut at every length: the blocks before the cut, each worker from its first, or a clear error', async (t) => {
  const byBlock = eventsByBlock(t);
  const { path, fd } = open(t);
  let analysed = 0;
  for (let size = WHOLE.length - 1; size >= 0; size--) {
    ftruncateSync(fd, size);
    const all: Read | MembenchError = await (ANALYSED.has(size) ? readAll(path) : readUnanalyzed(path));
    if (size < PLACES[0]!.bytes) {
      assert.ok(all instanceof MembenchError, `cut at ${size}`);
      assert.equal(all.code, 'ERR_MEMBENCH_NOT_A_PROFILE');
      continue;
    }
    if (all instanceof MembenchError) throw all;
    const before = PLACES.filter(({ offset, bytes }) => offset + bytes <= size);
    const blocks = before.flatMap((place) => byBlock.get(place) ?? []);
    const expected = blocks.flatMap(({ texts }) => texts).sort();
    assert.deepEqual(textsOf(all.events), expected, `cut at ${size}`);
    if (all.analysis !== undefined) {
      assert.equal(all.analysis.events, expected.length);
      assert.equal(all.analysis.complete, false);
      analysed++;
    }
    const { perfect, events, footer, blocks: told, damage, problems } = all.verification;
    assert.deepEqual({ perfect, events, footer }, { perfect: false, events: expected.length, footer: false });
    // What came after the cut nobody can know: no block is named, but the end is told of.
    assert.deepEqual(told, { good: blocks.length, bad: 0, missing: [] });
    assert.match(problems.at(-1)!, /footer is missing/);
    const end = before.reduce((sum, { bytes }) => sum + bytes, 0);
    const left = size - end;
    const entry = { offset: end, bytes: left, unfinished: true, reason: 'not a whole frame' };
    assert.deepEqual(damage, left === 0 ? [] : [entry], `cut at ${size}`);
    assert.deepEqual(all.damage, damage);
  }
  t.true(analysed > 10 * PLACES.length, `${analysed}`);
});

/** By hand more: MEMBENCH_FLIPS=20000. Each bit of a smaller profile is flipped in verify.test.ts. */
const FLIPS = Number(process.env.MEMBENCH_FLIPS ?? 4000);

test(`${FLIPS} flipped bits: every one is found, and only the block it hits is lost`, (t) => {
  const seed = Number(process.env.MEMBENCH_SEED ?? 20_261_123);
  t.log(`MEMBENCH_SEED=${seed}`);
  const random = seeded(seed);
  const byBlock = eventsByBlock(t);
  const expected = new Map(
    PLACES.map((hit) => {
      const left = [...byBlock].filter(([place]) => place !== hit);
      return [hit, left.flatMap(([, { texts }]) => texts).sort()];
    }),
  );
  const { path, fd } = open(t);
  const hits = new Set<Place>();
  for (let i = 0; i < FLIPS; i++) {
    const at = between(random, 0, WHOLE.length - 1);
    const bit = between(random, 0, 7);
    const what = `bit ${bit} of byte ${at}`;
    writeSync(fd, Buffer.of(WHOLE[at]! ^ (1 << bit)), 0, 1, at);
    const hit = PLACES.find(({ offset, bytes }) => at < offset + bytes)!;
    hits.add(hit);
    const { perfect, blocks, problems } = verifyProfile(path);
    assert.ok(!perfect && problems.length > 0, `${what} passes`);
    using profile = openProfile(path);
    assert.deepEqual(textsOf([...readEvents(profile)]), expected.get(hit), what);
    const lost = byBlock.get(hit)?.name;
    // That a block is missing where another was cut off, only the footer knows.
    const named = (list: typeof blocks.missing) => list.map(({ worker, seq }) => `${worker} ${seq}`);
    assert.deepEqual(named(blocks.missing), lost === undefined ? [] : [lost], what);
    assert.deepEqual(named(profile.missing()), lost === undefined ? [] : [lost], what);
    writeSync(fd, WHOLE, at, 1, at);
  }
  t.is(hits.size, PLACES.length, 'every frame was hit');
  t.true(verifyProfile(path).perfect);
});
