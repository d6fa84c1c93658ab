/** Runs BPF programs on single packets (BPF_PROG_TEST_RUN). */
import koffi from 'koffi';

const FRAME_MAX = 1 << 17;
/** TCX_NEXT (linux/bpf.h), TC_ACT_UNSPEC (linux/pkt_cls.h): whatever comes next decides over the packet. */
const UNDECIDED = -1;

/**
 * Runs a program on a frame. Returns 0 or a negative errno.
 *
 * @throws where the program decides what becomes of the packet
 */
export type TestRun = (program: number, frame: Uint8Array) => number;

export function loadTestRun(): TestRun {
  const run = koffi.load('libbpf.so.1').func('int bpf_prog_test_run_opts(int program, void *options)');
  // The kernel reads the frame by its address. Memory that only the address is left of could be collected before it
  // does, so one that lives as long as this function is used for all.
  const data = new Uint8Array(FRAME_MAX);
  // struct bpf_test_run_opts (bpf/libbpf.h): its size, the frame, the frame's size, and the result.
  const options = new DataView(new ArrayBuffer(80));
  const bytes = new Uint8Array(options.buffer);
  options.setBigUint64(0, 80n, true);
  options.setBigUint64(8, BigInt(koffi.address(data)), true);
  return (program, frame) => {
    data.set(frame);
    options.setUint32(24, frame.length, true);
    // Set by the call before: the size of the packet afterwards, for which there is no room here.
    options.setUint32(28, 0, true);
    const code = run(program, bytes);
    if (code === 0 && options.getInt32(56, true) !== UNDECIDED) {
      throw new Error('the program decides over packets');
    }
    return code;
  };
}
