import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { framesOf, placesOf, sample } from '../profile/sample.js';
import { frame, headerValue, pack } from '../profile/support.js';
import { membench, type Outcome, temporary } from '../support/cli.js';
import { client, packetsOf, server } from '../support/conversation.js';
import { recordInProcess } from '../support/in-process.js';
import { pcapFile } from '../support/packets.js';
import type { Cut } from './cat-child.js';

const WHOLE = sample();
const PLACES = placesOf(WHOLE);
const FRAMES = framesOf(WHOLE);
const OTHER = sample(2);
const BLOCK = PLACES.findIndex(({ magic }) => magic === 'MBBK');

interface Results {
  path: string;
  cat: Outcome;
  verify: Outcome;
  analyze: Outcome;
  json: Outcome;
}

/** All commands that read a profile, on one of these bytes. */
function run(t: ExecutionContext, bytes: Uint8Array | readonly Uint8Array[]): Results {
  const path = join(temporary(t), 'a.mbp');
  writeFileSync(path, bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes));
  return {
    path,
    cat: membench(['cat', path]),
    verify: membench(['verify', path]),
    analyze: membench(['analyze', path]),
    json: membench(['analyze', '--json', path]),
  };
}

const lines = (text: string) => text.split('\n').filter(Boolean);

/** A message of one line, from us. */
function oneLine(t: ExecutionContext, { stderr }: Outcome, message: RegExp): void {
  t.regex(stderr, /^membench: [^\n]*\n$/);
  t.regex(stderr, message);
}

function flipped(at: number): Buffer {
  const bytes = Buffer.from(WHOLE);
  bytes[at]! ^= 0x10;
  return bytes;
}

test('a perfect profile: exit 0 everywhere, and nothing on stderr', (t) => {
  const { cat, verify, analyze, json, path } = run(t, WHOLE);
  for (const outcome of [cat, verify, analyze, json]) t.deepEqual([outcome.code, outcome.stderr], [0, '']);
  const events = lines(cat.stdout).length;
  const blocks = PLACES.filter(({ magic }) => magic === 'MBBK').length;
  t.is(
    verify.stdout,
    `${path}: ${blocks} blocks good, 0 bad, 0 missing; ${events} events; footer present\nperfect\n`,
  );
  t.like(JSON.parse(json.stdout), { events, complete: true });
});

