// Written by src/layout/emit.ts from src/layout/schema.ts. Do not edit.

export const LAYOUT_HASH: u32 = 0xc0971402;

/** largest captured packet, bytes: MAXIMUM_SNAPLEN of libpcap (pcap-int.h) */
export const RECORD_MAX: u32 = 262144;
/** bytes of a classic pcap file header (pcap-savefile(5)) */
export const PCAP_HEADER: u32 = 24;
/** bytes of a classic pcap record header (pcap-savefile(5)) */
export const PCAP_RECORD_HEADER: u32 = 16;
/** bytes of a record header of Kuznetzov's pcap (pcap_sf_patched_pkthdr in sf-pcap.c of libpcap) */
export const PCAP_PATCHED_RECORD_HEADER: u32 = 24;
/** bytes before the chunk of a slot, for a record that began in the slot before: RECORD_MAX + 64 */
export const SLOT_HEADROOM: u32 = 262208;
/** most interfaces of a pcapng section */
export const INTERFACES_MAX: u32 = 1024;
/** most fragmented datagrams that are reassembled at a time */
export const DATAGRAMS_MAX: u32 = 64;
/** longest datagram, bytes after the IP header (RFC 791, RFC 8200) */
export const DATAGRAM_MAX: u32 = 65535;
/** bytes of a slot for the datagrams reassembled in it */
export const DATAGRAM_ROOM: u32 = 262144;
/** bytes before the first entry of an index list: the number of entries (u32) and padding */
export const LIST_HEAD: u32 = 16;
/** most ports outside the given ones on which traffic looks like memcached */
export const ELSEWHERE_PORTS: u32 = 8;
/** packets of other ports that are all checked, before sampling begins */
export const ELSEWHERE_LOOKED: u32 = 4096;
/** after ELSEWHERE_LOOKED packets, one packet in this many is checked */
export const ELSEWHERE_SAMPLE: u32 = 16;
/** bit of `segment.ordinal`: the packet is a UDP datagram */
export const SEGMENT_UDP: u32 = 2147483648;
/** fewest bytes of a capture for one entry of an index list: record header 16, IPv4 20, UDP 8 */
export const SEGMENT_MIN: u32 = 44;
/** longest key, bytes (KEY_MAX_LENGTH in memcached.h) */
export const KEY_MAX: u32 = 250;
/** longest line kept, bytes; memcached closes the connection above it (try_read_command_ascii) */
export const LINE_MAX: u32 = 2048;
/** stands for a size that is unknown or absent */
export const NO_SIZE: u32 = 4294967295;
/** bytes of a bitmap of all 65,536 ports */
export const PORT_BITMAP: u32 = 8192;
/** entries reserved for enum kernel_counter, u64 each: two cache lines for each CPU and ring */
export const KERNEL_COUNTERS: u32 = 16;
/** buckets of the histogram of lag, u64 each: eight for each doubling of nanoseconds */
export const LAG_BUCKETS: u32 = 512;
/** largest sealed block of a profile, bytes, its frame included */
export const BLOCK_MAX: u32 = 1048576;
/** most bytes of a sealed block besides its payload: the frame, and the map of counts and shapes */
export const ENVELOPE_MAX: u32 = 65536;
/**
 * high bits of the hash of a client's port that choose the worker, so that no set of SYNs belongs to two
 * workers
 */
export const OWNER_BITS: u32 = 13;
/** most bytes of a packet in a ring record: the largest size of a record, less its head */
export const RING_CAPTURE_MAX: u32 = 131040;
/** most values that the BPF program leaves out of a packet */
export const HOLES_MAX: u32 = 8;
/**
 * bytes of the bitmap of flows whose packets are to be copied whole: bit n % 32 of word n / 32 is set for
 * the flows whose hash begins with the 16 bits n
 */
export const UNCUT_BITMAP: u32 = 8192;
/** protocol of a `message_record`, where a `ring_record` has that of its packet; reserved by IANA */
export const MESSAGE_PROTOCOL: u32 = 255;
/** most `message`s of a message record */
export const MESSAGES_MAX: u32 = 64;
/** most bytes of a line besides its key, without line end, in a `message` */
export const MESSAGE_LINE_MAX: u32 = 48;
/**
 * bit of `message.form`: the value reads like the name and the password of a user, as in
 * assembly/memcache/credentials.ts
 */
export const MESSAGE_LOGIN: u32 = 32;
/**
 * bit of `message.form`, of a set or value: client flags (u32) and time to live (u32) follow; without it
 * both are 0
 */
export const MESSAGE_NUMBERS: u32 = 64;
/** bit of `message.form`, of a value: `END` and its line end come after it */
export const MESSAGE_END: u32 = 128;

// link layers the decoder knows; the numbers in files are LINKTYPE_ values (tcpdump.org/linktypes.html)
export const LINKTYPE_UNKNOWN: u32 = 0;
export const LINKTYPE_ETHERNET: u32 = 1;
export const LINKTYPE_RAW: u32 = 2;
export const LINKTYPE_LINUX_SLL: u32 = 3;
export const LINKTYPE_LINUX_SLL2: u32 = 4;
export const LINKTYPE_NULL: u32 = 5;
export const LINKTYPE_LOOP: u32 = 6;
export const LINKTYPE_PPP: u32 = 7;
export const LINKTYPE_PPP_WITH_DIR: u32 = 8;
export const LINKTYPE_PPPOE: u32 = 9;
export const LINKTYPE_C_HDLC: u32 = 10;
export const LINKTYPE_MPLS: u32 = 11;
export const LINKTYPE_NFLOG: u32 = 12;
export const LINKTYPE_PKTAP: u32 = 13;
export const LINKTYPE_COUNT: u32 = 14;

/** The value for the number in a file, 0 where it has none. */
export function linktypeOf(code: u32): u32 {
  switch (code) {
    case 0:
      return LINKTYPE_NULL;
    case 1:
      return LINKTYPE_ETHERNET;
    case 9:
    case 50:
    case 166:
      return LINKTYPE_PPP;
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return LINKTYPE_RAW;
    case 51:
      return LINKTYPE_PPPOE;
    case 104:
      return LINKTYPE_C_HDLC;
    case 108:
      return LINKTYPE_LOOP;
    case 113:
      return LINKTYPE_LINUX_SLL;
    case 204:
      return LINKTYPE_PPP_WITH_DIR;
    case 219:
      return LINKTYPE_MPLS;
    case 239:
      return LINKTYPE_NFLOG;
    case 258:
      return LINKTYPE_PKTAP;
    case 276:
      return LINKTYPE_LINUX_SLL2;
    default:
      return 0;
  }
}

// protocol of a request
export const PROTO_TEXT: u32 = 0;
export const PROTO_META: u32 = 1;
export const PROTO_BINARY: u32 = 2;
export const PROTO_COUNT: u32 = 3;

// transport of a request
export const TRANSPORT_TCP: u32 = 0;
export const TRANSPORT_UDP: u32 = 1;
export const TRANSPORT_COUNT: u32 = 2;

// operations; data commands first, then admin commands
export const OP_GET: u32 = 0;
export const OP_GETS: u32 = 1;
export const OP_GAT: u32 = 2;
export const OP_GATS: u32 = 3;
export const OP_SET: u32 = 4;
export const OP_ADD: u32 = 5;
export const OP_REPLACE: u32 = 6;
export const OP_APPEND: u32 = 7;
export const OP_PREPEND: u32 = 8;
export const OP_CAS: u32 = 9;
export const OP_DELETE: u32 = 10;
export const OP_INCR: u32 = 11;
export const OP_DECR: u32 = 12;
export const OP_TOUCH: u32 = 13;
export const OP_MG: u32 = 14;
export const OP_MS: u32 = 15;
export const OP_MD: u32 = 16;
export const OP_MA: u32 = 17;
export const OP_ME: u32 = 18;
export const OP_MN: u32 = 19;
export const OP_VERSION: u32 = 20;
export const OP_VERBOSITY: u32 = 21;
export const OP_FLUSH_ALL: u32 = 22;
export const OP_QUIT: u32 = 23;
export const OP_SHUTDOWN: u32 = 24;
export const OP_CACHE_MEMLIMIT: u32 = 25;
export const OP_SLABS: u32 = 26;
export const OP_LRU: u32 = 27;
export const OP_LRU_CRAWLER: u32 = 28;
export const OP_EXTSTORE: u32 = 29;
export const OP_REFRESH_CERTS: u32 = 30;
export const OP_MISBEHAVE: u32 = 31;
export const OP_DEBUGTIME: u32 = 32;
export const OP_DEBUGITEM: u32 = 33;
export const OP_STATS: u32 = 34;
export const OP_WATCH: u32 = 35;
export const OP_AUTH: u32 = 36;
export const OP_NOOP: u32 = 37;
export const OP_SASL_LIST_MECHS: u32 = 38;
export const OP_SASL_AUTH: u32 = 39;
export const OP_SASL_STEP: u32 = 40;
export const OP_UNKNOWN: u32 = 41;
export const OP_COUNT: u32 = 42;

// outcome of an operation
export const STATUS_HIT: u32 = 0;
export const STATUS_MISS: u32 = 1;
export const STATUS_STORED: u32 = 2;
export const STATUS_NOT_STORED: u32 = 3;
export const STATUS_EXISTS: u32 = 4;
export const STATUS_NOT_FOUND: u32 = 5;
export const STATUS_DELETED: u32 = 6;
export const STATUS_TOUCHED: u32 = 7;
export const STATUS_OK: u32 = 8;
export const STATUS_VALUE: u32 = 9;
export const STATUS_ERROR: u32 = 10;
export const STATUS_SILENT: u32 = 11;
export const STATUS_UNANSWERED: u32 = 12;
export const STATUS_COUNT: u32 = 13;

// mode of a meta command as sent, or as implied by a flag; `none` where there was none
export const MODE_NONE: u32 = 0;
export const MODE_ADD: u32 = 1;
export const MODE_APPEND: u32 = 2;
export const MODE_PREPEND: u32 = 3;
export const MODE_REPLACE: u32 = 4;
export const MODE_SET: u32 = 5;
export const MODE_INCR: u32 = 6;
export const MODE_DECR: u32 = 7;
export const MODE_TOUCH: u32 = 8;
export const MODE_INVALIDATE: u32 = 9;
export const MODE_COUNT: u32 = 10;

// bit numbers of EventRecord.present: which optional fields have a value; shape_flags only in the shapes of
// a block
export const PRESENT_KEY: u32 = 0;
export const PRESENT_VALUE_SIZE: u32 = 1;
export const PRESENT_LATENCY: u32 = 2;
export const PRESENT_FLAGS: u32 = 3;
export const PRESENT_TTL: u32 = 4;
export const PRESENT_DELTA: u32 = 5;
export const PRESENT_INITIAL: u32 = 6;
export const PRESENT_CAS_NEW: u32 = 7;
export const PRESENT_VIVIFY: u32 = 8;
export const PRESENT_RECACHE: u32 = 9;
export const PRESENT_TTL_LEFT: u32 = 10;
export const PRESENT_OPAQUE: u32 = 11;
export const PRESENT_SUB: u32 = 12;
export const PRESENT_KEY_INDEX: u32 = 13;
export const PRESENT_SHAPE_FLAGS: u32 = 14;
export const PRESENT_COUNT: u32 = 15;

