import test from 'ava';
import { checkThreads, type Expected, ThreadStatuses } from '#src/native/drop-rights.js';

const NONE = '0'.repeat(16);
/** Of a thread that has nothing any more. */
const STATUS: Record<string, string> = {
  Uid: '65534\t65534\t65534\t65534',
  ...{ CapInh: NONE, CapPrm: NONE, CapEff: NONE, CapBnd: NONE, CapAmb: NONE },
  NoNewPrivs: '1',
  Seccomp: '2',
};
const ALL: Expected = { noNewPrivs: true, bounded: true, filtered: true };

/** A good thread and one that differs in this. */
const threads = (more: Record<string, string>) =>
  new Map(
    Object.entries({ 7: STATUS, 8: { ...STATUS, ...more } }).map(([thread, status]) => [
      thread,
      (name: string) => status[name] ?? '',
    ]),
  );

test('threads without rights are counted', (t) => {
  t.deepEqual(checkThreads(threads({}), ALL), { threads: 2, bounded: 2 });
  const bounding = threads({ CapBnd: '000001ffffffffff' });
  t.deepEqual(checkThreads(bounding, { ...ALL, bounded: false }), { threads: 2, bounded: 1 });
});

test('what is handed down may stay inheritable in threads that were there before, where nothing comes of it', (t) => {
  const handed = threads({ CapInh: '00000000000000c4' });
  t.is(checkThreads(handed, ALL).threads, 2);
  t.throws(() => checkThreads(handed, { ...ALL, bounded: false }), { message: /inheritable/ });
});

for (const [field, value, left] of [
  ['Uid', '65534\t65534\t0\t65534', 'the identity of root'],
  ['CapEff', '0000000000000001', 'capabilities'],
  ['CapPrm', '0000008000000000', 'capabilities'],
  ['CapAmb', '0000000000001000', 'capabilities'],
  ['CapInh', '0000000000001000', 'inheritable capabilities'],
  ['CapBnd', '0000000000000001', 'a bounding set'],
  ['NoNewPrivs', '0', 'a way to gain rights'],
  ['Seccomp', '0', 'all system calls'],
  ['Seccomp', '', 'all system calls'],
] as const) {
  test(`a thread that has ${left} by ${field} "${value}" is one too many`, (t) => {
    t.throws(() => checkThreads(threads({ [field]: value }), ALL), {
      code: 'ERR_MEMBENCH_PRIVILEGE',
      message: `thread 8 still has ${left}`,
    });
  });
}

test('what cannot be told is not taken for granted', (t) => {
  t.throws(() => checkThreads(new Map(), ALL), { code: 'ERR_MEMBENCH_PRIVILEGE' });
});

const linux = process.platform === 'linux' ? test : test.skip;
linux('threads are opened first and read later, once', (t) => {
  const opened = new ThreadStatuses();
  const found = opened.read();
  t.true(found.size > 1);
  t.is(found.get(String(process.pid))!('Tgid'), String(process.pid));
  t.is(found.get(String(process.pid))!('nothing of the kind'), '');
  t.is(opened.read().size, 0);
});
