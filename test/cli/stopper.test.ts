import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { onSignals, stopper } from '#src/cli/signals.js';

/** What comes of stop signals at these times, ms. */
function after(...times: number[]): { stops: number; exits: number[] } {
  let time = 0;
  let stops = 0;
  const exits: number[] = [];
  const onStop = stopper(() => stops++, { now: () => time, exit: (code) => exits.push(code) });
  for (time of times) onStop();
  return { stops, exits };
}

test('the first stop signal stops', (t) => {
  t.deepEqual(after(7), { stops: 1, exits: [] });
});

test('what comes within 100 ms of it is the same one', (t) => {
  t.deepEqual(after(7, 7, 7.01, 106.9), { stops: 1, exits: [] });
});

test('what comes 100 ms later or more ends the process at once', (t) => {
  t.deepEqual(after(7, 107), { stops: 1, exits: [130] });
  t.deepEqual(after(7, 50, 106, 110), { stops: 1, exits: [130] }, 'counted from the first');
});

test('a SIGUSR2 that comes when the recording is over does not end the process', async (t) => {
  let flushes = 0;
  const off = onSignals(
    () => {},
    () => flushes++,
  );
  off();
  process.kill(process.pid, 'SIGUSR2');
  await sleep(50);
  t.is(flushes, 0);
});