// bit numbers of EventRecord.marks: flags that only an answer carries
export const MARK_WON: u32 = 0;
export const MARK_STALE: u32 = 1;
export const MARK_SENT: u32 = 2;
export const MARK_COUNT: u32 = 3;

// bit numbers of EventRecord.traits
export const TRAIT_QUIET: u32 = 0;
export const TRAIT_CAS: u32 = 1;
export const TRAIT_BASE64: u32 = 2;
export const TRAIT_COUNT: u32 = 3;

// kind of a connection record
export const CONN_KIND_OPEN_SYN: u32 = 0;
export const CONN_KIND_OPEN_MIDSTREAM: u32 = 1;
export const CONN_KIND_CLOSE_FIN: u32 = 2;
export const CONN_KIND_CLOSE_RST: u32 = 3;
export const CONN_KIND_CLOSE_END: u32 = 4;
export const CONN_KIND_CLOSE_EVICTED: u32 = 5;
export const CONN_KIND_CLOSE_REUSED: u32 = 6;
export const CONN_KIND_COUNT: u32 = 7;

// counters of each worker, u64 each, in this order in memory, with the names of the profile
export const COUNTER_PACKETS_SEEN: u32 = 0;
export const COUNTER_PACKETS_DECODED: u32 = 1;
export const COUNTER_SKIPPED_NOT_IP: u32 = 2;
export const COUNTER_SKIPPED_OTHER_PROTOCOL: u32 = 3;
export const COUNTER_SKIPPED_OTHER_PORT: u32 = 4;
export const COUNTER_SKIPPED_FRAGMENT: u32 = 5;
export const COUNTER_SKIPPED_CUT_HEADER: u32 = 6;
export const COUNTER_SKIPPED_MALFORMED: u32 = 7;
export const COUNTER_SKIPPED_TLS: u32 = 8;
export const COUNTER_SKIPPED_STRAY: u32 = 9;
export const COUNTER_SKIPPED_NO_PAYLOAD: u32 = 10;
export const COUNTER_SKIPPED_LINKTYPE: u32 = 11;
export const COUNTER_SKIPPED_SAMPLED: u32 = 12;
export const COUNTER_SKIPPED_VXLAN: u32 = 13;
export const COUNTER_SKIPPED_GENEVE: u32 = 14;
export const COUNTER_SKIPPED_GRE: u32 = 15;
export const COUNTER_SKIPPED_IPIP: u32 = 16;
export const COUNTER_SKIPPED_ESP: u32 = 17;
export const COUNTER_LOST_WORKER_FAILED: u32 = 18;
export const COUNTER_LOST_RING_FULL: u32 = 19;
export const COUNTER_LOST_COPY_FAILED: u32 = 20;
export const COUNTER_LOST_BY_KERNEL: u32 = 21;
export const COUNTER_BYTES: u32 = 22;
export const COUNTER_REQUESTS: u32 = 23;
export const COUNTER_EVENTS: u32 = 24;
export const COUNTER_ANSWERED: u32 = 25;
export const COUNTER_UNANSWERED: u32 = 26;
export const COUNTER_HITS: u32 = 27;
export const COUNTER_MISSES: u32 = 28;
export const COUNTER_GAPS: u32 = 29;
export const COUNTER_GAP_BYTES: u32 = 30;
export const COUNTER_VALUE_GAPS: u32 = 31;
export const COUNTER_LEFT_OUT_BYTES: u32 = 32;
export const COUNTER_FLOWS_UNCUT: u32 = 33;
export const COUNTER_PARSED_SEGMENTS: u32 = 34;
export const COUNTER_PARSED_GAPS: u32 = 35;
export const COUNTER_RING_BYTES: u32 = 36;
export const COUNTER_RETRANSMITTED: u32 = 37;
export const COUNTER_DUPLICATES: u32 = 38;
export const COUNTER_OUT_OF_ORDER: u32 = 39;
export const COUNTER_REFUSED_SEGMENTS: u32 = 40;
export const COUNTER_AMBIGUOUS_COPIES: u32 = 41;
export const COUNTER_NEGATIVE_LATENCY: u32 = 42;
export const COUNTER_UNKNOWN_LATENCY: u32 = 43;
export const COUNTER_FLOWS: u32 = 44;
export const COUNTER_FLOWS_UNSYNCED: u32 = 45;
export const COUNTER_UNSYNCED_BYTES: u32 = 46;
export const COUNTER_RESYNCS: u32 = 47;
export const COUNTER_UNKNOWN_COMMANDS: u32 = 48;
export const COUNTER_UNMATCHED_ANSWERS: u32 = 49;
export const COUNTER_AMBIGUOUS_LENGTHS: u32 = 50;
export const COUNTER_AMBIGUOUS_QUIET: u32 = 51;
export const COUNTER_PROXY_HEADERS: u32 = 52;
export const COUNTER_UDP_REFUSED: u32 = 53;
export const COUNTER_SYN_SEEN: u32 = 54;
export const COUNTER_CAPTURES_OVERLAPPING: u32 = 55;
export const COUNTER_PACKETS_CUT: u32 = 56;
export const COUNTER_CUT_CAPTURED: u32 = 57;
export const COUNTER_FLOWS_WITHOUT_CLIENT: u32 = 58;
export const COUNTER_FLOWS_WITHOUT_SERVER: u32 = 59;
export const COUNTER_BOUND_FLOWS: u32 = 60;
export const COUNTER_BOUND_REQUESTS: u32 = 61;
export const COUNTER_BOUND_KEYS: u32 = 62;
export const COUNTER_BOUND_REORDER: u32 = 63;
export const COUNTER_BOUND_LINES: u32 = 64;
export const COUNTER_BOUND_SYNS: u32 = 65;
export const COUNTER_BOUND_INTERFACES: u32 = 66;
export const COUNTER_BOUND_FRAGMENTS: u32 = 67;
export const COUNTER_PAYLOAD_SEEN: u32 = 68;
export const COUNTER_PAYLOAD_RECORDED: u32 = 69;
export const COUNTER_PAYLOAD_REPEATED: u32 = 70;
export const COUNTER_PAYLOAD_GAP: u32 = 71;
export const COUNTER_PAYLOAD_MISSING: u32 = 72;
export const COUNTER_PAYLOAD_UNSYNCED_MID_STREAM: u32 = 73;
export const COUNTER_PAYLOAD_UNSYNCED_AFTER_GAP: u32 = 74;
export const COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD: u32 = 75;
export const COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY: u32 = 76;
export const COUNTER_PAYLOAD_UNSYNCED_INCOMPLETE: u32 = 77;
export const COUNTER_PAYLOAD_SKIPPED_TLS: u32 = 78;
export const COUNTER_PAYLOAD_SKIPPED_STRAY: u32 = 79;
export const COUNTER_PAYLOAD_SKIPPED_AFTER_QUIT: u32 = 80;
export const COUNTER_PAYLOAD_SKIPPED_STREAM: u32 = 81;
export const COUNTER_PAYLOAD_SKIPPED_PROXY_HEADER: u32 = 82;
export const COUNTER_PAYLOAD_SKIPPED_REFUSED: u32 = 83;
export const COUNTER_COUNT: u32 = 84;

// container of a capture; `pcap_patched` is pcap with Kuznetzov's longer record headers
export const CONTAINER_NONE: u32 = 0;
export const CONTAINER_PCAP: u32 = 1;
export const CONTAINER_PCAPNG: u32 = 2;
export const CONTAINER_PCAP_PATCHED: u32 = 3;
export const CONTAINER_COUNT: u32 = 4;

// what a worker is doing: waiting for packets, decoding or indexing a batch, sealing its open block at a
// flush or the end, or reading a slot from a file
export const PHASE_WAITING: u32 = 0;
export const PHASE_DECODING: u32 = 1;
export const PHASE_INDEXING: u32 = 2;
export const PHASE_SEALING: u32 = 3;
export const PHASE_READING: u32 = 4;
export const PHASE_COUNT: u32 = 5;

// counters of the BPF program for each CPU and ring, u64 each: a packet is in one of them, in
// `submitted_parsed` where it became a message record; the same names as in enum counter mean the same
export const KERNEL_COUNTER_SUBMITTED: u32 = 0;
export const KERNEL_COUNTER_LOST_RING_FULL: u32 = 1;
export const KERNEL_COUNTER_LOST_COPY_FAILED: u32 = 2;
export const KERNEL_COUNTER_SKIPPED_NOT_IP: u32 = 3;
export const KERNEL_COUNTER_SKIPPED_OTHER_PROTOCOL: u32 = 4;
export const KERNEL_COUNTER_SKIPPED_OTHER_PORT: u32 = 5;
export const KERNEL_COUNTER_SKIPPED_FRAGMENT: u32 = 6;
export const KERNEL_COUNTER_SKIPPED_CUT_HEADER: u32 = 7;
export const KERNEL_COUNTER_SKIPPED_MALFORMED: u32 = 8;
export const KERNEL_COUNTER_SKIPPED_NO_PAYLOAD: u32 = 9;
export const KERNEL_COUNTER_SKIPPED_SAMPLED: u32 = 10;
export const KERNEL_COUNTER_SUBMITTED_PARSED: u32 = 11;
export const KERNEL_COUNTER_COUNT: u32 = 12;

// what a `message` of a message record is: any line, answers that are one word, lines without anything
// unusual, a further key of the get or line before it, or a binary frame
export const MESSAGE_FORM_LINE: u32 = 0;
export const MESSAGE_FORM_VALUE: u32 = 1;
export const MESSAGE_FORM_END: u32 = 2;
export const MESSAGE_FORM_STORED: u32 = 3;
export const MESSAGE_FORM_NOT_STORED: u32 = 4;
export const MESSAGE_FORM_EXISTS: u32 = 5;
export const MESSAGE_FORM_NOT_FOUND: u32 = 6;
export const MESSAGE_FORM_DELETED: u32 = 7;
export const MESSAGE_FORM_TOUCHED: u32 = 8;
export const MESSAGE_FORM_OK: u32 = 9;
export const MESSAGE_FORM_GET: u32 = 10;
export const MESSAGE_FORM_SET: u32 = 11;
export const MESSAGE_FORM_KEY: u32 = 12;
export const MESSAGE_FORM_BINARY: u32 = 13;
export const MESSAGE_FORM_COUNT: u32 = 14;

