/**
 * What the BPF programs cost a packet, by themselves and hot: see native/program_run.c for the one that copies packets,
 * native/count_run.c for the one that counts. Needs root.
 *
 *   node build/bench/program.js [--object FILE]... [--program NAME]... [--counting FILE]... [--keys N]...
 *
 * N: the counting program follows one in N keys; 0: none. An object of a commit that has other settings cannot be run.
 *
 * All are measured in turns: the program that copies whole packets beside those that leave out values and parse, or another
 * object beside this one, such as dist/bpf/perf.bpf.o, or that of another commit.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compile } from './measure/native.js';
import { median } from './measure/statistics.js';
import { renderTable } from './measure/table.js';
import { inTemporaryFolder } from './measure/temporary.js';
import { native, ROOT } from './root.js';

const ROUNDS = 5;
const { values: options } = parseArgs({
  options: {
    object: { type: 'string', multiple: true },
    program: { type: 'string', multiple: true },
    counting: { type: 'string', multiple: true },
    keys: { type: 'string', multiple: true },
  },
});
const copying = (options.object ?? [join(ROOT, 'dist/bpf/packets.bpf.o')]).flatMap((object) =>
  (options.program ?? ['membench_l2', 'membench_l2_cut', 'membench_l2_parse']).map((name) => ({
    object,
    name,
  })),
);
/** Without a key sample, with one of which hardly any key is, and with one that has all. */
const counting = (options.counting ?? [join(ROOT, 'dist/bpf/count.bpf.o')]).flatMap((object) =>
  (options.keys ?? ['0', '1000000', '1']).map((keys) => ({ object, keys })),
);

/** An Ethernet frame of a segment with time stamps (RFC 791, RFC 9293, RFC 7323). */
function frame(payload: string, fromClient: boolean): Buffer {
  const bytes = Buffer.alloc(14 + 20 + 32 + payload.length);
  bytes.writeUInt16BE(0x0800, 12);
  bytes.set([0x45, 0], 14);
  bytes.writeUInt16BE(bytes.length - 14, 16);
  bytes.set([0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], 18);
  bytes.writeUInt16BE(fromClient ? 40_000 : 11_211, 34);
  bytes.writeUInt16BE(fromClient ? 11_211 : 40_000, 36);
  bytes.set([0, 0, 0, 1, 0, 0, 0, 1, 0x80, 0x18, 0xff, 0xff, 0, 0, 0, 0], 38);
  bytes.set([1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1], 54);
  bytes.write(payload, 66, 'latin1');
  return bytes;
}

const answer = (size: number) =>
  frame(`VALUE user:1234567890 0 ${size}\r\n${'x'.repeat(size)}\r\nEND\r\n`, false);
const FRAMES = {
  'get of one key': frame('get user:1234567890\r\n', true),
  'answer with 300 B': answer(300),
  'answer with 1,100 B': answer(1100),
  'answer with 3,000 B': answer(3000),
  'set of 300 B': frame(`set user:1234567890 0 0 300\r\n${'x'.repeat(300)}\r\n`, true),
  STORED: frame('STORED\r\n', false),
};

/** A program to measure. */
interface Contestant {
  label: string;
  /** Measures it on all frames: a list of nanoseconds a packet for each. */
  run(): number[][];
}

/** Measures programs in turns and prints a table. */
function measure(what: string, contestants: readonly Contestant[]): void {
  const took = contestants.map(() => Object.keys(FRAMES).map((): number[] => []));
  for (let round = 0; round < ROUNDS; round++) {
    contestants.forEach((contestant, i) => {
      contestant.run().forEach((batches, j) => {
        took[i]![j]!.push(...batches);
      });
    });
  }
  const rows = [[`${what}: ns a packet, median (least)`, ...contestants.map(({ label }) => label)]];
  Object.keys(FRAMES).forEach((name, j) => {
    rows.push([name, ...took.map((of) => `${median(of[j]!)} (${Math.min(...of[j]!)})`)]);
  });
  const align = ['left', ...contestants.map(() => 'right')] as ('left' | 'right')[];
  process.stdout.write(`${renderTable(rows, align).join('\n')}\n\n`);
}

const run = (path: string, args: readonly string[]): number[][] =>
  JSON.parse(execFileSync(path, args, { encoding: 'utf8' }));

/** Compiles the program that advances a stream. Throws where that fails. */
function compileAdvance(folder: string): string {
  const path = join(folder, 'advance.bpf.o');
  const multiarch = spawnSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).stdout.trim();
  const include = `-I/usr/include/${multiarch}`;
  execFileSync('clang', ['-O2', '-g', '-target', 'bpf', include, '-c', native('advance.bpf.c'), '-o', path]);
  return path;
}

process.exitCode = await inTemporaryFolder('membench-program-', async (folder) => {
  const [packets, counts] = ['program_run.c', 'count_run.c'].map((name) => compile(name, folder, ['bpf']));
  for (const harness of [packets!, counts!]) {
    if ('path' in harness) continue;
    process.stderr.write(`${harness.missing}\n`);
    return 1;
  }
  const [copier, counter] = [packets, counts].map((harness) => (harness as { path: string }).path);
  const files = Object.values(FRAMES).map((bytes, i) => {
    const path = join(folder, `${i}.bin`);
    writeFileSync(path, bytes);
    return path;
  });
  const advance = compileAdvance(folder);
  const shown = (object: string) => object.replace(ROOT, '');
  measure(
    'copying',
    copying.map(({ object, name }) => ({
      label: options.object ? `${shown(object)} ${name}` : name,
      run: () => run(copier!, [object, name, ...files]),
    })),
  );
  measure(
    'counting',
    counting.map(({ object, keys }) => ({
      label: `${options.counting ? `${shown(object)} ` : ''}${keys === '0' ? 'no keys' : `keys 1/${keys}`}`,
      run: () => run(counter!, [object, advance, keys, ...files]),
    })),
  );
  return 0;
});
