import test from 'ava';
import { record } from 'membench';
import { parseCount, parseDuration, parsePercent, parsePorts, parseSize } from '#src/cli/options.js';

interface Case<T> {
  parse: (text: string) => T;
  good: readonly (readonly [text: string, value: T])[];
  bad: readonly string[];
}

function check<T>(name: string, { parse, good, bad }: Case<T>): void {
  for (const [text, value] of good) test(`${name}: ${text}`, (t) => t.deepEqual(parse(text), value));
  for (const text of bad) {
    test(`${name}: ${JSON.stringify(text)} is refused`, (t) => {
      t.throws(() => parse(text), { code: 'commander.invalidArgument', message: /^It must be / });
    });
  }
}

check('count', {
  parse: parseCount,
  good: [
    ['1', 1],
    ['9007199254740991', 9007199254740991],
  ],
  bad: ['', '0', '-1', '1.5', '1e3', '0x10', ' 1', '9007199254740993'],
});

check('size', {
  parse: parseSize,
  good: [
    ['64', 64 * 1024],
    ['512K', 512 * 1024],
    ['64M', 64 * 1024 ** 2],
    ['64m', 64 * 1024 ** 2],
    ['1G', 1024 ** 3],
    ['4096B', 4096],
  ],
  bad: ['', '0', '-1M', '1.5M', '1T', '64MB', 'M', '99999999999G'],
});

check('duration', {
  parse: parseDuration,
  good: [
    ['10', 10],
    ['10s', 10],
    ['0.5', 0.5],
    ['500ms', 0.5],
    ['2m', 120],
    ['1h', 3600],
    ['0.001ms', 1e-6],
  ],
  // Below a microsecond it would round to no limit; far above, it would not fit a clock of 64 bits.
  bad: ['', '0', '0s', '-1s', '1d', '1M', 's', '1 s', '1e3', '0.0001ms', '99999999999h'],
});

check<[first: number, last: number][]>('ports', {
  parse: parsePorts,
  good: [
    ['11211', [[11211, 11211]]],
    [
      '11211,11300-11310',
      [
        [11211, 11211],
        [11300, 11310],
      ],
    ],
    ['1-65535', [[1, 65535]]],
  ],
  bad: ['', ',', '0', '65536', '1,', '1,,2', '2-1', '1-', '-1', '1-2-3', 'memcache', '0x10', '1;2'],
});

check('percent', {
  parse: parsePercent,
  good: [
    ['0', 0],
    ['0.5', 0.5],
    ['100', 100],
  ],
  bad: ['', '-1', '101', '1e1', 'x'],
});

test('ports the library is given in another shape are refused by name', async (t) => {
  for (const ports of [[21556], ['11211'], [[5, 4]], [[0, 1]]] as never[]) {
    const error = await t.throwsAsync(record({ source: 'traffic.pcap', ports }), { name: 'MembenchError' });
    t.regex(error!.message, /is not a range of ports$/);
  }
});
