/** Damaged profiles as people meet them: every command says what is missing, and gives the rest. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openProfile } from 'membench/profile';
import { membench, temporary } from '../support/cli.js';
import { interleave, packetsOf } from '../support/conversation.js';
import { randomConversation } from '../support/model.js';
import { pcapFile } from '../support/packets.js';

interface Sample {
  path: string;
  bytes: Buffer;
  blocks: { offset: number; bytes: number; events: number }[];
  events: number;
}

/** A profile of several blocks of two workers. */
function sample(t: ExecutionContext): Sample {
  const folder = temporary(t);
  const packets = interleave(
    ...Array.from({ length: 8 }, (_, i) =>
      packetsOf(randomConversation(i, 6_000), { clientPort: 20000 + i }),
    ),
  );
  const source = join(folder, 'a.pcap');
  const path = join(folder, 'a.mbp');
  writeFileSync(source, pcapFile(packets));
  const { code, stdout, stderr } = membench(['record', '-q', '--json', '--workers', '2', source, path]);
  t.is(code, 0, stderr);
  using profile = openProfile(path);
  const blocks = profile.blocks.map(({ offset, bytes, events }) => ({ offset, bytes, events }));
  t.true(blocks.length >= 3, `${blocks.length} blocks`);
  return { path, bytes: readFileSync(path), blocks, events: JSON.parse(stdout).events };
}

const lines = (text: string) => text.split('\n').length - 1;

function run(path: string) {
  const cat = membench(['cat', path]);
  const verify = membench(['verify', path]);
  const analyze = membench(['analyze', '--json', path]);
  return { cat, verify, analyze };
}

test('a block that is hit, one that is gone, a tail that is cut', (t) => {
  t.timeout(120_000);
  const { path, bytes, blocks, events } = sample(t);
  const [, second] = blocks;

  const hit = Buffer.from(bytes);
  hit[second!.offset + 400]! ^= 0x10;
  writeFileSync(path, hit);
  const flipped = run(path);
  t.is(flipped.cat.code, 1);
  t.is(lines(flipped.cat.stdout), events - second!.events);
  t.regex(
    flipped.cat.stderr,
    /a\.mbp: 1 blocks are missing, \d+ places are damaged \(membench verify \S+\)\n$/,
  );
  t.is(flipped.verify.code, 1);
  t.regex(
    flipped.verify.stdout,
    new RegExp(`: ${blocks.length - 1} blocks good, \\d bad, 1 missing; .*footer present`),
  );
  t.like(JSON.parse(flipped.analyze.stdout), { events: events - second!.events, complete: false });

  writeFileSync(
    path,
    Buffer.concat([bytes.subarray(0, second!.offset), bytes.subarray(second!.offset + second!.bytes)]),
  );
  const gone = run(path);
  t.is(gone.cat.code, 1);
  t.is(lines(gone.cat.stdout), events - second!.events);
  t.is(gone.verify.code, 1);
  t.regex(gone.verify.stdout, /1 missing/);
  t.like(JSON.parse(gone.analyze.stdout), { complete: false, loss: { missing_blocks: 1 } });

  const last = blocks.at(-1)!;
  writeFileSync(path, bytes.subarray(0, last.offset + 100));
  const cut = run(path);
  t.is(cut.cat.code, 0);
  t.is(lines(cut.cat.stdout), events - last.events);
  t.regex(cut.cat.stderr, /not closed yet, or cut short: these are the events sealed so far/);
  t.is(cut.verify.code, 1);
  t.regex(cut.verify.stdout, /footer missing/);
  t.like(JSON.parse(cut.analyze.stdout), { events: events - last.events, complete: false });
});

test('what is no profile any more: one clear line from every command', (t) => {
  const path = join(temporary(t), 'none.mbp');
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.alloc(5000),
    readFileSync('test/fixtures/v1.mbp').subarray(0, 300),
  ]) {
    writeFileSync(path, bytes);
    for (const { code, stderr, stdout } of Object.values(run(path))) {
      t.is(code, 1);
      t.is(stdout, '');
      t.regex(stderr, /^membench: [^\n]*none\.mbp[^\n]*\[ERR_MEMBENCH_NOT_A_PROFILE\]\n$/);
    }
  }
});
