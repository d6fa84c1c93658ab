/** A live recording that sees no request says so, and goes on. */
import { join } from 'node:path';
import test from 'ava';
import { temporary } from '../support/cli.js';
import { DEVICE, Network, PORT, until, whyNotLive } from '../support/network.js';

const reason = whyNotLive();
const serial = reason === '' ? test.serial : test.serial.skip;
const LINE = `no request for 10 s: is the server on port ${PORT} (-p)`;

serial(`ten seconds without a request are told once${reason && ` (${reason})`}`, async (t) => {
  t.timeout(60_000);
  const network = new Network(t);
  await network.memcached();
  const folder = temporary(t);
  const silent = network.record(`afpacket:${DEVICE}`, join(folder, 'silent.mbp'));
  const spoken = network.record(`afpacket:${DEVICE}`, '-p', '1', join(folder, 'spoken.mbp'));
  await Promise.all([silent.running(), spoken.running()]);
  const start = Date.now();
  await until(() => silent.said.includes(LINE), 14);
  t.true(Date.now() - start > 8_000);
  // What comes later is recorded, and nothing more is said.
  network.talk('get a\\r\\n');
  await until(() => spoken.said.includes('is the server on port 1 '), 4);
  const summary = await silent.stop();
  t.is(summary.requests, 2);
  t.is(summary.hint, null);
  t.is(silent.said.split(LINE).length, 2);
  // A port nobody speaks on: the last line says the same in other words.
  const { hint } = await spoken.stop();
  t.regex(hint!, /no packet was captured: was there traffic on port 1 /);
});
