import { cpSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { analyze } from 'membench';
import { verifyProfile } from 'membench/profile';
import { temporary } from '../support/cli.js';
import { hangFromOutside } from '../support/damage.js';
import { DEVICE, Network, takeTurns, until, whyNotLive } from '../support/network.js';
import { rights, without } from '../support/rights.js';
import { byProfile, byServer, unaccounted } from '../support/truth.js';

const reason = whyNotLive();
test.before(takeTurns);
const live = (title: string) => `${title}${reason && ` (${reason})`}`;
const serial = reason === '' ? test.serial : test.serial.skip;

/** Installs membench with what it needs at run time where nobody but root may look. */
function installPrivately(t: { teardown(fn: () => void): void }): string {
  const folder = temporary(t);
  if ((statSync(folder).mode & 0o777) !== 0o700) throw new Error('not private');
  mkdirSync(join(folder, 'node_modules'));
  const packages = ['commander', 'msgpackr', 'koffi', '@koromix'].map((name) => `node_modules/${name}`);
  for (const path of ['dist', 'package.json', ...packages]) {
    cpSync(path, join(folder, path), { recursive: true });
  }
  return join(folder, 'dist/cli/main.js');
}

serial(live('a worker that hangs is replaced, where only root can read its code'), async (t) => {
  t.timeout(90_000);
  const network = new Network(t);
  network.main = installPrivately(t);
  await network.memcached();
  const profile = join(temporary(t), 'out.mbp');
  const recording = network.record('--workers', '1', `afpacket:${DEVICE}`, profile);
  await recording.running();
  network.load(1_000);
  for (let hits = 1; hits <= 2; hits++) {
    // Until the flows of before have ended: their end would free a bucket.
    await sleep(500);
    hangFromOutside(recording.recorderPid);
    network.load(100);
    await until(
      () => recording.said.match(/worker 0 failed and was replaced: it hung/g)?.length === hits,
      20,
    );
    t.deepEqual([...rights(recording.recorderPid)], [without(65534)], 'the new thread has no more rights');
  }
  const before = network.stats();
  network.load(1_000);
  const after = network.stats();
  const summary = await recording.stop();
  t.is(unaccounted(summary), 0);
  t.true(summary.packets.lost.worker_failed! > 0);
  const { problems, perfect } = verifyProfile(profile);
  t.deepEqual([problems, perfect], [[], true]);
  const analysis = await analyze([profile]);
  t.deepEqual(
    analysis.notes.map(({ what }) => what),
    ['worker replaced', 'worker replaced'],
  );
  t.true(byProfile(analysis).gets >= byServer(before, after).gets, 'the last worker records all again');
});
