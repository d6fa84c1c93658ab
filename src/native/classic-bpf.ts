/** Instructions of classic BPF: filters of packets (socket(7)) and of system calls (seccomp(2)). */

// Codes of classic BPF (linux/bpf_common.h).
/** BPF_LD | BPF_W | BPF_ABS. */
export const LOAD = 0x20;
/** BPF_JMP | BPF_JEQ | BPF_K. */
export const IF_EQUAL = 0x15;
/** BPF_JMP | BPF_JGE | BPF_K. */
export const IF_AT_LEAST = 0x35;
/** BPF_JMP | BPF_JSET | BPF_K. */
export const IF_ANY_BIT = 0x45;
/** BPF_RET | BPF_K. */
export const RETURN = 0x06;
/** Bytes of struct sock_filter (linux/filter.h). */
export const SOCK_FILTER = 8;

/**
 * Encodes one struct sock_filter (linux/filter.h), little-endian.
 *
 * @param jt instructions to skip where the condition holds
 * @param jf instructions to skip where it does not
 * @param k the operand
 */
export function instruction(code: number, jt: number, jf: number, k: number): Uint8Array {
  const bytes = new Uint8Array(SOCK_FILTER);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, true);
  view.setUint8(2, jt);
  view.setUint8(3, jf);
  view.setUint32(4, k, true);
  return bytes;
}
