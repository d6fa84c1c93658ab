import { Writable } from 'node:stream';
import test from 'ava';
import { exportText, liveText, ProgressLine, progressText } from '#src/cli/progress.js';
import { wantsColor } from '#src/cli/style.js';

const NOTHING = {
  live: false,
  bytesRead: 0,
  packets: 0,
  requests: 0,
  hits: 0,
  misses: 0,
  lost: 0,
  lag: null,
  elapsed: 0,
};
const HALF = {
  ...NOTHING,
  bytesRead: 250e6,
  bytesTotal: 500e6,
  packets: 1_200_000,
  requests: 600_000,
  elapsed: 2,
};

/** Something that looks like a terminal of some width, and what was written to it. */
function terminal(columns: number): { stream: NodeJS.WriteStream; written: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return {
    stream: Object.assign(stream, { columns, isTTY: true }) as unknown as NodeJS.WriteStream,
    written: () => text,
  };
}

test('progress of a file: share, total, packets, rate, requests, time left', (t) => {
  const text = progressText(HALF);
  for (const part of [
    '50.0 %',
    'of 500 MB',
    '1,200,000 packets',
    '600,000/s',
    '600,000 requests',
    '2.0 s left',
  ])
    t.true(text.includes(part), `${part} in: ${text}`);
});

test('where the end is not known, no share and no time left is made up', (t) => {
  const text = progressText({ ...HALF, bytesTotal: null });
  t.true(text.includes('250 MB'), text);
  t.notRegex(text, /%|left|\bof\b/);
});

test('status of live traffic: rates of now, hit ratio of all, losses, lag', (t) => {
  const before = { ...NOTHING, live: true, bytesTotal: null, packets: 1000, requests: 500, elapsed: 1 };
  const now = {
    ...before,
    packets: 3000,
    requests: 1400,
    hits: 90,
    misses: 10,
    lost: 7,
    lag: { p50: 100_000, p99: 400_000, max: 900_000 },
    elapsed: 2,
  };
  t.is(liveText(now, before), '2.0 s, packets 2,000/s, requests 900/s, hit ratio 90.0 %, 7 lost, lag 400 µs');
  t.is(liveText({ ...before, elapsed: 0 }), '0.0 s, packets 0/s, requests 0/s, hit ratio -, 0 lost');
});

test('at the very start nothing is divided by zero', (t) => {
  const start = { ...NOTHING, bytesTotal: 500e6 };
  for (const bytesTotal of [500e6, 0, null])
    t.notRegex(progressText({ ...start, bytesTotal }), /NaN|Infinity/);
});

test('the line never wraps, and is wiped once', (t) => {
  const { stream, written } = terminal(30);
  const line = new ProgressLine(stream, false);
  line.clear();
  t.is(written(), '');
  line.show(HALF);
  t.is(written(), `\r\x1b[K${progressText(HALF).slice(0, 29)}`);
  line.clear();
  line.clear();
  t.true(written().endsWith('\r\x1b[K'));
  t.is(written().split('\x1b[K').length, 3);
});

test('colour: as asked, else on a terminal without NO_COLOR', (t) => {
  const { stream } = terminal(80);
  const pipe = Object.assign(new Writable(), { isTTY: false }) as unknown as NodeJS.WriteStream;
  const env = { ...process.env };
  t.teardown(() => {
    process.env = env;
  });
  delete process.env.NO_COLOR;
  process.env.TERM = 'xterm';
  t.true(wantsColor('auto', stream));
  t.false(wantsColor('auto', pipe));
  t.true(wantsColor('always', pipe));
  t.false(wantsColor('never', stream));
  process.env.NO_COLOR = '1';
  t.false(wantsColor('auto', stream));
  t.true(wantsColor('always', stream));
  delete process.env.NO_COLOR;
  process.env.TERM = 'dumb';
  t.false(wantsColor('auto', stream));
});

test('an export tells its share first, and nothing it cannot know', (t) => {
  t.is(
    exportText({ events: 5_000_000, eventsTotal: 20_000_000, elapsed: 2 }),
    '25.0 % of 20,000,000 events, 6.0 s left, 2.5 M/s',
  );
  t.is(exportText({ events: 0, eventsTotal: 7, elapsed: 0 }), '0.0 % of 7 events');
});
