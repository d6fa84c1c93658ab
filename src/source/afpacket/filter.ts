/** Classic BPF programs for packet sockets, compiled by the system's libpcap. */
import { MembenchError } from '../../errors.js';
import { IF_EQUAL, instruction, LOAD, RETURN, SOCK_FILTER } from '../../native/classic-bpf.js';
import { loadKoffi } from '../../native/koffi.js';
import { portFilter } from '../pcap/open.js';

/** Names of libpcap's shared library: that of Debian and its derivatives, and the usual one. */
const LIBPCAP = ['libpcap.so.0.8', 'libpcap.so.1'];

/** DLT_ values of the links (pcap/dlt.h). */
const DLT = { ethernet: 1, raw: 12 } as const;

/** Links that have a filter, by their names in the layout's enum linktype. */
export type FilterLink = keyof typeof DLT;

/** Default snaplen, which tcpdump takes as unlimited, bytes. */
const SNAPLEN_DEFAULT = 262144;
/** pcap/pcap.h: an IPv4 netmask is needed for broadcasts only. */
const PCAP_NETMASK_UNKNOWN = 0xffffffff;

/** Ancillary data of a packet (linux/filter.h). */
export const ANCILLARY = { protocol: 0xfffff000, type: 0xfffff000 + 4, ifindex: 0xfffff000 + 8 } as const;
/** A packet's type (linux/if_packet.h). */
export const PACKET_OUTGOING = 4;

/** Rejects every packet. */
export const REJECT = instruction(RETURN, 0, 0, 0);

/**
 * Restricts a program to incoming packets. On loopback every packet goes out and then comes in, and kernels
 * before 6.2 have no other way to capture it only once in a fanout group.
 */
export function incomingOnly(program: Uint8Array): Uint8Array {
  return Buffer.concat([
    instruction(LOAD, 0, 0, ANCILLARY.type),
    instruction(IF_EQUAL, 0, 1, PACKET_OUTGOING),
    REJECT,
    program,
  ]);
}

/** Restricts a program to packets that do not go out on one interface. */
export function exceptOutgoing(ifindex: number, program: Uint8Array): Uint8Array {
  return Buffer.concat([
    instruction(LOAD, 0, 0, ANCILLARY.ifindex),
    instruction(IF_EQUAL, 0, 3, ifindex),
    incomingOnly(program),
  ]);
}

/**
 * Compiles a filter for ports of TCP and UDP, over IPv4 and IPv6, with at most one VLAN tag in the packet
 * besides the one that the kernel removes. Later fragments of a datagram have no port and are rejected.
 *
 * @param snaplen most bytes of a packet to keep
 * @returns array of struct sock_filter (linux/filter.h)
 * @throws ERR_MEMBENCH_UNSUPPORTED where koffi or libpcap is missing, ERR_MEMBENCH_SOURCE where libpcap
 *   does not take the filter
 */
export async function compileFilter(
  ports: readonly (readonly [first: number, last: number])[],
  link: FilterLink,
  snaplen = SNAPLEN_DEFAULT,
): Promise<Uint8Array> {
  const libpcap = await loadLibpcap();
  // Packets that begin with an IP header cannot have a VLAN tag before it.
  const program = libpcap(DLT[link], snaplen, portFilter(ports, link === 'ethernet'));
  if (typeof program !== 'string') return program;
  throw new MembenchError(
    'ERR_MEMBENCH_SOURCE',
    `the filter for the ports cannot be compiled: ${program}`,
    'name fewer ports',
  );
}

/** Returns the program, or libpcap's error message. */
type Compile = (dlt: number, snaplen: number, expression: string) => Uint8Array | string;

let loaded: Promise<Compile> | undefined;

function loadLibpcap(): Promise<Compile> {
  loaded ??= declare();
  return loaded;
}

async function declare(): Promise<Compile> {
  const koffi = await loadKoffi();
  const lib = loadFirst(koffi.load);
  // struct bpf_program (pcap/bpf.h).
  const bpfProgram = koffi.struct({ bf_len: 'unsigned int', bf_insns: 'void *' });
  const openDead = lib.func('void *pcap_open_dead(int linktype, int snaplen)');
  const close = lib.func('void pcap_close(void *pcap)');
  const getError = lib.func('const char *pcap_geterr(void *pcap)');
  const compile = lib.func('pcap_compile', 'int', [
    'void *',
    koffi.out(koffi.pointer(bpfProgram)),
    'str',
    'int',
    'uint32_t',
  ]);
  const freeCode = lib.func('pcap_freecode', 'void', [koffi.pointer(bpfProgram)]);
  return (dlt, snaplen, expression) => {
    const pcap = openDead(dlt, snaplen);
    if (pcap === null) return 'out of memory';
    try {
      const program = {} as { bf_len: number; bf_insns: unknown };
      if (compile(pcap, program, expression, 1, PCAP_NETMASK_UNKNOWN) !== 0) return getError(pcap);
      // libpcap's struct bpf_insn is the kernel's struct sock_filter.
      const code = koffi.view(program.bf_insns, program.bf_len * SOCK_FILTER);
      const copy = new Uint8Array(code).slice();
      freeCode(program);
      return copy;
    } finally {
      close(pcap);
    }
  };
}

function loadFirst<T>(load: (path: string) => T): T {
  let first: unknown;
  for (const name of LIBPCAP) {
    try {
      return load(name);
    } catch (error) {
      first ??= error;
    }
  }
  throw new MembenchError(
    'ERR_MEMBENCH_UNSUPPORTED',
    `libpcap is not on this system (${LIBPCAP.join(', ')})`,
    'install it (Debian: apt install libpcap0.8), or use ebpf:IF',
    first,
  );
}