// columns of a block, in the order of its payload
export const COLUMN_SHAPE: u32 = 0;
export const COLUMN_TIME: u32 = 1;
export const COLUMN_ORDINAL: u32 = 2;
export const COLUMN_CONN: u32 = 3;
export const COLUMN_KEY: u32 = 4;
export const COLUMN_VALUE_SIZE: u32 = 5;
export const COLUMN_LATENCY: u32 = 6;
export const COLUMN_FLAGS: u32 = 7;
export const COLUMN_TTL: u32 = 8;
export const COLUMN_DELTA: u32 = 9;
export const COLUMN_INITIAL: u32 = 10;
export const COLUMN_CAS_NEW: u32 = 11;
export const COLUMN_VIVIFY: u32 = 12;
export const COLUMN_RECACHE: u32 = 13;
export const COLUMN_TTL_LEFT: u32 = 14;
export const COLUMN_OPAQUE: u32 = 15;
export const COLUMN_SUB: u32 = 16;
export const COLUMN_KEY_INDEX: u32 = 17;
export const COLUMN_KEY_HASH: u32 = 18;
export const COLUMN_KEY_SIZE: u32 = 19;
export const COLUMN_CONN_ID: u32 = 20;
export const COLUMN_CONN_KIND: u32 = 21;
export const COLUMN_CONN_TIME: u32 = 22;
export const COLUMN_CONN_CLIENT: u32 = 23;
export const COLUMN_CONN_SERVER: u32 = 24;
export const COLUMN_CONN_PORT: u32 = 25;
export const COLUMN_COUNT: u32 = 26;

/** state of the batch ring, one for each memory; only the host uses it, through Atomics */
// @ts-ignore: decorator
@unmanaged
export class Control {
  // 0: number of the next slot to fill, by the main thread; its complement where the workers fill slots from
  // a file. Slot k is at index k % slots
  next: i32;
  indexed: i32; // 4: number of the next slot to index
  lock: i32; // 8: 1 + the worker that is indexing a slot, 0: none
  signal: i32; // 12: incremented and notified at every change that a worker may wait for
  done: i32; // 16: incremented whenever a slot may have become free; the source waits on it
  ended: i32; // 20: 1 once the source publishes no more slots
  stop: i32; // 24: 1 once indexing must stop because a limit was reached
  // 28: sealed blocks that reached the writer; workers wait while the writer is far behind
  blocksWritten: i32;
  flush: i32; // 32: incremented to make every worker seal its open block
  broken: i32; // 36: number of the last capture that was found broken, 0: none
  returned: i32; // 40: incremented when the workers no longer read the file; the source waits on it
  file: i32; // 44: descriptor of the file the workers read
  fileSlot: i32; // 48: number of the first slot that they fill from this file
  pad0: u32; // 52: zero
  fileOffset: u64; // 56: offset of that slot in the file
  fileWalked: u64; // 64: offset up to which the workers have walked the file
}

export const SIZEOF_CONTROL: u32 = 72;

/** state of the record walk, handed from slot to slot under the index lock */
// @ts-ignore: decorator
@unmanaged
export class IndexState {
  ordinal: u64; // 0: packets walked so far
  matched: u64; // 8: packets of the server ports so far
  limit: u64; // 16: packets of the server ports after which the walk stops (0: never)
  firstTime: u64; // 24: time of the first record, in units
  lastTime: u64; // 32: time of the latest record, in units
  duration: u64; // 40: units of packet time after which the walk stops (0: never)
  second: u64; // 48: units in a second
  fraction: u64; // 56: units in one fraction of a second of a classic pcap record header
  carrySize: u32; // 64: bytes in the carry area, of a record that goes on in the next slot
  carry: u32; // 68: address of the carry area, SLOT_HEADROOM bytes
  container: u32; // 72: enum container of the current capture
  linktype: u32; // 76: enum linktype of a classic pcap file, or of a live source
  swapped: u32; // 80: 1 where headers are big-endian
  error: u32; // 84: 1 once a record header was invalid; the rest of the capture is skipped
  ended: u32; // 88: 1 once the packet limit was reached, 2 once the duration was, else 0
  capture: u32; // 92: number of the current capture, from 1
  broken: u32; // 96: number of the first capture that was broken or ended within a record, 0: none
  // 100: 1 once first_time is set; 2 where it is set and the first packet of another capture or section is
  // still to come
  clocked: u32;
  begun: u32; // 104: pcapng: 1 after the first section header
  skip: u32; // 108: pcapng: bytes to skip before the trailing length of the block
  trailer: u32; // 112: pcapng: trailing length expected after these bytes, 0: none
  interfaces: u32; // 116: address of the table of INTERFACES_MAX interfaces
  interfaceCount: u32; // 120: pcapng: interfaces of the section so far
  datagrams: u32; // 124: address of the table of DATAGRAMS_MAX fragmented datagrams
  sample: u32; // 128: one in this many connections is decoded; 0 and 1: all
  snaplen: u32; // 132: bytes of a packet that are decoded
  beginTime: u64; // 136: time of the first record of the current capture or section, in units
  // 144: other ports on which traffic looks like memcached (low half, 0: free), and the packets seen there
  // (high half)
  elsewhere0: u64;
  elsewhere1: u64;
  elsewhere2: u64;
  elsewhere3: u64;
  elsewhere4: u64;
  elsewhere5: u64;
  elsewhere6: u64;
  elsewhere7: u64;
  elsewhereLooked: u32; // 208: packets of other ports so far; wraps
  pad0: u32; // 212: zero
}

export const SIZEOF_INDEX_STATE: u32 = 216;
export const INDEX_STATE_ELSEWHERE: u32 = 144;

/** one interface of a pcapng section */
// @ts-ignore: decorator
@unmanaged
export class CaptureInterface {
  offset: i64; // 0: seconds to add to the times of its packets (if_tsoffset)
  dropped: u64; // 8: packets lost so far by its interface statistics
  linktype: u32; // 16: enum linktype
  snaplen: u32; // 20: most bytes captured of a packet, 0: no limit
  // 24: if_tsresol: the unit of time is 10^-n s, or 2^-n s where the highest of its 8 bits is set
  resolution: u32;
  pad0: u32; // 28: zero
}

export const SIZEOF_CAPTURE_INTERFACE: u32 = 32;

/** head of a packet, which the record walk writes over the record header, right before the captured bytes */
// @ts-ignore: decorator
@unmanaged
export class PacketHead {
  time: u64; // 0: time of capture, units since 1970
  captured: u32; // 8: bytes captured
  length: u32; // 12: bytes on the wire
}

export const SIZEOF_PACKET_HEAD: u32 = 16;

/**
 * an IP datagram of which fragments are missing; after the table, each has a bitmap of its received pieces
 * of 8 bytes, and its bytes
 */
// @ts-ignore: decorator
@unmanaged
export class Datagram {
  source0: u64; // 0: source address; IPv4 in the low half
  source1: u64; // 8: second half of an IPv6 address, else 0
  destination0: u64; // 16: destination address
  destination1: u64; // 24: second half of an IPv6 address, else 0
  id: u32; // 32: identification field of the IP header
  protocol: u32; // 36: IP protocol number of the transport
  family: u32; // 40: 4 or 6, 0: this entry is free
  packets: u32; // 44: fragments received
  begun: u64; // 48: time of the fragment received first, in units
  wire: u32; // 56: bytes of its fragments on the wire, link headers included
  received: u32; // 60: payload bytes received
  size: u32; // 64: payload bytes of the datagram, 0 until the last fragment is received
  highest: u32; // 68: end of the highest piece received, bytes
  header0: u64; // 72: IP header of the first fragment, without options or extension headers
  header1: u64;
  header2: u64;
  header3: u64;
  header4: u64;
}

export const SIZEOF_DATAGRAM: u32 = 112;
export const DATAGRAM_HEADER: u32 = 72;

/** one direction of a flow */
// @ts-ignore: decorator
@unmanaged
export class Side {
  next: u32; // 0: sequence number of the next byte to deliver; set once `known`
  acked: u32; // 4: highest acknowledgement number that the peer sent for this side's bytes
  queue: u32; // 8: address of the first early segment; they are linked by sequence number
  queued: u32; // 12: bytes charged for the early segments; a small one is charged more than it has
  skip: u32; // 16: bytes still to come of a value, its CRLF included, or of a header that is skipped
  line: u32; // 20: address of the buffer of an incomplete line, 0: none
  lineSize: u32; // 24: bytes in that buffer
  ifindex: u8; // 28: low bits of the interface on which its last segment was captured
  // 29: 1 once a right checksum was seen: from then on a wrong one means that the receiver dropped the
  // segment
  sums: u8;
  window: u16; // 30: window of its last segment, in network order
  // 32: sequence number of the SYN, or of the first byte seen where the handshake was not captured
  initial: u32;
  stamp: u32; // 36: time stamp of the last segment in order, 0: none
  lineTime: u64; // 40: time of the packet that brought the first byte of the line
  lineOrdinal: u64; // 48: ordinal of that packet
  beganOrdinal: u64; // 56: ordinal of the packet in which the last request began
  began: u32; // 64: requests that began in that packet
  state: u8; // 68: parser state: CLIENT_* or SERVER_*
  known: u8; // 69: KNOWN_*: whether `next` is set
  spoken: u8; // 70: 1 once a complete line or header of this side was read
  finDone: u8; // 71: 1 once its FIN was delivered
  // 72: of a TLS record in mid-stream: bytes to come, and in the low three bits the header bytes seen
  record: u32;
  pad0: u32; // 76: zero
}

export const SIZEOF_SIDE: u32 = 80;

