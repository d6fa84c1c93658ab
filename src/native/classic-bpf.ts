/** Instructions of classic BPF: filters of packets (socket(7)) and of system calls (seccomp(2)). */

// Codes of classic BPF (linux/bpf_common.h).
/** BPF_LD | BPF_W | BPF_ABS. */
export const LOAD = 0x20;
/** BPF_LD | BPF_H | BPF_IND: two bytes in network byte order, at the index register and on. */
export const LOAD_HALF_INDEXED = 0x48;
/** BPF_LD | BPF_B | BPF_IND. */
export const LOAD_BYTE_INDEXED = 0x50;
/** BPF_LD | BPF_MEM: a word of scratch memory. */
export const LOAD_SCRATCH = 0x60;
/** BPF_LDX | BPF_MEM. */
export const LOAD_INDEX_SCRATCH = 0x61;
/** BPF_LDX | BPF_IMM. */
export const LOAD_INDEX = 0x01;
/** BPF_ST. */
export const STORE = 0x02;
/** BPF_ALU | BPF_ADD | BPF_K. */
export const ADD = 0x04;
/** BPF_ALU | BPF_ADD | BPF_X. */
export const ADD_INDEX = 0x0c;
/** BPF_ALU | BPF_MUL | BPF_K. */
export const MULTIPLY = 0x24;
/** BPF_ALU | BPF_AND | BPF_K. */
export const AND = 0x54;
/** BPF_ALU | BPF_LSH | BPF_K. */
export const SHIFT_LEFT = 0x64;
/** BPF_ALU | BPF_RSH | BPF_K. */
export const SHIFT_RIGHT = 0x74;
/** BPF_ALU | BPF_XOR | BPF_X. */
export const XOR_INDEX = 0xac;
/** BPF_JMP | BPF_JA: steps over `k` instructions. */
export const JUMP = 0x05;
/** BPF_JMP | BPF_JEQ | BPF_K. */
export const IF_EQUAL = 0x15;
/** BPF_JMP | BPF_JGE | BPF_K. */
export const IF_AT_LEAST = 0x35;
/** BPF_JMP | BPF_JGT | BPF_K. */
export const IF_ABOVE = 0x25;
/** BPF_JMP | BPF_JGT | BPF_X. */
export const IF_ABOVE_INDEX = 0x2d;
/** BPF_JMP | BPF_JSET | BPF_K. */
export const IF_ANY_BIT = 0x45;
/** BPF_RET | BPF_K. */
export const RETURN = 0x06;
/** BPF_RET | BPF_A. */
export const RETURN_ACCUMULATOR = 0x16;
/** BPF_MISC | BPF_TAX: the accumulator into the index register. */
export const TO_INDEX = 0x07;
/** BPF_MISC | BPF_TXA: the index register into the accumulator. */
export const FROM_INDEX = 0x87;
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

/** The operands of `instruction`. */
export type Instruction = readonly [code: number, yes: number, no: number, k: number];

/** An array of struct sock_filter. */
export function assemble(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * SOCK_FILTER);
  program.forEach((one, i) => {
    bytes.set(instruction(...one), i * SOCK_FILTER);
  });
  return bytes;
}