test('cat at every length: the good part, one line on stderr, exit 0, or a clear error', (t) => {
  const path = join(temporary(t), 'a.mbp');
  writeFileSync(path, WHOLE);
  const { stdout, stderr, status } = spawnSync(process.execPath, ['build/test/cli/cat-child.js', path], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  t.is(status, 0, stderr);
  const cuts = JSON.parse(stdout) as Cut[];
  t.is(cuts.length, WHOLE.length + 1);
  const [whole, ...rest] = cuts;
  const all = new Set(
    lines(whole!.stdout).map((line) => JSON.stringify({ ...JSON.parse(line), conn: 0, request: 0 })),
  );
  t.deepEqual([whole!.code, whole!.stderr], [0, '']);
  const wrong: unknown[] = [];
  let before = lines(whole!.stdout).length;
  for (const { size, code, stdout: out, stderr: said } of rest) {
    const events = lines(out);
    const good =
      size < PLACES[0]!.bytes
        ? code === 'ERR_MEMBENCH_NOT_A_PROFILE' && out === '' && said === ''
        : code === 0 &&
          said === `membench: ${path}: not closed yet, or cut short: these are the events sealed so far\n` &&
          events.length <= before &&
          events.every((line) => all.has(JSON.stringify({ ...JSON.parse(line), conn: 0, request: 0 })));
    if (!good) wrong.push({ size, code, said });
    before = events.length;
  }
  t.deepEqual(wrong, []);
});

test('cut short: what was sealed is read, verify alone fails', (t) => {
  const { offset, bytes } = PLACES[BLOCK + 1]!;
  for (const size of [offset + bytes, offset + bytes + 5, offset + bytes + 100, WHOLE.length - 1]) {
    const { cat, verify, analyze, json } = run(t, WHOLE.subarray(0, size));
    t.is(cat.code, 0);
    oneLine(t, cat, /not closed yet, or cut short/);
    t.true(cat.stdout.length > 0);
    t.is(verify.code, 1);
    t.regex(verify.stdout, /; footer missing\n[\s\S]*the footer is missing: [\s\S]*\nnot perfect\n$/);
    t.deepEqual([analyze.code, analyze.stderr], [0, '']);
    t.regex(analyze.stdout, /the profile is not complete/);
    t.like(JSON.parse(json.stdout), { events: lines(cat.stdout).length, complete: false });
  }
});

test('a flipped bit in a block: the others are read, and the block is named', (t) => {
  const { offset, bytes } = PLACES[BLOCK + 1]!;
  for (const at of [offset, offset + 4, offset + 8, offset + 200, offset + bytes - 5, offset + bytes - 1]) {
    const { cat, verify, analyze, json } = run(t, flipped(at));
    t.is(cat.code, 1);
    oneLine(
      t,
      cat,
      /a\.mbp: 1 block is missing \(block \d+ of worker \d\).*; what is good was printed \(membench verify .*\[ERR_MEMBENCH_PROFILE_READ\]/,
    );
    t.is(verify.code, 1);
    t.regex(verify.stdout, /1 missing; [\s\S]*\n {2}block \d+ of worker \d is missing\n/);
    for (const outcome of [analyze, json]) {
      t.is(outcome.code, 1);
      oneLine(t, outcome, /1 block is missing.*; the figures are of what is good/);
    }
    t.regex(analyze.stdout, /blocks missing: 1\n/);
    t.like(JSON.parse(json.stdout), {
      events: lines(cat.stdout).length,
      complete: false,
      loss: { missing_blocks: 1 },
    });
  }
});

test('what else is damaged is told by each command', (t) => {
  const footer = PLACES.at(-1)!;
  const cases: [string, Uint8Array[], RegExp][] = [
    ['a block taken out', FRAMES.filter((_, i) => i !== BLOCK), /1 block is missing \(block/],
    [
      'all blocks taken out',
      FRAMES.filter((_, i) => PLACES[i]!.magic !== 'MBBK'),
      /blocks are missing \(block 0 of worker 0, .*, …\)/,
    ],
    ['the footer flipped', [flipped(footer.offset + 50)], /kB are damaged, the footer is missing/],
    ['the header flipped', [flipped(40)], /are damaged; what is good/],
    ['zeros at the end', [WHOLE, Buffer.alloc(4096)], /: 4\.1 kB are damaged;/],
    [
      'zeros instead of the footer',
      [...FRAMES.slice(0, -1), Buffer.alloc(4096)],
      /4\.1 kB are damaged, the footer is missing/,
    ],
    ['another profile behind it', [WHOLE, OTHER], /are damaged;/],
  ];
  for (const [what, bytes, message] of cases) {
    const { cat, verify, analyze, json } = run(t, bytes);
    t.deepEqual(
      [cat, verify, analyze, json].map(({ code }) => code),
      [1, 1, 1, 1],
      what,
    );
    oneLine(t, cat, message);
    oneLine(t, analyze, /\[ERR_MEMBENCH_PROFILE_READ\]/);
    t.is(verify.stderr, '');
    t.regex(verify.stdout, /\nnot perfect\n$/);
    t.is(JSON.parse(json.stdout).events, lines(cat.stdout).length, what);
  }
});

test('what cannot be read at all is one line, exit 1', (t) => {
  const newer = frame('MBHD', pack(headerValue({ version: 3 })));
  const cases: [Uint8Array, RegExp][] = [
    [Buffer.alloc(0), /it is empty \[ERR_MEMBENCH_NOT_A_PROFILE\]/],
    [Buffer.alloc(4096), /does not start like a profile \[/],
    [WHOLE.subarray(0, 500), /its header is damaged or not whole, and it has no footer \[/],
    [newer, /it has format version 3, and this release reads up to 2 \(use a newer membench\) \[/],
    [frame('MBHD', Buffer.alloc(1_000_000, 0x91)), /nested too deeply \[/],
  ];
  for (const [bytes, message] of cases) {
    const { cat, verify, analyze, json } = run(t, bytes);
    for (const outcome of [cat, verify, analyze, json]) {
      t.deepEqual([outcome.code, outcome.stdout], [1, '']);
      oneLine(t, outcome, message);
    }
  }
});

test('a profile that would steer the terminal does not', (t) => {
  const note = pack({ run: headerValue().run!, at_ns: 1, what: `\x1b[2Jgone\n\u009b31m${'x'.repeat(200)}` });
  const { cat, verify, analyze } = run(t, [
    frame('MBHD', pack(headerValue())),
    frame('MBNT', note),
    frame('MB\x9b\x1b', pack({})),
  ]);
  for (const { stdout, stderr } of [cat, verify, analyze]) t.notRegex(stdout + stderr, /[^\P{Cc}\n]/u);
  t.regex(analyze.stdout, /\?\[2Jgone\?\?31mx{10,80}…\n/);
});

test('a closed stdout ends cat quietly, damaged or not', (t) => {
  const exchanges = Array.from({ length: 3000 }, (_, i) => [
    client(`get key${i}\r\n`),
    server('END\r\n'),
  ]).flat();
  const { profile } = recordInProcess(pcapFile(packetsOf(exchanges)), { map: { blockEvents: 512 } });
  const path = join(temporary(t), 'a.mbp');
  const damaged = Buffer.from(profile);
  damaged[placesOf(damaged)[2]!.offset + 100]! ^= 1;
  for (const bytes of [profile, damaged]) {
    writeFileSync(path, bytes);
    const line = `"${process.execPath}" dist/bin/membench.cjs cat "${path}" | head -n 1; exit "$\{PIPESTATUS[0]}"`;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
    t.deepEqual([status, stderr], [0, '']);
    t.is(lines(stdout).length, 1);
  }
});
