import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { analyze, renderReport } from 'membench';
import { openProfile, verifyProfile } from 'membench/profile';
import { ProfileSeries } from '#src/profile/series.js';
import { temporary } from '../support/cli.js';

const HEADER = {
  run: new Uint8Array(16).fill(3),
  created_ns: 1n,
  tool: 'test',
  source: 'ebpf',
  unit: 1,
  workers: 1,
  ports: [[11211, 11211]] as const,
  key_id: new Uint8Array(8),
};

test('what happened is kept, told in order, and survives a cut', async (t) => {
  const path = join(temporary(t), 'a.mbp');
  const writer = ProfileSeries.create(path, { force: false, header: HEADER });
  writer.writeNote('interface up', 1_700_000_001_000_000_000n);
  writer.writeNote('interface down', 1_700_000_000_000_000_000n);
  writer.finish({ ended: 'signal', elapsed_ns: 1n, counts: {}, first_ns: 0n, last_ns: 0n });
  t.true(verifyProfile(path).perfect);
  using profile = openProfile(path);
  t.deepEqual(
    profile.notes.map(({ run, atNs, what }) => [run, atNs, what]),
    [
      ['03'.repeat(16), 1_700_000_001_000_000_000n, 'interface up'],
      ['03'.repeat(16), 1_700_000_000_000_000_000n, 'interface down'],
    ],
  );
  const analysis = await analyze([path]);
  t.deepEqual(
    analysis.notes.map(({ what }) => what),
    ['interface down', 'interface up'],
  );
  t.regex(
    renderReport(analysis).join('\n'),
    /While recording\n {2}2023-11-14T22:13:20.000Z {2}interface down\n/,
  );

  // The footer goes, the notes stay.
  const footer = readFileSync(path).lastIndexOf('MBFT') - 2;
  truncateSync(path, footer);
  t.is((await analyze([path])).notes.length, 2);
});
