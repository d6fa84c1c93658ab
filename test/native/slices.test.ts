import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import test from 'ava';

/** Says what `shortenSlices` returns, then the slice of a thread started after it, as the kernel tells it. */
const PROGRAM = `
const { shortenSlices } = await import('#src/native/slices.js');
const { Worker } = await import('node:worker_threads');
console.log(await shortenSlices());
const ask = "import { readFileSync } from 'node:fs'; import { parentPort } from 'node:worker_threads'; parentPort.postMessage(readFileSync('/proc/thread-self/sched', 'utf8'))";
new Worker(ask, { eval: true }).on('message', (text) => console.log(/^se\\.slice\\s*:\\s*(\\d+)/m.exec(text)?.[1]));
`;

const told = existsSync('/proc/self/sched') && /^se\.slice/m.test(readFileSync('/proc/self/sched', 'utf8'));
const [major, minor] = release().split('.').map(Number) as [number, number];
const granted = major > 6 || (major === 6 && minor >= 12);
const reason = told && granted ? '' : ' (this kernel grants no slices, or does not tell them)';

(reason === '' ? test : test.skip)(`threads started later have the shortest slice, too${reason}`, (t) => {
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { encoding: 'utf8' });
  // 0.1 ms, the shortest that the kernel grants.
  t.is(said, 'true\n100000\n');
});
