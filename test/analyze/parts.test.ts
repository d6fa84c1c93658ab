import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { analyze } from 'membench';
import { openProfile, readEvents, verifyProfile } from 'membench/profile';
import { ProfileSeries } from '#src/profile/series.js';
import { ProfileWriter } from '#src/profile/writer.js';
import { temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

test('the parts of a recording add up to what it is in one file', async (t) => {
  const folder = temporary(t);
  const packets = interleave(
    ...Array.from({ length: 12 }, (_, i) => packetsOf(randomConversation(i, 300), { clientPort: 43000 + i })),
  );
  const { profile, counters } = recordInProcess(pcapFile(packets), { workers: 3, map: { blockEvents: 64 } });
  const recorded = join(folder, 'recorded.mbp');
  writeFileSync(recorded, profile);
  using reader = openProfile(recorded);
  t.true(reader.blocks.length > 30);
  const header = {
    run: Buffer.from(reader.header.run, 'hex'),
    created_ns: 1n,
    tool: 'test',
    source: 'file',
    unit: reader.header.unit,
    workers: 3,
    ports: reader.header.ports,
    key_id: new Uint8Array(8),
  };
  const plain = ProfileWriter.create(join(folder, 'plain.mbp'), { force: false, header });
  const series = ProfileSeries.create(join(folder, 'part.mbp'), { force: false, header, rotateSize: 16384 });
  for (const writer of [plain, series]) {
    for (const entry of reader.blocks) {
      const { offset, bytes } = entry;
      const { counts } = reader.block(entry);
      writer.writeBlock(readFileSync(recorded).subarray(offset, offset + bytes), { ...entry, counts });
    }
    // Half of the worker's packets came to nothing, and somebody else lost some that no block tells of.
    writer.writeLoss(1, 'worker_failed', 30);
    const counts = { ...counters, lost_worker_failed: 30, lost_by_kernel: 7 };
    writer.finish({ ended: 'signal', elapsed_ns: 9n, counts, first_ns: 1n, last_ns: 2n });
  }
  t.true(series.paths.length > 3);
  for (const path of series.paths) t.deepEqual(verifyProfile(path).problems, [], path);

  const whole = await analyze([plain.path]);
  const parts = await analyze(series.paths);
  t.deepEqual(parts, whole);
  t.true(parts.complete);
  t.like(parts.loss.lost, { worker_failed: 30, by_kernel: 7 });

  // Every counter, and every event, is in one of them.
  const sum: Record<string, number> = {};
  let events = 0;
  for (const path of series.paths) {
    using part = openProfile(path);
    for (const [name, count] of Object.entries(part.counts())) sum[name] = (sum[name] ?? 0) + count;
    for (const _ of readEvents(part)) events++;
  }
  using single = openProfile(plain.path);
  assert.deepEqual(sum, single.counts());
  t.is(events, counters.events);
});
