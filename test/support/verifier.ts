/** What the kernel's verifier says of a BPF program. */
import { readFileSync } from 'node:fs';
import koffi from 'koffi';
import { type Handle, type Libbpf, loadLibbpf } from '#src/source/ebpf/libbpf.js';

/** BPF_LOG_STATS (linux/bpf_verifier.h): only the sums. */
const STATS = 4;
const LOG_SIZE = 1 << 16;

export interface Verified {
  /** Instructions it went through, on all paths. */
  instructions: number;
  /** Bytes of the stack of each function. */
  stack: number[];
}

/**
 * Loads one program of an object and closes it again.
 *
 * @param object name of the file in dist/bpf
 * @param prepare sets what the object needs before it is loaded
 */
export async function verifierSays(
  object: string,
  program: string,
  prepare: (libbpf: Libbpf, object: Handle) => void = () => {},
): Promise<Verified> {
  const libbpf = await loadLibbpf();
  const opened = libbpf.open(readFileSync(`dist/bpf/${object}.bpf.o`));
  if (opened === null) throw new Error('the object is damaged');
  const lib = koffi.load('libbpf.so.1');
  const next = lib.func('void *bpf_object__next_program(void *object, void *program)');
  const log = new Uint8Array(LOG_SIZE);
  const wanted = libbpf.findProgram(opened, program)!;
  try {
    for (let one = next(opened, null); one !== null; one = next(opened, one)) libbpf.setAutoload(one, false);
    libbpf.setAutoload(wanted, true);
    lib.func('int bpf_program__set_log_buf(void *program, void *log, size_t size)')(wanted, log, log.length);
    lib.func('int bpf_program__set_log_level(void *program, uint32_t level)')(wanted, STATS);
    prepare(libbpf, opened);
    const code = libbpf.load(opened);
    const said = Buffer.from(log).toString('latin1');
    if (code !== 0) throw new Error(`load: ${code}: ${said}`);
    return {
      instructions: Number(/^processed (\d+) insns/m.exec(said)![1]),
      stack: /^stack depth ([\d+]+)/m.exec(said)![1]!.split('+').map(Number),
    };
  } finally {
    libbpf.close(opened);
  }
}
