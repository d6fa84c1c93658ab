/**
 * How a fanout group shares packets out to its sockets: by what all copies of a connection have in common, the
 * client's port, as the eBPF program and the pool do (`sharedPort` in assembly/instance.ts).
 *
 * The kernel runs the program before each socket's own filter (packet_rcv_fanout in net/packet/af_packet.c), so
 * it also sees what nobody takes, and whatever the socket's type, a packet that comes in begins with its network
 * header, one that goes out with its link header. What libpcap's filter does not take needs no port: fragments,
 * IPv6 behind extension headers, tunnels. That goes to the first socket, as a packet does whose header is cut.
 */
import {
  ADD,
  ADD_INDEX,
  AND,
  assemble,
  FROM_INDEX,
  IF_ABOVE,
  IF_ABOVE_INDEX,
  IF_ANY_BIT,
  IF_AT_LEAST,
  IF_EQUAL,
  type Instruction,
  JUMP,
  LOAD,
  LOAD_BYTE_INDEXED,
  LOAD_HALF_INDEXED,
  LOAD_INDEX,
  LOAD_INDEX_SCRATCH,
  LOAD_SCRATCH,
  MULTIPLY,
  RETURN,
  RETURN_ACCUMULATOR,
  SHIFT_LEFT,
  SHIFT_RIGHT,
  STORE,
  TO_INDEX,
  XOR_INDEX,
} from '../../native/classic-bpf.js';
import { ANCILLARY, PACKET_OUTGOING } from './filter.js';

// EtherTypes (linux/if_ether.h).
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLANS = [0x8100, 0x88a8, 0x9100];
// IP protocols.
const TCP = 6;
const UDP = 17;
/** Where the network header and the link header lie in a packet, whatever it begins with (linux/filter.h). */
const SKF_NET_OFF = 0xfff00000;
const SKF_LL_OFF = 0xffe00000;
/** Ethernet's header with one VLAN tag in it. */
const TAGGED_ETHERNET = 18;
/** A tag's value and the EtherType behind it. */
const TAG = 4;
const IPV6_HEADER = 40;

/** Scratch memory: the ports. */
const SOURCE = 0;
const DESTINATION = 1;

type Ports = readonly (readonly [first: number, last: number])[];

/** Does the one or the other by whether the accumulator is one of these values; neither may be long. */
function choose(values: readonly number[], yes: Instruction[], no: Instruction[]): Instruction[] {
  return [
    ...values.map((value, i) => [IF_EQUAL, values.length - i, 0, value] as const),
    [JUMP, 0, 0, yes.length + 1],
    ...yes,
    [JUMP, 0, 0, no.length],
    ...no,
  ];
}

/** Goes on behind `otherwise` where the accumulator, a port, is in one of the ranges. */
function ifServer(ports: Ports, otherwise: readonly Instruction[]): Instruction[] {
  const each = ports.flatMap(([first, last], i): Instruction[] => [
    [IF_AT_LEAST, 0, 2, first],
    [IF_ABOVE, 1, 0, last],
    // Too far for a condition, whose steps are one byte.
    [JUMP, 0, 0, (ports.length - 1 - i) * 3 + otherwise.length],
  ]);
  return [...each, ...otherwise];
}

const NO_PORT: Instruction = [RETURN, 0, 0, 0];

/** Goes on where the accumulator is TCP's or UDP's number. */
const TRANSPORT: readonly Instruction[] = [[IF_EQUAL, 2, 0, TCP], [IF_EQUAL, 1, 0, UDP], NO_PORT];

/** The index register to the transport header, from the IPv4 header. */
const BEHIND_IPV4: Instruction[] = [
  // A fragment's offset: what follows is no header.
  [LOAD_HALF_INDEXED, 0, 0, 6],
  [IF_ANY_BIT, 0, 1, 0x1fff],
  NO_PORT,
  [LOAD_BYTE_INDEXED, 0, 0, 9],
  ...TRANSPORT,
  [LOAD_BYTE_INDEXED, 0, 0, 0],
  [AND, 0, 0, 0x0f],
  [SHIFT_LEFT, 0, 0, 2],
  [ADD_INDEX, 0, 0, 0],
  [TO_INDEX, 0, 0, 0],
];

/** The same from the IPv6 header. */
const BEHIND_IPV6: Instruction[] = [
  [LOAD_BYTE_INDEXED, 0, 0, 6],
  ...TRANSPORT,
  [FROM_INDEX, 0, 0, 0],
  [ADD, 0, 0, IPV6_HEADER],
  [TO_INDEX, 0, 0, 0],
];

/** The index register to the IP header. */
const TO_IP: readonly Instruction[] = [
  [LOAD, 0, 0, ANCILLARY.protocol],
  ...choose(
    [IPV4, IPV6],
    [
      [LOAD, 0, 0, ANCILLARY.type],
      ...choose([PACKET_OUTGOING], [[LOAD_INDEX, 0, 0, SKF_NET_OFF]], [[LOAD_INDEX, 0, 0, 0]]),
    ],
    choose(
      VLANS,
      // The kernel takes the outer tag of what comes in, and adds it behind us where the device can: one is left.
      [
        [LOAD, 0, 0, ANCILLARY.type],
        ...choose(
          [PACKET_OUTGOING],
          [[LOAD_INDEX, 0, 0, SKF_LL_OFF + TAGGED_ETHERNET]],
          [[LOAD_INDEX, 0, 0, TAG]],
        ),
      ],
      [NO_PORT],
    ),
  ),
];

/** Multipliers that spread the bits of a word (Wellons, 2018: lowbias32). */
const SPREAD = [0x7feb352d, 0x846ca68b] as const;

/** Clients take every second port, or few: any remainder has to be fair. */
function spread(seed: number): Instruction[] {
  return [
    [ADD, 0, 0, seed],
    ...SPREAD.flatMap((multiplier): Instruction[] => [
      [TO_INDEX, 0, 0, 0],
      [SHIFT_RIGHT, 0, 0, 16],
      [XOR_INDEX, 0, 0, 0],
      [MULTIPLY, 0, 0, multiplier],
    ]),
    [SHIFT_RIGHT, 0, 0, 16],
    [RETURN_ACCUMULATOR, 0, 0, 0],
  ];
}

/**
 * The program of PACKET_FANOUT_DATA (packet(7), kernel 4.3).
 *
 * @param ports the servers', as inclusive ranges
 * @param seed 32 bits nobody can guess, so that nobody can choose ports of one socket
 * @returns array of struct sock_filter (linux/filter.h)
 */
export function sharingProgram(ports: Ports, seed: number): Uint8Array {
  const end = spread(seed);
  return assemble([
    ...TO_IP,
    [LOAD_BYTE_INDEXED, 0, 0, 0],
    [SHIFT_RIGHT, 0, 0, 4],
    ...choose([4], BEHIND_IPV4, choose([6], BEHIND_IPV6, [NO_PORT])),
    [LOAD_HALF_INDEXED, 0, 0, 2],
    [STORE, 0, 0, DESTINATION],
    [LOAD_HALF_INDEXED, 0, 0, 0],
    [STORE, 0, 0, SOURCE],
    ...ifServer(ports, end),
    [LOAD_SCRATCH, 0, 0, DESTINATION],
    ...ifServer(ports, end),
    // Both are servers': the lower.
    [LOAD_INDEX_SCRATCH, 0, 0, SOURCE],
    [IF_ABOVE_INDEX, 0, 1, 0],
    [LOAD_SCRATCH, 0, 0, SOURCE],
    ...end,
  ]);
}
