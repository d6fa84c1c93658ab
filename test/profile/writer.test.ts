import { spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { verifyProfile } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

test('a file that may not grow: told, exit 1, sealed blocks stay', (t) => {
  const folder = temporary(t);
  const source = join(folder, 'traffic.pcap');
  const profile = join(folder, 'out.mbp');
  const packets = interleave(
    ...Array.from({ length: 30 }, (_, i) => packetsOf(randomConversation(i, 400), { clientPort: 43000 + i })),
  );
  writeFileSync(source, pcapFile(packets));
  // RLIMIT_FSIZE in KiB; node ignores SIGXFSZ, so the write fails with EFBIG.
  const run = spawnSync(
    'bash',
    [
      '-c',
      `ulimit -f 20; exec "$0" dist/bin/membench.cjs record --workers 2 "${source}" "${profile}"`,
      process.execPath,
    ],
    {
      encoding: 'utf8',
    },
  );
  t.is(run.status, 1, run.stderr);
  t.regex(run.stderr, /^membench: .*the file size limit is reached.*\[ERR_MEMBENCH_PROFILE_WRITE\]\n$/);
  t.true(existsSync(profile));
  t.true(statSync(profile).size <= 20 * 1024);
  const { blocks, damage } = verifyProfile(profile);
  t.is(blocks.bad, 0);
  t.deepEqual(damage, []);
});
