/** Profiles made for harm, with checksums that fit: what `cat` reads of them is what is exported. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { EXPORT_FORMATS, exportProfiles, MembenchError } from 'membench';
import { openProfile, readEvents } from 'membench/profile';
import { BOMBS } from '../profile/bombs.js';
import { framesOf, sample } from '../profile/sample.js';
import { frame } from '../profile/support.js';
import { temporary } from '../support/cli.js';
import { between, seeded } from '../support/random.js';

/** Bytes of a bomb that is exported in every format. */
const SMALL = 1 << 20;
const HEAD = 11;
const TAIL = 5;
const FRAMES = framesOf(sample(3));

/** What `cat` prints of a profile, or that it is none. */
function catOf(path: string): string | null {
  try {
    using profile = openProfile(path);
    return [...readEvents(profile)].map((event) => `${JSON.stringify(event)}\n`).join('');
  } catch (error) {
    if (error instanceof MembenchError) return null;
    throw error;
  }
}

async function exportOf(path: string): Promise<string | null> {
  let text = '';
  try {
    await exportProfiles({
      profiles: [path],
      format: 'ndjson',
      output: (bytes) => {
        text += Buffer.from(bytes).toString('latin1');
      },
    });
  } catch (error) {
    if (error instanceof MembenchError) return null;
    throw error;
  }
  return text;
}

test('bytes changed under a checksum that fits', async (t) => {
  const random = seeded(16);
  const path = join(temporary(t), 'a.mbp');
  let different = 0;
  for (let i = 0; i < 1500; i++) {
    const frames = [...FRAMES];
    const at = between(random, 0, frames.length - 1);
    const body = Buffer.from(frames[at]!.subarray(HEAD, -TAIL));
    for (let n = between(random, 1, 3); n > 0; n--)
      body[between(random, 0, body.length - 1)] = between(random, 0, 255);
    frames[at] = frame(frames[at]!.toString('latin1', 2, 6), body);
    writeFileSync(path, Buffer.concat(frames));
    const expected = catOf(path);
    if (expected !== null) different++;
    t.is(await exportOf(path), expected, `${i}`);
  }
  t.true(different > 500, `${different}`);
});

test('bombs end as they do for cat', async (t) => {
  t.timeout(300_000);
  const at = temporary(t);
  for (const [name, { bytes }] of Object.entries(BOMBS) as [string, { bytes: () => Uint8Array }][]) {
    const path = join(at, 'bomb.mbp');
    writeFileSync(path, bytes());
    const expected = catOf(path);
    t.is(await exportOf(path), expected, name);
    // The large ones take seconds to read, and are the same for all.
    for (const format of statSync(path).size < SMALL ? EXPORT_FORMATS : []) {
      const output = join(at, `${name.replaceAll(/\W/g, '_')}.oracleGeneral.${format}`);
      const work = exportProfiles({ profiles: [path], format, output });
      if (expected === null) await t.throwsAsync(work, { instanceOf: MembenchError }, `${name} ${format}`);
      else await t.notThrowsAsync(work, `${name} ${format}`);
    }
  }
});
