/** Blocks on their way to the threads that send. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openProfile, readEvents } from 'membench/profile';
import { BlockMemory } from '#src/replay/block-memory.js';
import { Blocks, deliveries } from '#src/replay/blocks.js';
import { Commands } from '#src/replay/commands.js';
import { Feed } from '#src/replay/feed.js';
import { Incoming } from '#src/replay/incoming.js';
import { temporary } from '../support/cli.js';
import { recordInProcess } from '../support/in-process.js';
import { pcapFile } from '../support/packets.js';
import { load } from './load.js';

test('memory that was given back is used again, and grows where a block needs more', (t) => {
  const memory = new BlockMemory();
  const [small, large] = [memory.take(100), memory.take(1000)];
  t.not(small, large);
  memory.give(large);
  memory.give(small);
  t.is(memory.take(90), small);
  t.is(memory.take(2000), large);
  t.true(memory.allocator(large)(2000).buffer.byteLength >= 2000);
});

test('a hundred blocks, gone through three times, take the memory of those that are in use at a time', (t) => {
  const path = join(temporary(t), 'small-blocks.mbp');
  writeFileSync(path, recordInProcess(pcapFile(load()), { map: { blockEvents: 64 } }).profile);
  using profile = openProfile(path);
  const recorded = [...readEvents(profile)].map(({ ts_ns }) => BigInt(ts_ns));
  const blocks = new Blocks([path]);
  t.teardown(() => blocks.close());
  t.true(blocks.waiting.length > 90);

  const memories = new Set<ArrayBufferLike>();
  const two = [0, 1].map((thread) => {
    const incoming = new Incoming(
      () => feed.taken(thread),
      (memory) => feed.released(memory),
    );
    const share = { protocol: 'as-recorded', sample: 1, clients: 0, threads: 2, thread, workers: 1 } as const;
    return { incoming, commands: new Commands(incoming, share), times: [] as number[] };
  });
  const feed = new Feed(
    deliveries(blocks, { protocol: 'as-recorded', udp: true }, 3),
    2,
    (thread, delivery) => {
      if (typeof delivery !== 'string' && delivery.rows !== null) memories.add(delivery.rows.at.buffer);
      // As it comes to another thread: the columns are the same memory.
      two[thread]!.incoming.put(structuredClone(delivery));
    },
  );
  feed.fill();
  // One thread is as far ahead as it may be, and the other follows.
  for (let turn = 0; two.some(({ commands }) => commands.step !== 'end'); turn++) {
    const { commands, times } = two[turn & 1]!;
    do {
      commands.advance();
      if (commands.step === 'request') times.push(commands.recordedAt);
    } while (commands.step !== 'waiting' && commands.step !== 'end');
  }
  const expected = recorded.map((ts) => Number(ts - recorded[0]!));
  for (const { times } of two) t.deepEqual(times, [...expected, ...expected, ...expected]);
  t.true(memories.size <= 6, `${memories.size} memories`);
});