/** one TCP connection, or one exchange over UDP; its two sides follow it in memory, the client first */
// @ts-ignore: decorator
@unmanaged
export class Flow {
  older: u32; // 0: address of the next flow that was idle longer, 0: none
  newer: u32; // 4: address of the next flow that was idle shorter, 0: none
  hash: u32; // 8: flow hash
  conn: u32; // 12: connection number within the worker
  clientHigh: u64; // 16: client's address: first half of IPv6, or IPv4
  clientLow: u64; // 24: second half of an IPv6 address, else 0
  serverHigh: u64; // 32: server's address
  serverLow: u64; // 40: second half of an IPv6 address, else 0
  ports: u32; // 48: in network order: client's port in the low half, server's in the high
  transport: u8; // 52: OVER_* or UDP_PEER: transport
  sync: u8; // 53: SYNC_*: whether it is in sync, so that events are recorded
  kind: u8; // 54: FLOW_*: kind of traffic
  failures: u8; // 55: failed attempts to synchronise since the last success
  held: u32; // 56: bytes of payload that were parsed, but whose request is not proven yet
  stuck: u16; // 60: segments seen since delivery got stuck, 0: not stuck
  // 62: 1 where the server may still answer client bytes that were skipped: since then it has sent nothing
  // that acknowledges all of them
  owed: u8;
  sizeFlags: u8; // 63: 1 once the server took the length of an ms from a flag S, as releases before 1.6.10 do
  stuckTime: u64; // 64: time when delivery got stuck
  head: u32; // 72: address of the oldest pending request
  tail: u32; // 76: address of the newest pending request
  pending: u32; // 80: number of pending requests
  current: u32; // 84: address of the request whose line or value is still arriving
  auth: u8; // 88: AUTH_*: whether the server is known to ask for credentials
  // 89: WHY_*: why the flow is, or was last, out of sync; UNSYNCED_COUNTED: it is counted as an unsynced
  // flow
  unsynced: u8;
  opened: u8; // 90: 1 once its opening was recorded
  fromSyn: u8; // 91: 1 where the handshake was seen
  settled: u8; // 92: 1 once its protocol is certain, and will not be detected again
  login: u8; // 93: LOGIN_*: whether the first value, as far as it was read, looks like credentials
  agreed: u8; // 94: AGREED_*: options of both SYNs, where both were seen; SEEN_TWICE, UNCUT
  scales: u8; // 95: window scales, where both sides agreed on scaling: the client's in the low half
  openTime: u64; // 96: time of the SYN, or of the first payload
  lastTime: u64; // 104: time of the latest packet
  reset: u8; // 112: once the client has reset it: segments seen since, the RST included; else 0
  half: u8; // 113: HALF_*: which side alone is read, because no packet of the other was captured
  records: u8; // 114: consecutive complete TLS records in mid-stream
  borders: u8; // 115: consecutive segments that ended where such a record did
  // 116: time between the captures of the SYN and of its duplicate, in units of the packets; 0: no duplicate
  copyLag: u32;
  triedTo: u32; // 120: sequence number behind the client's segment with which it became tentatively in sync
  asked: u8; // 124: times that whole packets of it were asked for (assembly/flow/uncut.ts)
  fits: u8; // 125: exchanges in a row that fit while it was tentatively in sync
  pad00: u8; // 126: zero
  pad01: u8;
}

export const SIZEOF_FLOW: u32 = 128;
export const FLOW_PAD0: u32 = 126;

/** of an exchange over UDP: the answer that is arriving, as datagrams in any order */
// @ts-ignore: decorator
@unmanaged
export class Exchange {
  start: u32; // 0: where the answer starts in the server's stream
  arrived: u32; // 4: datagrams of the answer received so far
}

export const SIZEOF_EXCHANGE: u32 = 8;

/**
 * a handshake seen, or how a flow began, in a table that forgets the oldest: it lets a flow start in sync,
 * and tells duplicates of a connection
 */
// @ts-ignore: decorator
@unmanaged
export class Syn {
  time: u64; // 0: time of the SYN
  hash: u32; // 8: flow hash
  client: u32; // 12: client's initial sequence number, or its next one where the flow began in mid-stream
  server: u32; // 16: the same of the server
  clientPort: u16; // 20: client's port, in network order
  serverPort: u16; // 22: server's port, in network order
  state: u8; // 24: SYN_*: what is known
  agreed: u8; // 25: AGREED_*: options of the client's SYN; once the server answered, options of both
  window: u16; // 26: window of the server's SYN-ACK
  scales: u8; // 28: window scales: the client's in the low half
  scaled: u8; // 29: 1 where the client offered window scaling
  midstream: u8; // 30: 1 where the flow began without a handshake
  // 31: bytes of the first payload that `first` covers; the high bit is set where the server sent it
  firstSize: u8;
  clientStamp: u32; // 32: time stamp of the client's SYN, 0: none
  serverStamp: u32; // 36: time stamp of the server's SYN-ACK, 0: none
  clientEnd: u32; // 40: sequence number after the last byte of the client, once the flow is over
  serverEnd: u32; // 44: the same of the server
  address: u32; // 48: hash of the client's address
  first: u32; // 52: fingerprint of the first payload
  copyLag: u32; // 56: as the flow's, until it begins
  pad0: u32; // 60: zero
}

export const SIZEOF_SYN: u32 = 64;

/** head of one slot of the batch ring */
// @ts-ignore: decorator
@unmanaged
export class Slot {
  size: u32; // 0: bytes of the chunk
  // 4: 0: not filled; 1 + the worker that reads into it; -1: filled by the main thread, -2: by a worker
  filled: i32;
  capture: u32; // 8: number of the capture that begins with this slot, from 1; 0: none begins
  container: u32; // 12: enum container of a capture that begins
  linktype: u32; // 16: enum linktype of a classic pcap file that begins
  swapped: u32; // 20: 1 where its headers are big-endian
  fraction: u32; // 24: units in one fraction of a second of its record headers
  pad0: u32; // 28: zero
  baseOrdinal: u64; // 32: ordinal of its first packet
}

export const SIZEOF_SLOT: u32 = 40;

/** one entry of an index list: a TCP segment or UDP datagram for one worker */
// @ts-ignore: decorator
@unmanaged
export class Segment {
  head: u32; // 0: address of its packet_head
  hash: u32; // 4: flow hash, symmetric
  ordinal: u32; // 8: number of the packet within the slot, with SEGMENT_UDP set for a UDP datagram
  l4Offset: u16; // 12: TCP or UDP header, bytes after the packet head
  l3Offset: u8; // 14: IP header, bytes after the packet head
  seenOn: u8; // 15: low bits of the interface it was captured on, 0 where the capture does not tell
}

export const SIZEOF_SEGMENT: u32 = 16;

/**
 * the current packet of an instance, or a packet that waited: framing sets its addresses and flow hash, TCP
 * and UDP its payload
 */
// @ts-ignore: decorator
@unmanaged
export class Packet {
  time: u64; // 0: time of capture, in units
  ordinal: u64; // 8: number of the packet in its source; in the record walk, in its slot
  payload: u32; // 16: address of its first byte of payload
  size: u32; // 20: bytes of payload on the wire
  captured: u32; // 24: bytes of that payload that were captured
  starts: u32; // 28: 1 where `payload` is the first payload byte of a packet, not a later one
  sequence: u32; // 32: sequence number of its first byte of payload
  ack: u32; // 36: acknowledgement number
  flags: u32; // 40: flags of its TCP header, and IS_* of assembly/tcp/overlap.ts
  side: u32; // 44: CLIENT or SERVER: the side of its flow that sent it; set once the flow is found
  ip: u32; // 48: address of the IP header
  l4: u32; // 52: address of the TCP or UDP header
  end: u32; // 56: address after the captured bytes
  rest: u32; // 60: bytes on the wire from the TCP or UDP header on
  length: u32; // 64: bytes on the wire, link header included
  family: u32; // 68: 4 or 6
  protocol: u32; // 72: protocol number of TCP or UDP
  seenOn: u32; // 76: interface it was captured on, 0 where the source does not tell
  hash: u32; // 80: flow hash
  shared: u32; // 84: in the record walk, the hash that chooses its worker
  ports: u32; // 88: in network order: source in the low half
  holes: u32; // 92: values left out of its captured bytes; its `ring_hole`s lie right before the IP header
  // 96: address of the first `message` of its message record, up to `end`; 0 where its bytes were captured.
  // Then `ip` and `l4` are the places from which addresses and ports lie as in headers, and nothing else
  // does
  messages: u32;
  window: u32; // 100: window of its message record, in network order
  sourceHigh: u64; // 104: source address: first half of IPv6, or IPv4
  sourceLow: u64; // 112: second half of an IPv6 address, else 0
  destinationHigh: u64; // 120: destination address: first half of IPv6, or IPv4
  destinationLow: u64; // 128: second half of an IPv6 address, else 0
}

export const SIZEOF_PACKET: u32 = 136;

/** configuration of an instance, set before its first packet */
// @ts-ignore: decorator
@unmanaged
export class Config {
  key0: u64; // 0: first half of the SipHash secret for keys, little-endian as in the reference code
  key1: u64; // 8: second half of that secret
  addressKey0: u64; // 16: first half of the secret for addresses and opaques
  addressKey1: u64; // 24: second half of that secret
  hashSeed: u64; // 32: seed of the flow hash and of key fingerprints, the same in every worker
  workers: u32; // 40: number of workers
  worker: u32; // 44: index of this worker, from 0
  eventsOut: u32; // 48: 1: hand event records to the host; 0: build blocks
  ports: u32; // 52: address of the bitmap of server ports
  indexState: u32; // 56: address of the index state
  counters: u32; // 60: address of this instance's counters
  packet: u32; // 64: address of the current packet
  blockInfo: u32; // 68: address of this instance's block_info
  flowBuckets: u32; // 72: address of the flow hash table, flow_bucket_count entries of u64
  flowBucketCount: u32; // 76: entries, a power of two
  flows: u32; // 80: address of the flow pool
  flowCount: u32; // 84: entries of the flow pool
  syns: u32; // 88: address of the table of SYNs
  synCount: u32; // 92: entries, a power of two
  requests: u32; // 96: address of the pool of pending requests
  requestsEnd: u32; // 100: address after that pool
  keys: u32; // 104: address of the pool of key chunks for multigets
  keysEnd: u32; // 108: address after that pool
  reorder: u32; // 112: address of the pool of chunks for early segments
  reorderEnd: u32; // 116: address after that pool
  lines: u32; // 120: address of the pool of line buffers
  linesEnd: u32; // 124: address after that pool
  columns: u32; // 128: address of the open block's columns
  columnSize: u32; // 132: bytes reserved for each column
  blockEvents: u32; // 136: events after which a block is sealed
  // 140: address of the cache of the block's keys, sets of u64 (assembly/columns/keys.ts); block_events is
  // below 65536
  keyCache: u32;
  keyCacheSets: u32; // 144: sets of that cache, a power of two
  blockOut: u32; // 148: address at which the payload of a sealed block is put together
  blockOutSize: u32; // 152: bytes of that area
  events: u32; // 156: address of the event records handed to the host
  eventCount: u32; // 160: event records that fit there
  lag: u32; // 164: address of the histogram of lag
  nextConn: u32; // 168: number of the next connection; it goes on where another instance takes over
  scratch: u32; // 172: address of the scratch area, for small tables of the instance
  scratchSize: u32; // 176: bytes of the scratch area
  uncut: u32; // 180: address of the bitmap of flows whose packets the BPF program copies whole, 0: none
  // 184: 1 where message records may come, which have hashes of keys: fingerprints of keys are then their
  // hashes
  parsed: u32;
  pad0: u32; // 188: zero
}

export const SIZEOF_CONFIG: u32 = 192;

