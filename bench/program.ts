/**
 * What the BPF program costs a packet, by itself and hot: see native/program_run.c. Needs root.
 *
 *   node build/bench/program.js [--object FILE]... [--program NAME]...
 *
 * All are measured in turns: the program that copies whole packets beside that which leaves out values, or the object
 * of another commit beside this one's.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compile } from './measure/native.js';
import { median } from './measure/statistics.js';
import { renderTable } from './measure/table.js';
import { inTemporaryFolder } from './measure/temporary.js';
import { ROOT } from './root.js';

const ROUNDS = 5;
const { values: options } = parseArgs({
  options: { object: { type: 'string', multiple: true }, program: { type: 'string', multiple: true } },
});
const programs = (options.object ?? [join(ROOT, 'dist/bpf/packets.bpf.o')]).flatMap((object) =>
  (options.program ?? ['membench_l2', 'membench_l2_cut']).map((name) => ({ object, name })),
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
};

process.exitCode = await inTemporaryFolder('membench-program-', async (folder) => {
  const harness = compile('program_run.c', folder, ['bpf']);
  if ('missing' in harness) {
    process.stderr.write(`${harness.missing}\n`);
    return 1;
  }
  const files = Object.values(FRAMES).map((bytes, i) => {
    const path = join(folder, `${i}.bin`);
    writeFileSync(path, bytes);
    return path;
  });
  const took = programs.map(() => files.map((): number[] => []));
  for (let round = 0; round < ROUNDS; round++) {
    programs.forEach(({ object, name }, i) => {
      const text = execFileSync(harness.path, [object, name, ...files], { encoding: 'utf8' });
      (JSON.parse(text) as number[][]).forEach((batches, j) => {
        took[i]![j]!.push(...batches);
      });
    });
  }
  const names = programs.map(({ object, name }) =>
    options.object ? `${object.replace(ROOT, '')} ${name}` : name,
  );
  const rows = [['ns a packet, median (least)', ...names]];
  Object.keys(FRAMES).forEach((name, j) => {
    rows.push([name, ...took.map((of) => `${median(of[j]!)} (${Math.min(...of[j]!)})`)]);
  });
  const align = ['left', ...programs.map(() => 'right')] as ('left' | 'right')[];
  process.stdout.write(`${renderTable(rows, align).join('\n')}\n`);
  return 0;
});
