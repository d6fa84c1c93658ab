import test from 'ava';
import { client, packetsOf, server } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { pcapFile } from '../support/packets.js';

const found = (key: string) => `VALUE ${key} 0 ${key.length}\r\n${key}\r\n`;

function told(keys: readonly string[], values: readonly string[]) {
  const turns = [
    client(`get ${keys.join(' ')}\r\nmn\r\n`),
    server(`${values.map(found).join('')}END\r\nMN\r\n`),
  ];
  return recordInProcess(pcapFile(packetsOf(turns)));
}

test('100,000 keys answered backwards: each finds its own, in few steps each', (t) => {
  const keys = Array.from({ length: 100_000 }, (_, i) => `k${i}`);
  const { events, counters } = told(keys, keys.filter((_, i) => i % 3 > 0).reverse());
  t.is(events.length, keys.length + 1);
  t.true(
    events.every(({ status, value_size }, i) =>
      i === keys.length
        ? status === 'ok'
        : i % 3 > 0
          ? status === 'hit' && value_size === keys[i]!.length
          : status === 'miss',
    ),
  );
  t.is(counters.unmatched_answers + counters.bound_keys, 0);
});

test('one key asked 50,000 times among others, answered backwards', (t) => {
  const keys = Array.from({ length: 100_000 }, (_, i) => (i % 2 ? 'same' : `k${i}`));
  const { events, counters } = told(keys, keys.toReversed());
  t.is(counters.hits, keys.length);
  t.is(events.at(-1)?.status, 'ok');
});

for (const count of [3, 40])
  for (const [what, extra] of [
    ['a key that was not asked for', 'other'],
    ['a key answered more often than asked for', 'k0'],
  ] as const)
    test(`${what} ends belief, among ${count}`, (t) => {
      const keys = Array.from({ length: count }, (_, i) => `k${i}`);
      const { events, counters } = told(keys, [...keys.toReversed(), extra]);
      t.is(counters.unmatched_answers, 1);
      t.is(events.at(-1)?.status, 'unanswered');
      t.is(counters.flows_unsynced, 1);
    });