/** what a worker is doing, so that another can go on where it trapped, hung or died */
// @ts-ignore: decorator
@unmanaged
export class WorkerState {
  // 0: incremented at every change of phase and every block: a worker that works and does not change it is
  // stuck
  beat: u32;
  phase: u32; // 4: enum phase
  position: u32; // 8: number of the slot of the batch ring, or block of the packet ring, that it decodes next
  blocks: u32; // 12: blocks sent so far, which is the sequence number of the next
  writing: u32; // 16: 1 while it waits for the writer, in any phase
  // 20: 1 while seen_after and lost_after are set: from their calculation to the end of the recovery
  recovering: u32;
  // 24: current batch: number of its slot, its position in a BPF ring, or number of its block in a packet
  // ring
  batch: u64;
  batchSeen: u64; // 32: packets_seen when the current batch began
  // 40: packets decoded, or skipped for the kind of their flow, when the batch began; where a slot is
  // indexed, packets of any outcome and waiting fragments
  batchDone: u64;
  seenAfter: u64; // 48: value of packets_seen after the recovery
  lostAfter: u64; // 56: value of lost_worker_failed after the recovery
  dropsBefore: u64; // 64: value of drops before the statistics were last read
  drops: u64; // 72: packets lost before they reached the packet ring, without those in statistics
  // 80: struct tpacket_stats as the kernel wrote it (linux/if_packet.h): packets and drops; zero once added
  statistics0: u32;
  statistics1: u32;
  kernel0: u64; // 88: counters of the BPF program for this ring when last read, by enum kernel_counter
  kernel1: u64;
  kernel2: u64;
  kernel3: u64;
  kernel4: u64;
  kernel5: u64;
  kernel6: u64;
  kernel7: u64;
  kernel8: u64;
  kernel9: u64;
  kernel10: u64;
  kernel11: u64;
  kernel12: u64;
  kernel13: u64;
  kernel14: u64;
  kernel15: u64;
}

export const SIZEOF_WORKER_STATE: u32 = 216;
export const WORKER_STATE_STATISTICS: u32 = 80;
export const WORKER_STATE_KERNEL: u32 = 88;

/** one key of one request with its outcome; times are in units: ns or µs, as in the capture */
// @ts-ignore: decorator
@unmanaged
export class EventRecord {
  time: u64; // 0: time of the packet that delivered the request's first byte
  ordinal: u64; // 8: number of that packet in its source
  latency: u64; // 16: time from the last byte of the request to the first byte of its answer, in units
  keyHash: u64; // 24: SipHash-2-4 of the key
  metaFlags: u64; // 32: flags of a meta request: bits 0–25 are a–z, 26–51 are A–Z
  flags: u64; // 40: client flags
  ttl: i64; // 48: exptime, or the T token, as sent
  delta: u64; // 56: incr and decr amount, or the D token
  initial: u64; // 64: J token, or the initial value of a binary incr or decr
  casNew: u64; // 72: E token
  vivify: i64; // 80: N token, or the expiration of what a binary incr or decr creates
  recache: i64; // 88: R token
  ttlLeft: i64; // 96: remaining time to live by the t flag of an answer, seconds
  opaque: u64; // 104: keyed hash of the opaque
  valueSize: u32; // 112: bytes of the value
  conn: u32; // 116: connection, numbered within the worker
  sub: u32; // 120: number of requests that began in the same packet before this one
  keyIndex: u32; // 124: index of the key in its request, from 0
  present: u32; // 128: bits of enum present
  keySize: u16; // 132: bytes of the key, after base64 decoding
  op: u8; // 134: enum op
  status: u8; // 135: enum status
  proto: u8; // 136: enum proto
  transport: u8; // 137: enum transport
  mode: u8; // 138: enum mode
  marks: u8; // 139: bits of enum mark
  traits: u8; // 140: bits of enum trait
  pad00: u8; // 141: zero
  pad01: u8;
  pad02: u8;
}

export const SIZEOF_EVENT_RECORD: u32 = 144;
export const EVENT_RECORD_PAD0: u32 = 141;

/** fields that many events of a block have in common; the shape column indexes a table of shapes */
// @ts-ignore: decorator
@unmanaged
export class Shape {
  metaFlags: u64; // 0: as in event_record
  present: u32; // 8: as in event_record
  op: u8; // 12: as in event_record
  status: u8; // 13: as in event_record
  proto: u8; // 14: as in event_record
  transport: u8; // 15: as in event_record
  mode: u8; // 16: as in event_record
  marks: u8; // 17: as in event_record
  traits: u8; // 18: as in event_record
  flags: u8; // 19: client flags, where present has shape_flags
  pad00: u8; // 20: zero
  pad01: u8;
  pad02: u8;
  pad03: u8;
}

export const SIZEOF_SHAPE: u32 = 24;
export const SHAPE_PAD0: u32 = 20;

/** description of a sealed block, for the host */
// @ts-ignore: decorator
@unmanaged
export class BlockInfo {
  minTime: u64; // 0: smallest time of its events, in units
  maxTime: u64; // 8: largest time of its events, in units
  baseTime: u64; // 16: time that the first delta is relative to, in units
  baseOrdinal: u64; // 24: ordinal that the first delta is relative to
  baseConnTime: u64; // 32: time that the delta of the first connection record is relative to, in units
  payload: u32; // 40: address of the payload
  payloadSize: u32; // 44: bytes of the payload
  events: u32; // 48: number of events
  requests: u32; // 52: number of requests of which the first key is in the block
  conns: u32; // 56: number of connection records
  shapes: u32; // 60: entries of the shape table
  shapeTable: u32; // 64: address of the shape table
  keys: u32; // 68: entries of the key dictionary
  columnEnds0: u32; // 72: bytes of each column, by enum column
  columnEnds1: u32;
  columnEnds2: u32;
  columnEnds3: u32;
  columnEnds4: u32;
  columnEnds5: u32;
  columnEnds6: u32;
  columnEnds7: u32;
  columnEnds8: u32;
  columnEnds9: u32;
  columnEnds10: u32;
  columnEnds11: u32;
  columnEnds12: u32;
  columnEnds13: u32;
  columnEnds14: u32;
  columnEnds15: u32;
  columnEnds16: u32;
  columnEnds17: u32;
  columnEnds18: u32;
  columnEnds19: u32;
  columnEnds20: u32;
  columnEnds21: u32;
  columnEnds22: u32;
  columnEnds23: u32;
  columnEnds24: u32;
  columnEnds25: u32;
}

export const SIZEOF_BLOCK_INFO: u32 = 176;
export const BLOCK_INFO_COLUMN_ENDS: u32 = 72;

/** head of a record of a BPF ring; the bytes of the packet follow, from its IP header on */
// @ts-ignore: decorator
@unmanaged
export class RingRecord {
  // 0: CLOCK_MONOTONIC nanoseconds: when the stack of its sender sent it, where that is known, else when it
  // was captured
  time: u64;
  length: u32; // 8: bytes the packet had on the wire, link header included
  captured: u32; // 12: bytes of the packet that follow
  hash: u32; // 16: flow hash, symmetric, the same as the parser calculates
  ifindex: u32; // 20: interface it was captured on
  l4Offset: u16; // 24: TCP or UDP header, bytes after the IP header
  family: u8; // 26: 4 or 6
  protocol: u8; // 27: IP protocol number: TCP or UDP
  linkSize: u8; // 28: bytes before the IP header, included in length
  // 29: values left out; where it is not 0, HOLES_MAX `ring_hole`s follow before the bytes of the packet, so
  // many of them set, by ascending offset
  holes: u8;
  pad00: u8; // 30: zero
  pad01: u8;
}

export const SIZEOF_RING_RECORD: u32 = 32;
export const RING_RECORD_PAD0: u32 = 30;

/** a value that the BPF program left out of a TCP segment; never one with SYN, FIN, RST or URG */
// @ts-ignore: decorator
@unmanaged
export class RingHole {
  offset: u32; // 0: bytes of the payload before it, as on the wire
  size: u32; // 4: bytes left out
}

export const SIZEOF_RING_HOLE: u32 = 8;

/**
 * head of a worker's window where the BPF program fills a perf buffer; a `perf_cursor` for each ring follows
 */
// @ts-ignore: decorator
@unmanaged
export class PerfBuffer {
  rings: u32; // 0: rings of this worker, one for each CPU
  size: u32; // 4: bytes of each ring's data, a power of two
  spare: u32; // 8: address of room for a sample that goes on at the beginning of its ring
  pad0: u32; // 12: zero
}

export const SIZEOF_PERF_BUFFER: u32 = 16;

/** one ring of a perf buffer in the current batch; positions are bytes since the ring was made */
// @ts-ignore: decorator
@unmanaged
export class PerfCursor {
  start: u64; // 0: position where the batch began
  next: u64; // 8: position of the next sample
  end: u64; // 16: position after the last sample when the batch began
  time: u64; // 24: time of the next sample, only the parser uses it
  data: u32; // 32: address of the ring's data
  pad0: u32; // 36: zero
}

export const SIZEOF_PERF_CURSOR: u32 = 40;

/**
 * head of a record of a BPF ring that stands for a TCP segment of whole messages, of which neither key nor
 * value is in it. Addresses follow as on the wire, source first, of 4 bytes each, or 16 with IPv6, and then
 * `message`s to the end of the record, by ascending place in the segment
 */
// @ts-ignore: decorator
@unmanaged
export class MessageRecord {
  time: u64; // 0: as in ring_record
  sequence: u32; // 8: sequence number of its first byte of payload
  ack: u32; // 12: acknowledgement number
  hash: u32; // 16: as in ring_record
  ifindex: u8; // 20: low bits of the interface it was captured on
  headers: u8; // 21: bytes of the headers, link header included
  window: u16; // 22: window, in network order
  size: u16; // 24: bytes of payload
  family: u8; // 26: 4 or 6
  protocol: u8; // 27: MESSAGE_PROTOCOL
  ports: u32; // 28: in network order: source in the low half
}

export const SIZEOF_MESSAGE_RECORD: u32 = 32;

/**
 * a line or binary frame of a message record. Where it has a key, its SipHash-2-4 (u64) follows; then,
 * padded to 8 bytes, client flags and time to live (MESSAGE_NUMBERS), or of form `line` its bytes without
 * key and line end, or of form `binary` header and extras
 */
// @ts-ignore: decorator
@unmanaged
export class Message {
  form: u8; // 0: enum message_form, and bits MESSAGE_*
  keySize: u8; // 1: bytes of the key, 0: none
  // 2: bytes besides key and value: of the line, its end included, or of header and extras; of form `key`:
  // 1, for the space before it
  lineSize: u8;
  keyAt: u8; // 3: bytes before the key
  // 4: bytes of the value, which may end behind the segment; where it does not, nor does its line end; 0
  // without a value
  valueSize: u32;
}

export const SIZEOF_MESSAGE: u32 = 8;

/** read-only data of the BPF program, set before it is loaded */
// @ts-ignore: decorator
@unmanaged
export class KernelSettings {
  layoutHash: u32; // 0: layout hash of the build; the host refuses an object with another one
  rings: u32; // 4: rings in use, one for each worker
  seed: u64; // 8: seed of the flow hash, the same as in config
  snaplen: u32; // 16: most bytes of a packet to submit, from its IP header on
  keepEmpty: u32; // 20: 1: segments without payload are submitted, too; 0: they are only counted
  wakeInterval: u64; // 24: shortest time between two wake-ups of a worker, nanoseconds
  key0: u64; // 32: as in config: for the programs that parse
  key1: u64; // 40: as in config
  sample: u32; // 48: as in index_state
  // 52: 1: the kernel is new enough to tell what clock skb->tstamp is of (5.18), and a monotonic one is
  // taken
  stamps: u32;
}

export const SIZEOF_KERNEL_SETTINGS: u32 = 56;

/** Compile-time guard: the build stops where the offsets of a class are not those of the schema. */
export function assertLayout(): void {
  if (offsetof<Control>() != 72) ERROR("size of control");
  if (offsetof<Control>("next") != 0) ERROR("control.next");
  if (offsetof<Control>("indexed") != 4) ERROR("control.indexed");
  if (offsetof<Control>("lock") != 8) ERROR("control.lock");
  if (offsetof<Control>("signal") != 12) ERROR("control.signal");
  if (offsetof<Control>("done") != 16) ERROR("control.done");
  if (offsetof<Control>("ended") != 20) ERROR("control.ended");
  if (offsetof<Control>("stop") != 24) ERROR("control.stop");
  if (offsetof<Control>("blocksWritten") != 28) ERROR("control.blocks_written");
  if (offsetof<Control>("flush") != 32) ERROR("control.flush");
  if (offsetof<Control>("broken") != 36) ERROR("control.broken");
  if (offsetof<Control>("returned") != 40) ERROR("control.returned");
  if (offsetof<Control>("file") != 44) ERROR("control.file");
  if (offsetof<Control>("fileSlot") != 48) ERROR("control.file_slot");
  if (offsetof<Control>("pad0") != 52) ERROR("control.pad0");
  if (offsetof<Control>("fileOffset") != 56) ERROR("control.file_offset");
  if (offsetof<Control>("fileWalked") != 64) ERROR("control.file_walked");
  if (offsetof<IndexState>() != 216) ERROR("size of index_state");
  if (offsetof<IndexState>("ordinal") != 0) ERROR("index_state.ordinal");
  if (offsetof<IndexState>("matched") != 8) ERROR("index_state.matched");
  if (offsetof<IndexState>("limit") != 16) ERROR("index_state.limit");
  if (offsetof<IndexState>("firstTime") != 24) ERROR("index_state.first_time");
  if (offsetof<IndexState>("lastTime") != 32) ERROR("index_state.last_time");
  if (offsetof<IndexState>("duration") != 40) ERROR("index_state.duration");
  if (offsetof<IndexState>("second") != 48) ERROR("index_state.second");
  if (offsetof<IndexState>("fraction") != 56) ERROR("index_state.fraction");
  if (offsetof<IndexState>("carrySize") != 64) ERROR("index_state.carry_size");
  if (offsetof<IndexState>("carry") != 68) ERROR("index_state.carry");
  if (offsetof<IndexState>("container") != 72) ERROR("index_state.container");
  if (offsetof<IndexState>("linktype") != 76) ERROR("index_state.linktype");
  if (offsetof<IndexState>("swapped") != 80) ERROR("index_state.swapped");
  if (offsetof<IndexState>("error") != 84) ERROR("index_state.error");
  if (offsetof<IndexState>("ended") != 88) ERROR("index_state.ended");
  if (offsetof<IndexState>("capture") != 92) ERROR("index_state.capture");
  if (offsetof<IndexState>("broken") != 96) ERROR("index_state.broken");
  if (offsetof<IndexState>("clocked") != 100) ERROR("index_state.clocked");
  if (offsetof<IndexState>("begun") != 104) ERROR("index_state.begun");
  if (offsetof<IndexState>("skip") != 108) ERROR("index_state.skip");
  if (offsetof<IndexState>("trailer") != 112) ERROR("index_state.trailer");
  if (offsetof<IndexState>("interfaces") != 116) ERROR("index_state.interfaces");
  if (offsetof<IndexState>("interfaceCount") != 120) ERROR("index_state.interface_count");
  if (offsetof<IndexState>("datagrams") != 124) ERROR("index_state.datagrams");
  if (offsetof<IndexState>("sample") != 128) ERROR("index_state.sample");
  if (offsetof<IndexState>("snaplen") != 132) ERROR("index_state.snaplen");
  if (offsetof<IndexState>("beginTime") != 136) ERROR("index_state.begin_time");
  if (offsetof<IndexState>("elsewhere0") != 144) ERROR("index_state.elsewhere");
  if (offsetof<IndexState>("elsewhereLooked") != 208) ERROR("index_state.elsewhere_looked");
  if (offsetof<IndexState>("pad0") != 212) ERROR("index_state.pad0");
  if (offsetof<CaptureInterface>() != 32) ERROR("size of capture_interface");
  if (offsetof<CaptureInterface>("offset") != 0) ERROR("capture_interface.offset");
  if (offsetof<CaptureInterface>("dropped") != 8) ERROR("capture_interface.dropped");
  if (offsetof<CaptureInterface>("linktype") != 16) ERROR("capture_interface.linktype");
  if (offsetof<CaptureInterface>("snaplen") != 20) ERROR("capture_interface.snaplen");
  if (offsetof<CaptureInterface>("resolution") != 24) ERROR("capture_interface.resolution");
  if (offsetof<CaptureInterface>("pad0") != 28) ERROR("capture_interface.pad0");
  if (offsetof<PacketHead>() != 16) ERROR("size of packet_head");
  if (offsetof<PacketHead>("time") != 0) ERROR("packet_head.time");
  if (offsetof<PacketHead>("captured") != 8) ERROR("packet_head.captured");
  if (offsetof<PacketHead>("length") != 12) ERROR("packet_head.length");
  if (offsetof<Datagram>() != 112) ERROR("size of datagram");
  if (offsetof<Datagram>("source0") != 0) ERROR("datagram.source0");
  if (offsetof<Datagram>("source1") != 8) ERROR("datagram.source1");
  if (offsetof<Datagram>("destination0") != 16) ERROR("datagram.destination0");
  if (offsetof<Datagram>("destination1") != 24) ERROR("datagram.destination1");
  if (offsetof<Datagram>("id") != 32) ERROR("datagram.id");
  if (offsetof<Datagram>("protocol") != 36) ERROR("datagram.protocol");
  if (offsetof<Datagram>("family") != 40) ERROR("datagram.family");
  if (offsetof<Datagram>("packets") != 44) ERROR("datagram.packets");
  if (offsetof<Datagram>("begun") != 48) ERROR("datagram.begun");
  if (offsetof<Datagram>("wire") != 56) ERROR("datagram.wire");
  if (offsetof<Datagram>("received") != 60) ERROR("datagram.received");
  if (offsetof<Datagram>("size") != 64) ERROR("datagram.size");
  if (offsetof<Datagram>("highest") != 68) ERROR("datagram.highest");
  if (offsetof<Datagram>("header0") != 72) ERROR("datagram.header");
  if (offsetof<Side>() != 80) ERROR("size of side");
  if (offsetof<Side>("next") != 0) ERROR("side.next");
  if (offsetof<Side>("acked") != 4) ERROR("side.acked");
  if (offsetof<Side>("queue") != 8) ERROR("side.queue");
  if (offsetof<Side>("queued") != 12) ERROR("side.queued");
  if (offsetof<Side>("skip") != 16) ERROR("side.skip");
  if (offsetof<Side>("line") != 20) ERROR("side.line");
  if (offsetof<Side>("lineSize") != 24) ERROR("side.line_size");
  if (offsetof<Side>("ifindex") != 28) ERROR("side.ifindex");
  if (offsetof<Side>("sums") != 29) ERROR("side.sums");
  if (offsetof<Side>("window") != 30) ERROR("side.window");
  if (offsetof<Side>("initial") != 32) ERROR("side.initial");
  if (offsetof<Side>("stamp") != 36) ERROR("side.stamp");
  if (offsetof<Side>("lineTime") != 40) ERROR("side.line_time");
  if (offsetof<Side>("lineOrdinal") != 48) ERROR("side.line_ordinal");
  if (offsetof<Side>("beganOrdinal") != 56) ERROR("side.began_ordinal");
  if (offsetof<Side>("began") != 64) ERROR("side.began");
  if (offsetof<Side>("state") != 68) ERROR("side.state");
  if (offsetof<Side>("known") != 69) ERROR("side.known");
  if (offsetof<Side>("spoken") != 70) ERROR("side.spoken");
  if (offsetof<Side>("finDone") != 71) ERROR("side.fin_done");
  if (offsetof<Side>("record") != 72) ERROR("side.record");
  if (offsetof<Side>("pad0") != 76) ERROR("side.pad0");
  if (offsetof<Flow>() != 128) ERROR("size of flow");
  if (offsetof<Flow>("older") != 0) ERROR("flow.older");
  if (offsetof<Flow>("newer") != 4) ERROR("flow.newer");
  if (offsetof<Flow>("hash") != 8) ERROR("flow.hash");
  if (offsetof<Flow>("conn") != 12) ERROR("flow.conn");
  if (offsetof<Flow>("clientHigh") != 16) ERROR("flow.client_high");
  if (offsetof<Flow>("clientLow") != 24) ERROR("flow.client_low");
  if (offsetof<Flow>("serverHigh") != 32) ERROR("flow.server_high");
  if (offsetof<Flow>("serverLow") != 40) ERROR("flow.server_low");
  if (offsetof<Flow>("ports") != 48) ERROR("flow.ports");
  if (offsetof<Flow>("transport") != 52) ERROR("flow.transport");
  if (offsetof<Flow>("sync") != 53) ERROR("flow.sync");
  if (offsetof<Flow>("kind") != 54) ERROR("flow.kind");
  if (offsetof<Flow>("failures") != 55) ERROR("flow.failures");
  if (offsetof<Flow>("held") != 56) ERROR("flow.held");
  if (offsetof<Flow>("stuck") != 60) ERROR("flow.stuck");
  if (offsetof<Flow>("owed") != 62) ERROR("flow.owed");
  if (offsetof<Flow>("sizeFlags") != 63) ERROR("flow.size_flags");
  if (offsetof<Flow>("stuckTime") != 64) ERROR("flow.stuck_time");
  if (offsetof<Flow>("head") != 72) ERROR("flow.head");
  if (offsetof<Flow>("tail") != 76) ERROR("flow.tail");
  if (offsetof<Flow>("pending") != 80) ERROR("flow.pending");
  if (offsetof<Flow>("current") != 84) ERROR("flow.current");
  if (offsetof<Flow>("auth") != 88) ERROR("flow.auth");
  if (offsetof<Flow>("unsynced") != 89) ERROR("flow.unsynced");
  if (offsetof<Flow>("opened") != 90) ERROR("flow.opened");
  if (offsetof<Flow>("fromSyn") != 91) ERROR("flow.from_syn");
  if (offsetof<Flow>("settled") != 92) ERROR("flow.settled");
  if (offsetof<Flow>("login") != 93) ERROR("flow.login");
  if (offsetof<Flow>("agreed") != 94) ERROR("flow.agreed");
  if (offsetof<Flow>("scales") != 95) ERROR("flow.scales");
  if (offsetof<Flow>("openTime") != 96) ERROR("flow.open_time");
  if (offsetof<Flow>("lastTime") != 104) ERROR("flow.last_time");
  if (offsetof<Flow>("reset") != 112) ERROR("flow.reset");
  if (offsetof<Flow>("half") != 113) ERROR("flow.half");
  if (offsetof<Flow>("records") != 114) ERROR("flow.records");
  if (offsetof<Flow>("borders") != 115) ERROR("flow.borders");
  if (offsetof<Flow>("copyLag") != 116) ERROR("flow.copy_lag");
  if (offsetof<Flow>("triedTo") != 120) ERROR("flow.tried_to");
  if (offsetof<Flow>("asked") != 124) ERROR("flow.asked");
  if (offsetof<Flow>("fits") != 125) ERROR("flow.fits");
  if (offsetof<Flow>("pad00") != 126) ERROR("flow.pad0");
  if (offsetof<Exchange>() != 8) ERROR("size of exchange");
  if (offsetof<Exchange>("start") != 0) ERROR("exchange.start");
  if (offsetof<Exchange>("arrived") != 4) ERROR("exchange.arrived");
  if (offsetof<Syn>() != 64) ERROR("size of syn");
  if (offsetof<Syn>("time") != 0) ERROR("syn.time");
  if (offsetof<Syn>("hash") != 8) ERROR("syn.hash");
  if (offsetof<Syn>("client") != 12) ERROR("syn.client");
  if (offsetof<Syn>("server") != 16) ERROR("syn.server");
  if (offsetof<Syn>("clientPort") != 20) ERROR("syn.client_port");
  if (offsetof<Syn>("serverPort") != 22) ERROR("syn.server_port");
  if (offsetof<Syn>("state") != 24) ERROR("syn.state");
  if (offsetof<Syn>("agreed") != 25) ERROR("syn.agreed");
  if (offsetof<Syn>("window") != 26) ERROR("syn.window");
  if (offsetof<Syn>("scales") != 28) ERROR("syn.scales");
  if (offsetof<Syn>("scaled") != 29) ERROR("syn.scaled");
  if (offsetof<Syn>("midstream") != 30) ERROR("syn.midstream");
  if (offsetof<Syn>("firstSize") != 31) ERROR("syn.first_size");
  if (offsetof<Syn>("clientStamp") != 32) ERROR("syn.client_stamp");
  if (offsetof<Syn>("serverStamp") != 36) ERROR("syn.server_stamp");
  if (offsetof<Syn>("clientEnd") != 40) ERROR("syn.client_end");
  if (offsetof<Syn>("serverEnd") != 44) ERROR("syn.server_end");
  if (offsetof<Syn>("address") != 48) ERROR("syn.address");
  if (offsetof<Syn>("first") != 52) ERROR("syn.first");
  if (offsetof<Syn>("copyLag") != 56) ERROR("syn.copy_lag");
  if (offsetof<Syn>("pad0") != 60) ERROR("syn.pad0");
  if (offsetof<Slot>() != 40) ERROR("size of slot");
  if (offsetof<Slot>("size") != 0) ERROR("slot.size");
  if (offsetof<Slot>("filled") != 4) ERROR("slot.filled");
  if (offsetof<Slot>("capture") != 8) ERROR("slot.capture");
  if (offsetof<Slot>("container") != 12) ERROR("slot.container");
  if (offsetof<Slot>("linktype") != 16) ERROR("slot.linktype");
  if (offsetof<Slot>("swapped") != 20) ERROR("slot.swapped");
  if (offsetof<Slot>("fraction") != 24) ERROR("slot.fraction");
  if (offsetof<Slot>("pad0") != 28) ERROR("slot.pad0");
  if (offsetof<Slot>("baseOrdinal") != 32) ERROR("slot.base_ordinal");
  if (offsetof<Segment>() != 16) ERROR("size of segment");
  if (offsetof<Segment>("head") != 0) ERROR("segment.head");
  if (offsetof<Segment>("hash") != 4) ERROR("segment.hash");
  if (offsetof<Segment>("ordinal") != 8) ERROR("segment.ordinal");
  if (offsetof<Segment>("l4Offset") != 12) ERROR("segment.l4_offset");
  if (offsetof<Segment>("l3Offset") != 14) ERROR("segment.l3_offset");
  if (offsetof<Segment>("seenOn") != 15) ERROR("segment.seen_on");
  if (offsetof<Packet>() != 136) ERROR("size of packet");
  if (offsetof<Packet>("time") != 0) ERROR("packet.time");
  if (offsetof<Packet>("ordinal") != 8) ERROR("packet.ordinal");
  if (offsetof<Packet>("payload") != 16) ERROR("packet.payload");
  if (offsetof<Packet>("size") != 20) ERROR("packet.size");
  if (offsetof<Packet>("captured") != 24) ERROR("packet.captured");
  if (offsetof<Packet>("starts") != 28) ERROR("packet.starts");
  if (offsetof<Packet>("sequence") != 32) ERROR("packet.sequence");
  if (offsetof<Packet>("ack") != 36) ERROR("packet.ack");
  if (offsetof<Packet>("flags") != 40) ERROR("packet.flags");
  if (offsetof<Packet>("side") != 44) ERROR("packet.side");
  if (offsetof<Packet>("ip") != 48) ERROR("packet.ip");
  if (offsetof<Packet>("l4") != 52) ERROR("packet.l4");
  if (offsetof<Packet>("end") != 56) ERROR("packet.end");
  if (offsetof<Packet>("rest") != 60) ERROR("packet.rest");
  if (offsetof<Packet>("length") != 64) ERROR("packet.length");
  if (offsetof<Packet>("family") != 68) ERROR("packet.family");
  if (offsetof<Packet>("protocol") != 72) ERROR("packet.protocol");
  if (offsetof<Packet>("seenOn") != 76) ERROR("packet.seen_on");
  if (offsetof<Packet>("hash") != 80) ERROR("packet.hash");
  if (offsetof<Packet>("shared") != 84) ERROR("packet.shared");
  if (offsetof<Packet>("ports") != 88) ERROR("packet.ports");
  if (offsetof<Packet>("holes") != 92) ERROR("packet.holes");
  if (offsetof<Packet>("messages") != 96) ERROR("packet.messages");
  if (offsetof<Packet>("window") != 100) ERROR("packet.window");
  if (offsetof<Packet>("sourceHigh") != 104) ERROR("packet.source_high");
  if (offsetof<Packet>("sourceLow") != 112) ERROR("packet.source_low");
  if (offsetof<Packet>("destinationHigh") != 120) ERROR("packet.destination_high");
  if (offsetof<Packet>("destinationLow") != 128) ERROR("packet.destination_low");
  if (offsetof<Config>() != 192) ERROR("size of config");
  if (offsetof<Config>("key0") != 0) ERROR("config.key0");
  if (offsetof<Config>("key1") != 8) ERROR("config.key1");
  if (offsetof<Config>("addressKey0") != 16) ERROR("config.address_key0");
  if (offsetof<Config>("addressKey1") != 24) ERROR("config.address_key1");
  if (offsetof<Config>("hashSeed") != 32) ERROR("config.hash_seed");
  if (offsetof<Config>("workers") != 40) ERROR("config.workers");
  if (offsetof<Config>("worker") != 44) ERROR("config.worker");
  if (offsetof<Config>("eventsOut") != 48) ERROR("config.events_out");
  if (offsetof<Config>("ports") != 52) ERROR("config.ports");
  if (offsetof<Config>("indexState") != 56) ERROR("config.index_state");
  if (offsetof<Config>("counters") != 60) ERROR("config.counters");
  if (offsetof<Config>("packet") != 64) ERROR("config.packet");
  if (offsetof<Config>("blockInfo") != 68) ERROR("config.block_info");
  if (offsetof<Config>("flowBuckets") != 72) ERROR("config.flow_buckets");
  if (offsetof<Config>("flowBucketCount") != 76) ERROR("config.flow_bucket_count");
  if (offsetof<Config>("flows") != 80) ERROR("config.flows");
  if (offsetof<Config>("flowCount") != 84) ERROR("config.flow_count");
  if (offsetof<Config>("syns") != 88) ERROR("config.syns");
  if (offsetof<Config>("synCount") != 92) ERROR("config.syn_count");
  if (offsetof<Config>("requests") != 96) ERROR("config.requests");
  if (offsetof<Config>("requestsEnd") != 100) ERROR("config.requests_end");
  if (offsetof<Config>("keys") != 104) ERROR("config.keys");
  if (offsetof<Config>("keysEnd") != 108) ERROR("config.keys_end");
  if (offsetof<Config>("reorder") != 112) ERROR("config.reorder");
  if (offsetof<Config>("reorderEnd") != 116) ERROR("config.reorder_end");
  if (offsetof<Config>("lines") != 120) ERROR("config.lines");
  if (offsetof<Config>("linesEnd") != 124) ERROR("config.lines_end");
  if (offsetof<Config>("columns") != 128) ERROR("config.columns");
  if (offsetof<Config>("columnSize") != 132) ERROR("config.column_size");
  if (offsetof<Config>("blockEvents") != 136) ERROR("config.block_events");
  if (offsetof<Config>("keyCache") != 140) ERROR("config.key_cache");
  if (offsetof<Config>("keyCacheSets") != 144) ERROR("config.key_cache_sets");
  if (offsetof<Config>("blockOut") != 148) ERROR("config.block_out");
  if (offsetof<Config>("blockOutSize") != 152) ERROR("config.block_out_size");
  if (offsetof<Config>("events") != 156) ERROR("config.events");
  if (offsetof<Config>("eventCount") != 160) ERROR("config.event_count");
  if (offsetof<Config>("lag") != 164) ERROR("config.lag");
  if (offsetof<Config>("nextConn") != 168) ERROR("config.next_conn");
  if (offsetof<Config>("scratch") != 172) ERROR("config.scratch");
  if (offsetof<Config>("scratchSize") != 176) ERROR("config.scratch_size");
  if (offsetof<Config>("uncut") != 180) ERROR("config.uncut");
  if (offsetof<Config>("parsed") != 184) ERROR("config.parsed");
  if (offsetof<Config>("pad0") != 188) ERROR("config.pad0");
  if (offsetof<WorkerState>() != 216) ERROR("size of worker_state");
  if (offsetof<WorkerState>("beat") != 0) ERROR("worker_state.beat");
  if (offsetof<WorkerState>("phase") != 4) ERROR("worker_state.phase");
  if (offsetof<WorkerState>("position") != 8) ERROR("worker_state.position");
  if (offsetof<WorkerState>("blocks") != 12) ERROR("worker_state.blocks");
  if (offsetof<WorkerState>("writing") != 16) ERROR("worker_state.writing");
  if (offsetof<WorkerState>("recovering") != 20) ERROR("worker_state.recovering");
  if (offsetof<WorkerState>("batch") != 24) ERROR("worker_state.batch");
  if (offsetof<WorkerState>("batchSeen") != 32) ERROR("worker_state.batch_seen");
  if (offsetof<WorkerState>("batchDone") != 40) ERROR("worker_state.batch_done");
  if (offsetof<WorkerState>("seenAfter") != 48) ERROR("worker_state.seen_after");
  if (offsetof<WorkerState>("lostAfter") != 56) ERROR("worker_state.lost_after");
  if (offsetof<WorkerState>("dropsBefore") != 64) ERROR("worker_state.drops_before");
  if (offsetof<WorkerState>("drops") != 72) ERROR("worker_state.drops");
  if (offsetof<WorkerState>("statistics0") != 80) ERROR("worker_state.statistics");
  if (offsetof<WorkerState>("kernel0") != 88) ERROR("worker_state.kernel");
  if (offsetof<EventRecord>() != 144) ERROR("size of event_record");
  if (offsetof<EventRecord>("time") != 0) ERROR("event_record.time");
  if (offsetof<EventRecord>("ordinal") != 8) ERROR("event_record.ordinal");
  if (offsetof<EventRecord>("latency") != 16) ERROR("event_record.latency");
  if (offsetof<EventRecord>("keyHash") != 24) ERROR("event_record.key_hash");
  if (offsetof<EventRecord>("metaFlags") != 32) ERROR("event_record.meta_flags");
  if (offsetof<EventRecord>("flags") != 40) ERROR("event_record.flags");
  if (offsetof<EventRecord>("ttl") != 48) ERROR("event_record.ttl");
  if (offsetof<EventRecord>("delta") != 56) ERROR("event_record.delta");
  if (offsetof<EventRecord>("initial") != 64) ERROR("event_record.initial");
  if (offsetof<EventRecord>("casNew") != 72) ERROR("event_record.cas_new");
  if (offsetof<EventRecord>("vivify") != 80) ERROR("event_record.vivify");
  if (offsetof<EventRecord>("recache") != 88) ERROR("event_record.recache");
  if (offsetof<EventRecord>("ttlLeft") != 96) ERROR("event_record.ttl_left");
  if (offsetof<EventRecord>("opaque") != 104) ERROR("event_record.opaque");
  if (offsetof<EventRecord>("valueSize") != 112) ERROR("event_record.value_size");
  if (offsetof<EventRecord>("conn") != 116) ERROR("event_record.conn");
  if (offsetof<EventRecord>("sub") != 120) ERROR("event_record.sub");
  if (offsetof<EventRecord>("keyIndex") != 124) ERROR("event_record.key_index");
  if (offsetof<EventRecord>("present") != 128) ERROR("event_record.present");
  if (offsetof<EventRecord>("keySize") != 132) ERROR("event_record.key_size");
  if (offsetof<EventRecord>("op") != 134) ERROR("event_record.op");
  if (offsetof<EventRecord>("status") != 135) ERROR("event_record.status");
  if (offsetof<EventRecord>("proto") != 136) ERROR("event_record.proto");
  if (offsetof<EventRecord>("transport") != 137) ERROR("event_record.transport");
  if (offsetof<EventRecord>("mode") != 138) ERROR("event_record.mode");
  if (offsetof<EventRecord>("marks") != 139) ERROR("event_record.marks");
  if (offsetof<EventRecord>("traits") != 140) ERROR("event_record.traits");
  if (offsetof<EventRecord>("pad00") != 141) ERROR("event_record.pad0");
  if (offsetof<Shape>() != 24) ERROR("size of shape");
  if (offsetof<Shape>("metaFlags") != 0) ERROR("shape.meta_flags");
  if (offsetof<Shape>("present") != 8) ERROR("shape.present");
  if (offsetof<Shape>("op") != 12) ERROR("shape.op");
  if (offsetof<Shape>("status") != 13) ERROR("shape.status");
  if (offsetof<Shape>("proto") != 14) ERROR("shape.proto");
  if (offsetof<Shape>("transport") != 15) ERROR("shape.transport");
  if (offsetof<Shape>("mode") != 16) ERROR("shape.mode");
  if (offsetof<Shape>("marks") != 17) ERROR("shape.marks");
  if (offsetof<Shape>("traits") != 18) ERROR("shape.traits");
  if (offsetof<Shape>("flags") != 19) ERROR("shape.flags");
  if (offsetof<Shape>("pad00") != 20) ERROR("shape.pad0");
  if (offsetof<BlockInfo>() != 176) ERROR("size of block_info");
  if (offsetof<BlockInfo>("minTime") != 0) ERROR("block_info.min_time");
  if (offsetof<BlockInfo>("maxTime") != 8) ERROR("block_info.max_time");
  if (offsetof<BlockInfo>("baseTime") != 16) ERROR("block_info.base_time");
  if (offsetof<BlockInfo>("baseOrdinal") != 24) ERROR("block_info.base_ordinal");
  if (offsetof<BlockInfo>("baseConnTime") != 32) ERROR("block_info.base_conn_time");
  if (offsetof<BlockInfo>("payload") != 40) ERROR("block_info.payload");
  if (offsetof<BlockInfo>("payloadSize") != 44) ERROR("block_info.payload_size");
  if (offsetof<BlockInfo>("events") != 48) ERROR("block_info.events");
  if (offsetof<BlockInfo>("requests") != 52) ERROR("block_info.requests");
  if (offsetof<BlockInfo>("conns") != 56) ERROR("block_info.conns");
  if (offsetof<BlockInfo>("shapes") != 60) ERROR("block_info.shapes");
  if (offsetof<BlockInfo>("shapeTable") != 64) ERROR("block_info.shape_table");
  if (offsetof<BlockInfo>("keys") != 68) ERROR("block_info.keys");
  if (offsetof<BlockInfo>("columnEnds0") != 72) ERROR("block_info.column_ends");
  if (offsetof<RingRecord>() != 32) ERROR("size of ring_record");
  if (offsetof<RingRecord>("time") != 0) ERROR("ring_record.time");
  if (offsetof<RingRecord>("length") != 8) ERROR("ring_record.length");
  if (offsetof<RingRecord>("captured") != 12) ERROR("ring_record.captured");
  if (offsetof<RingRecord>("hash") != 16) ERROR("ring_record.hash");
  if (offsetof<RingRecord>("ifindex") != 20) ERROR("ring_record.ifindex");
  if (offsetof<RingRecord>("l4Offset") != 24) ERROR("ring_record.l4_offset");
  if (offsetof<RingRecord>("family") != 26) ERROR("ring_record.family");
  if (offsetof<RingRecord>("protocol") != 27) ERROR("ring_record.protocol");
  if (offsetof<RingRecord>("linkSize") != 28) ERROR("ring_record.link_size");
  if (offsetof<RingRecord>("holes") != 29) ERROR("ring_record.holes");
  if (offsetof<RingRecord>("pad00") != 30) ERROR("ring_record.pad0");
  if (offsetof<RingHole>() != 8) ERROR("size of ring_hole");
  if (offsetof<RingHole>("offset") != 0) ERROR("ring_hole.offset");
  if (offsetof<RingHole>("size") != 4) ERROR("ring_hole.size");
  if (offsetof<PerfBuffer>() != 16) ERROR("size of perf_buffer");
  if (offsetof<PerfBuffer>("rings") != 0) ERROR("perf_buffer.rings");
  if (offsetof<PerfBuffer>("size") != 4) ERROR("perf_buffer.size");
  if (offsetof<PerfBuffer>("spare") != 8) ERROR("perf_buffer.spare");
  if (offsetof<PerfBuffer>("pad0") != 12) ERROR("perf_buffer.pad0");
  if (offsetof<PerfCursor>() != 40) ERROR("size of perf_cursor");
  if (offsetof<PerfCursor>("start") != 0) ERROR("perf_cursor.start");
  if (offsetof<PerfCursor>("next") != 8) ERROR("perf_cursor.next");
  if (offsetof<PerfCursor>("end") != 16) ERROR("perf_cursor.end");
  if (offsetof<PerfCursor>("time") != 24) ERROR("perf_cursor.time");
  if (offsetof<PerfCursor>("data") != 32) ERROR("perf_cursor.data");
  if (offsetof<PerfCursor>("pad0") != 36) ERROR("perf_cursor.pad0");
  if (offsetof<MessageRecord>() != 32) ERROR("size of message_record");
  if (offsetof<MessageRecord>("time") != 0) ERROR("message_record.time");
  if (offsetof<MessageRecord>("sequence") != 8) ERROR("message_record.sequence");
  if (offsetof<MessageRecord>("ack") != 12) ERROR("message_record.ack");
  if (offsetof<MessageRecord>("hash") != 16) ERROR("message_record.hash");
  if (offsetof<MessageRecord>("ifindex") != 20) ERROR("message_record.ifindex");
  if (offsetof<MessageRecord>("headers") != 21) ERROR("message_record.headers");
  if (offsetof<MessageRecord>("window") != 22) ERROR("message_record.window");
  if (offsetof<MessageRecord>("size") != 24) ERROR("message_record.size");
  if (offsetof<MessageRecord>("family") != 26) ERROR("message_record.family");
  if (offsetof<MessageRecord>("protocol") != 27) ERROR("message_record.protocol");
  if (offsetof<MessageRecord>("ports") != 28) ERROR("message_record.ports");
  if (offsetof<Message>() != 8) ERROR("size of message");
  if (offsetof<Message>("form") != 0) ERROR("message.form");
  if (offsetof<Message>("keySize") != 1) ERROR("message.key_size");
  if (offsetof<Message>("lineSize") != 2) ERROR("message.line_size");
  if (offsetof<Message>("keyAt") != 3) ERROR("message.key_at");
  if (offsetof<Message>("valueSize") != 4) ERROR("message.value_size");
  if (offsetof<KernelSettings>() != 56) ERROR("size of kernel_settings");
  if (offsetof<KernelSettings>("layoutHash") != 0) ERROR("kernel_settings.layout_hash");
  if (offsetof<KernelSettings>("rings") != 4) ERROR("kernel_settings.rings");
  if (offsetof<KernelSettings>("seed") != 8) ERROR("kernel_settings.seed");
  if (offsetof<KernelSettings>("snaplen") != 16) ERROR("kernel_settings.snaplen");
  if (offsetof<KernelSettings>("keepEmpty") != 20) ERROR("kernel_settings.keep_empty");
  if (offsetof<KernelSettings>("wakeInterval") != 24) ERROR("kernel_settings.wake_interval");
  if (offsetof<KernelSettings>("key0") != 32) ERROR("kernel_settings.key0");
  if (offsetof<KernelSettings>("key1") != 40) ERROR("kernel_settings.key1");
  if (offsetof<KernelSettings>("sample") != 48) ERROR("kernel_settings.sample");
  if (offsetof<KernelSettings>("stamps") != 52) ERROR("kernel_settings.stamps");
}
