// Written by src/layout/emit.ts from src/layout/schema.ts. Do not edit.

export const LAYOUT_VERSION = 1;
export const LAYOUT_HASH = 0xc0971402;

/** entries of the table of connections that the counting program keeps, 64 bytes each */
export const COUNT_FLOWS = 65536;
/** most requests or answers that the counting program reads in one packet */
export const COUNT_MESSAGES = 256;
/** entries reserved for each counter by enum op */
export const COUNT_OPS = 64;
/** first counter of requests by enum op; a request of several keys counts each */
export const COUNT_ASKED = 64;
/** first counter of hits by enum op, where the answer names its command (binary) */
export const COUNT_HITS = 128;
/** first counter of misses by enum op, where the answer names its command */
export const COUNT_MISSES = 192;
/** first counter of errors by enum op, where the answer names its command */
export const COUNT_ERRORS = 256;
/** first counter of answers by enum count_answer */
export const COUNT_ANSWERS = 320;
/** first counter of sizes of stored values: two for each doubling of bytes */
export const COUNT_SIZES_IN = 384;
/** first counter of sizes of returned values: two for each doubling of bytes */
export const COUNT_SIZES_OUT = 448;
/** first counter of latencies: eight for each doubling of nanoseconds */
export const COUNT_LATENCY = 512;
/** counters of latencies */
export const COUNT_LATENCY_BUCKETS = 256;
/** counters of one CPU, u64 each */
export const COUNT_COUNTERS = 768;
/** bit of key_record.bits: an answer, not a request */
export const KEY_IS_ANSWER = 1;
/** bit of key_record.bits: the request will be answered; the answer is complete */
export const KEY_IS_COMPLETE = 2;
/** bit of key_record.bits: value_size is set */
export const KEY_HAS_VALUE = 4;
/** bit of key_record.bits: ttl is set */
export const KEY_HAS_TTL = 8;
/** bit of key_record.bits: client flags other than 0 */
export const KEY_HAS_FLAGS = 16;
/** bit of key_record.bits: what answers the request cannot be told */
export const KEY_IS_UNPAIRED = 32;
/** largest captured packet, bytes: MAXIMUM_SNAPLEN of libpcap (pcap-int.h) */
export const RECORD_MAX = 262144;
/** bytes of a classic pcap file header (pcap-savefile(5)) */
export const PCAP_HEADER = 24;
/** bytes of a classic pcap record header (pcap-savefile(5)) */
export const PCAP_RECORD_HEADER = 16;
/** bytes of a record header of Kuznetzov's pcap (pcap_sf_patched_pkthdr in sf-pcap.c of libpcap) */
export const PCAP_PATCHED_RECORD_HEADER = 24;
/** bytes before the chunk of a slot, for a record that began in the slot before: RECORD_MAX + 64 */
export const SLOT_HEADROOM = 262208;
/** most interfaces of a pcapng section */
export const INTERFACES_MAX = 1024;
/** most fragmented datagrams that are reassembled at a time */
export const DATAGRAMS_MAX = 64;
/** longest datagram, bytes after the IP header (RFC 791, RFC 8200) */
export const DATAGRAM_MAX = 65535;
/** bytes of a slot for the datagrams reassembled in it */
export const DATAGRAM_ROOM = 262144;
/** bytes before the first entry of an index list: the number of entries (u32) and padding */
export const LIST_HEAD = 16;
/** most ports outside the given ones on which traffic looks like memcached */
export const ELSEWHERE_PORTS = 8;
/** packets of other ports that are all checked, before sampling begins */
export const ELSEWHERE_LOOKED = 4096;
/** after ELSEWHERE_LOOKED packets, one packet in this many is checked */
export const ELSEWHERE_SAMPLE = 16;
/** bit of `segment.ordinal`: the packet is a UDP datagram */
export const SEGMENT_UDP = 2147483648;
/** fewest bytes of a capture for one entry of an index list: record header 16, IPv4 20, UDP 8 */
export const SEGMENT_MIN = 44;
/** longest key, bytes (KEY_MAX_LENGTH in memcached.h) */
export const KEY_MAX = 250;
/** longest line kept, bytes; memcached closes the connection above it (try_read_command_ascii) */
export const LINE_MAX = 2048;
/** stands for a size that is unknown or absent */
export const NO_SIZE = 4294967295;
/** bytes of a bitmap of all 65,536 ports */
export const PORT_BITMAP = 8192;
/** entries reserved for enum kernel_counter, u64 each: two cache lines for each CPU and ring */
export const KERNEL_COUNTERS = 16;
/** buckets of the histogram of lag, u64 each: eight for each doubling of nanoseconds */
export const LAG_BUCKETS = 512;
/** largest sealed block of a profile, bytes, its frame included */
export const BLOCK_MAX = 1048576;
/** most bytes of a sealed block besides its payload: the frame, and the map of counts and shapes */
export const ENVELOPE_MAX = 65536;
/** high bits of the hash of a client's port that choose the worker, so that no set of SYNs belongs to two workers */
export const OWNER_BITS = 13;
/** most bytes of a packet in a ring record: the largest size of a record, less its head */
export const RING_CAPTURE_MAX = 131040;
/** most values that the BPF program leaves out of a packet */
export const HOLES_MAX = 8;
/** bytes of the bitmap of flows whose packets are to be copied whole: bit n % 32 of word n / 32 is set for the flows whose hash begins with the 16 bits n */
export const UNCUT_BITMAP = 8192;
/** protocol of a `message_record`, where a `ring_record` has that of its packet; reserved by IANA */
export const MESSAGE_PROTOCOL = 255;
/** most `message`s of a message record */
export const MESSAGES_MAX = 64;
/** most bytes of a line besides its key, without line end, in a `message` */
export const MESSAGE_LINE_MAX = 48;
/** bit of `message.form`: the value reads like the name and the password of a user, as in assembly/memcache/credentials.ts */
export const MESSAGE_LOGIN = 32;
/** bit of `message.form`, of a set or value: client flags (u32) and time to live (u32) follow; without it both are 0 */
export const MESSAGE_NUMBERS = 64;
/** bit of `message.form`, of a value: `END` and its line end come after it */
export const MESSAGE_END = 128;

/** first counters of a CPU; skipped ones are packets of the server ports of which at least a part was not read */
export const COUNT_COUNTER_NAMES = [
  'packets',
  'connections',
  'bytes_in',
  'bytes_out',
  'values',
  'values_with_cas',
  'key_misses',
  'mg_without_value',
  'mg_quiet',
  'meta_quiet',
  'ma_with_value',
  'skipped_not_in_step',
  'skipped_no_room',
  'skipped_gap',
  'skipped_split_line',
  'skipped_unknown_line',
  'skipped_long_line',
  'skipped_long_number',
  'skipped_too_many',
  'skipped_refused',
  'skipped_repeated',
  'skipped_unreadable',
  'skipped_both_ports',
  'skipped_udp',
  'skipped_fragment',
  'skipped_cut_header',
  'skipped_malformed',
  'skipped_key_ring_full',
  'skipped_key_unread',
] as const;
export type CountCounter = (typeof COUNT_COUNTER_NAMES)[number];

/** words that answers begin with, and statuses of binary answers; values are counted apart */
export const COUNT_ANSWER_NAMES = [
  'stored',
  'not_stored',
  'exists',
  'not_found',
  'deleted',
  'touched',
  'ok',
  'reset',
  'end',
  'version',
  'hd',
  'va',
  'en',
  'ns',
  'ex',
  'nf',
  'mn',
  'me',
  'number',
  'error',
  'client_error',
  'server_error',
  'binary_success',
  'binary_not_found',
  'binary_exists',
  'binary_not_stored',
  'binary_error',
] as const;
export type CountAnswer = (typeof COUNT_ANSWER_NAMES)[number];

/** link layers the decoder knows; the numbers in files are LINKTYPE_ values (tcpdump.org/linktypes.html) */
export const LINKTYPE_NAMES = [
  'unknown',
  'ethernet',
  'raw',
  'linux_sll',
  'linux_sll2',
  'null',
  'loop',
  'ppp',
  'ppp_with_dir',
  'pppoe',
  'c_hdlc',
  'mpls',
  'nflog',
  'pktap',
] as const;
export type Linktype = (typeof LINKTYPE_NAMES)[number];

/** Values by the number in a file. */
export const LINKTYPE_CODES: ReadonlyMap<number, number> = new Map([
  [0, 5],
  [1, 1],
  [9, 7],
  [50, 7],
  [166, 7],
  [12, 2],
  [14, 2],
  [101, 2],
  [228, 2],
  [229, 2],
  [51, 9],
  [104, 10],
  [108, 6],
  [113, 3],
  [204, 8],
  [219, 11],
  [239, 12],
  [258, 13],
  [276, 4],
]);

/** protocol of a request */
export const PROTO_NAMES = [
  'text',
  'meta',
  'binary',
] as const;
export type Proto = (typeof PROTO_NAMES)[number];

/** transport of a request */
export const TRANSPORT_NAMES = [
  'tcp',
  'udp',
] as const;
export type Transport = (typeof TRANSPORT_NAMES)[number];

/** operations; data commands first, then admin commands */
export const OP_NAMES = [
  'get',
  'gets',
  'gat',
  'gats',
  'set',
  'add',
  'replace',
  'append',
  'prepend',
  'cas',
  'delete',
  'incr',
  'decr',
  'touch',
  'mg',
  'ms',
  'md',
  'ma',
  'me',
  'mn',
  'version',
  'verbosity',
  'flush_all',
  'quit',
  'shutdown',
  'cache_memlimit',
  'slabs',
  'lru',
  'lru_crawler',
  'extstore',
  'refresh_certs',
  'misbehave',
  'debugtime',
  'debugitem',
  'stats',
  'watch',
  'auth',
  'noop',
  'sasl_list_mechs',
  'sasl_auth',
  'sasl_step',
  'unknown',
] as const;
export type Op = (typeof OP_NAMES)[number];

/** outcome of an operation */
export const STATUS_NAMES = [
  'hit',
  'miss',
  'stored',
  'not_stored',
  'exists',
  'not_found',
  'deleted',
  'touched',
  'ok',
  'value',
  'error',
  'silent',
  'unanswered',
] as const;
export type Status = (typeof STATUS_NAMES)[number];

/** mode of a meta command as sent, or as implied by a flag; `none` where there was none */
export const MODE_NAMES = [
  'none',
  'add',
  'append',
  'prepend',
  'replace',
  'set',
  'incr',
  'decr',
  'touch',
  'invalidate',
] as const;
export type Mode = (typeof MODE_NAMES)[number];

/** bit numbers of EventRecord.present: which optional fields have a value; shape_flags only in the shapes of a block */
export const PRESENT_NAMES = [
  'key',
  'value_size',
  'latency',
  'flags',
  'ttl',
  'delta',
  'initial',
  'cas_new',
  'vivify',
  'recache',
  'ttl_left',
  'opaque',
  'sub',
  'key_index',
  'shape_flags',
] as const;
export type Present = (typeof PRESENT_NAMES)[number];

/** bit numbers of EventRecord.marks: flags that only an answer carries */
export const MARK_NAMES = [
  'won',
  'stale',
  'sent',
] as const;
export type Mark = (typeof MARK_NAMES)[number];

/** bit numbers of EventRecord.traits */
export const TRAIT_NAMES = [
  'quiet',
  'cas',
  'base64',
] as const;
export type Trait = (typeof TRAIT_NAMES)[number];

/** kind of a connection record */
export const CONN_KIND_NAMES = [
  'open_syn',
  'open_midstream',
  'close_fin',
  'close_rst',
  'close_end',
  'close_evicted',
  'close_reused',
] as const;
export type ConnKind = (typeof CONN_KIND_NAMES)[number];

/** counters of each worker, u64 each, in this order in memory, with the names of the profile */
export const COUNTER_NAMES = [
  'packets_seen',
  'packets_decoded',
  'skipped_not_ip',
  'skipped_other_protocol',
  'skipped_other_port',
  'skipped_fragment',
  'skipped_cut_header',
  'skipped_malformed',
  'skipped_tls',
  'skipped_stray',
  'skipped_no_payload',
  'skipped_linktype',
  'skipped_sampled',
  'skipped_vxlan',
  'skipped_geneve',
  'skipped_gre',
  'skipped_ipip',
  'skipped_esp',
  'lost_worker_failed',
  'lost_ring_full',
  'lost_copy_failed',
  'lost_by_kernel',
  'bytes',
  'requests',
  'events',
  'answered',
  'unanswered',
  'hits',
  'misses',
  'gaps',
  'gap_bytes',
  'value_gaps',
  'left_out_bytes',
  'flows_uncut',
  'parsed_segments',
  'parsed_gaps',
  'ring_bytes',
  'retransmitted',
  'duplicates',
  'out_of_order',
  'refused_segments',
  'ambiguous_copies',
  'negative_latency',
  'unknown_latency',
  'flows',
  'flows_unsynced',
  'unsynced_bytes',
  'resyncs',
  'unknown_commands',
  'unmatched_answers',
  'ambiguous_lengths',
  'ambiguous_quiet',
  'proxy_headers',
  'udp_refused',
  'syn_seen',
  'captures_overlapping',
  'packets_cut',
  'cut_captured',
  'flows_without_client',
  'flows_without_server',
  'bound_flows',
  'bound_requests',
  'bound_keys',
  'bound_reorder',
  'bound_lines',
  'bound_syns',
  'bound_interfaces',
  'bound_fragments',
  'payload_seen',
  'payload_recorded',
  'payload_repeated',
  'payload_gap',
  'payload_missing',
  'payload_unsynced_mid_stream',
  'payload_unsynced_after_gap',
  'payload_unsynced_not_understood',
  'payload_unsynced_contradictory',
  'payload_unsynced_incomplete',
  'payload_skipped_tls',
  'payload_skipped_stray',
  'payload_skipped_after_quit',
  'payload_skipped_stream',
  'payload_skipped_proxy_header',
  'payload_skipped_refused',
] as const;
export type Counter = (typeof COUNTER_NAMES)[number];

/** container of a capture; `pcap_patched` is pcap with Kuznetzov's longer record headers */
export const CONTAINER_NAMES = [
  'none',
  'pcap',
  'pcapng',
  'pcap_patched',
] as const;
export type Container = (typeof CONTAINER_NAMES)[number];

/** what a worker is doing: waiting for packets, decoding or indexing a batch, sealing its open block at a flush or the end, or reading a slot from a file */
export const PHASE_NAMES = [
  'waiting',
  'decoding',
  'indexing',
  'sealing',
  'reading',
] as const;
export type Phase = (typeof PHASE_NAMES)[number];

/** counters of the BPF program for each CPU and ring, u64 each: a packet is in one of them, in `submitted_parsed` where it became a message record; the same names as in enum counter mean the same */
export const KERNEL_COUNTER_NAMES = [
  'submitted',
  'lost_ring_full',
  'lost_copy_failed',
  'skipped_not_ip',
  'skipped_other_protocol',
  'skipped_other_port',
  'skipped_fragment',
  'skipped_cut_header',
  'skipped_malformed',
  'skipped_no_payload',
  'skipped_sampled',
  'submitted_parsed',
] as const;
export type KernelCounter = (typeof KERNEL_COUNTER_NAMES)[number];

/** what a `message` of a message record is: any line, answers that are one word, lines without anything unusual, a further key of the get or line before it, or a binary frame */
export const MESSAGE_FORM_NAMES = [
  'line',
  'value',
  'end',
  'stored',
  'not_stored',
  'exists',
  'not_found',
  'deleted',
  'touched',
  'ok',
  'get',
  'set',
  'key',
  'binary',
] as const;
export type MessageForm = (typeof MESSAGE_FORM_NAMES)[number];

/** columns of a block, in the order of its payload */
export const COLUMN_NAMES = [
  'shape',
  'time',
  'ordinal',
  'conn',
  'key',
  'value_size',
  'latency',
  'flags',
  'ttl',
  'delta',
  'initial',
  'cas_new',
  'vivify',
  'recache',
  'ttl_left',
  'opaque',
  'sub',
  'key_index',
  'key_hash',
  'key_size',
  'conn_id',
  'conn_kind',
  'conn_time',
  'conn_client',
  'conn_server',
  'conn_port',
] as const;
export type Column = (typeof COLUMN_NAMES)[number];

/** Byte offsets. what leaves the kernel with a key sample: a request of a key of the sample, or an answer to one */
export const KEY_RECORD = {
  /** u64: CLOCK_MONOTONIC, ns */
  time: 0,
  /** u64: SipHash-2-4 of the key; 0: an answer that names no key */
  hash: 8,
  /** u32: the connection, by a hash */
  flow: 16,
  /** u32: number of the request in its connection, among those with an answer; of an answer that of its request */
  number: 20,
  /** u32: bytes of the value, where there is one */
  value_size: 24,
  /** i32: as sent, where there is one */
  ttl: 28,
  /** u8: enum op; of an answer enum count_answer */
  what: 32,
  /** u8: KEY_IS_*, KEY_HAS_* */
  bits: 33,
  /** u8: bytes of the key */
  key_size: 34,
  /** u8: mode of a meta command, a letter as sent; 0: none */
  mode: 35,
  SIZE: 40,
} as const;

/** Byte offsets. read-only data of the counting program, set before it is loaded */
export const COUNT_SETTINGS = {
  /** u32: layout hash of the build; the host refuses an object with another one */
  layout_hash: 0,
  /** u32: latency is measured of requests whose hashed sequence number has none of these bits */
  latency_mask: 4,
  /** u64: seed of the hash of connections */
  seed: 8,
  /** u64: keys belong to the sample whose hash has an upper half below it; 0: no key sample */
  key_limit: 16,
  /** u64: lower half of the secret for keys */
  key0: 24,
  /** u64: upper half of the secret for keys */
  key1: 32,
  SIZE: 40,
} as const;

/** Byte offsets. state of the batch ring, one for each memory; only the host uses it, through Atomics */
export const CONTROL = {
  /** i32: number of the next slot to fill, by the main thread; its complement where the workers fill slots from a file. Slot k is at index k % slots */
  next: 0,
  /** i32: number of the next slot to index */
  indexed: 4,
  /** i32: 1 + the worker that is indexing a slot, 0: none */
  lock: 8,
  /** i32: incremented and notified at every change that a worker may wait for */
  signal: 12,
  /** i32: incremented whenever a slot may have become free; the source waits on it */
  done: 16,
  /** i32: 1 once the source publishes no more slots */
  ended: 20,
  /** i32: 1 once indexing must stop because a limit was reached */
  stop: 24,
  /** i32: sealed blocks that reached the writer; workers wait while the writer is far behind */
  blocks_written: 28,
  /** i32: incremented to make every worker seal its open block */
  flush: 32,
  /** i32: number of the last capture that was found broken, 0: none */
  broken: 36,
  /** i32: incremented when the workers no longer read the file; the source waits on it */
  returned: 40,
  /** i32: descriptor of the file the workers read */
  file: 44,
  /** i32: number of the first slot that they fill from this file */
  file_slot: 48,
  /** u64: offset of that slot in the file */
  file_offset: 56,
  /** u64: offset up to which the workers have walked the file */
  file_walked: 64,
  SIZE: 72,
} as const;

/** Byte offsets. state of the record walk, handed from slot to slot under the index lock */
export const INDEX_STATE = {
  /** u64: packets walked so far */
  ordinal: 0,
  /** u64: packets of the server ports so far */
  matched: 8,
  /** u64: packets of the server ports after which the walk stops (0: never) */
  limit: 16,
  /** u64: time of the first record, in units */
  first_time: 24,
  /** u64: time of the latest record, in units */
  last_time: 32,
  /** u64: units of packet time after which the walk stops (0: never) */
  duration: 40,
  /** u64: units in a second */
  second: 48,
  /** u64: units in one fraction of a second of a classic pcap record header */
  fraction: 56,
  /** u32: bytes in the carry area, of a record that goes on in the next slot */
  carry_size: 64,
  /** u32: address of the carry area, SLOT_HEADROOM bytes */
  carry: 68,
  /** u32: enum container of the current capture */
  container: 72,
  /** u32: enum linktype of a classic pcap file, or of a live source */
  linktype: 76,
  /** u32: 1 where headers are big-endian */
  swapped: 80,
  /** u32: 1 once a record header was invalid; the rest of the capture is skipped */
  error: 84,
  /** u32: 1 once the packet limit was reached, 2 once the duration was, else 0 */
  ended: 88,
  /** u32: number of the current capture, from 1 */
  capture: 92,
  /** u32: number of the first capture that was broken or ended within a record, 0: none */
  broken: 96,
  /** u32: 1 once first_time is set; 2 where it is set and the first packet of another capture or section is still to come */
  clocked: 100,
  /** u32: pcapng: 1 after the first section header */
  begun: 104,
  /** u32: pcapng: bytes to skip before the trailing length of the block */
  skip: 108,
  /** u32: pcapng: trailing length expected after these bytes, 0: none */
  trailer: 112,
  /** u32: address of the table of INTERFACES_MAX interfaces */
  interfaces: 116,
  /** u32: pcapng: interfaces of the section so far */
  interface_count: 120,
  /** u32: address of the table of DATAGRAMS_MAX fragmented datagrams */
  datagrams: 124,
  /** u32: one in this many connections is decoded; 0 and 1: all */
  sample: 128,
  /** u32: bytes of a packet that are decoded */
  snaplen: 132,
  /** u64: time of the first record of the current capture or section, in units */
  begin_time: 136,
  /** u64: other ports on which traffic looks like memcached (low half, 0: free), and the packets seen there (high half) */
  elsewhere: 144,
  /** u32: packets of other ports so far; wraps */
  elsewhere_looked: 208,
  SIZE: 216,
} as const;

/** Byte offsets. one interface of a pcapng section */
export const CAPTURE_INTERFACE = {
  /** i64: seconds to add to the times of its packets (if_tsoffset) */
  offset: 0,
  /** u64: packets lost so far by its interface statistics */
  dropped: 8,
  /** u32: enum linktype */
  linktype: 16,
  /** u32: most bytes captured of a packet, 0: no limit */
  snaplen: 20,
  /** u32: if_tsresol: the unit of time is 10^-n s, or 2^-n s where the highest of its 8 bits is set */
  resolution: 24,
  SIZE: 32,
} as const;

/** Byte offsets. head of a packet, which the record walk writes over the record header, right before the captured bytes */
export const PACKET_HEAD = {
  /** u64: time of capture, units since 1970 */
  time: 0,
  /** u32: bytes captured */
  captured: 8,
  /** u32: bytes on the wire */
  length: 12,
  SIZE: 16,
} as const;

/** Byte offsets. an IP datagram of which fragments are missing; after the table, each has a bitmap of its received pieces of 8 bytes, and its bytes */
export const DATAGRAM = {
  /** u64: source address; IPv4 in the low half */
  source0: 0,
  /** u64: second half of an IPv6 address, else 0 */
  source1: 8,
  /** u64: destination address */
  destination0: 16,
  /** u64: second half of an IPv6 address, else 0 */
  destination1: 24,
  /** u32: identification field of the IP header */
  id: 32,
  /** u32: IP protocol number of the transport */
  protocol: 36,
  /** u32: 4 or 6, 0: this entry is free */
  family: 40,
  /** u32: fragments received */
  packets: 44,
  /** u64: time of the fragment received first, in units */
  begun: 48,
  /** u32: bytes of its fragments on the wire, link headers included */
  wire: 56,
  /** u32: payload bytes received */
  received: 60,
  /** u32: payload bytes of the datagram, 0 until the last fragment is received */
  size: 64,
  /** u32: end of the highest piece received, bytes */
  highest: 68,
  /** u64: IP header of the first fragment, without options or extension headers */
  header: 72,
  SIZE: 112,
} as const;

/** Byte offsets. one direction of a flow */
export const SIDE = {
  /** u32: sequence number of the next byte to deliver; set once `known` */
  next: 0,
  /** u32: highest acknowledgement number that the peer sent for this side's bytes */
  acked: 4,
  /** u32: address of the first early segment; they are linked by sequence number */
  queue: 8,
  /** u32: bytes charged for the early segments; a small one is charged more than it has */
  queued: 12,
  /** u32: bytes still to come of a value, its CRLF included, or of a header that is skipped */
  skip: 16,
  /** u32: address of the buffer of an incomplete line, 0: none */
  line: 20,
  /** u32: bytes in that buffer */
  line_size: 24,
  /** u8: low bits of the interface on which its last segment was captured */
  ifindex: 28,
  /** u8: 1 once a right checksum was seen: from then on a wrong one means that the receiver dropped the segment */
  sums: 29,
  /** u16: window of its last segment, in network order */
  window: 30,
  /** u32: sequence number of the SYN, or of the first byte seen where the handshake was not captured */
  initial: 32,
  /** u32: time stamp of the last segment in order, 0: none */
  stamp: 36,
  /** u64: time of the packet that brought the first byte of the line */
  line_time: 40,
  /** u64: ordinal of that packet */
  line_ordinal: 48,
  /** u64: ordinal of the packet in which the last request began */
  began_ordinal: 56,
  /** u32: requests that began in that packet */
  began: 64,
  /** u8: parser state: CLIENT_* or SERVER_* */
  state: 68,
  /** u8: KNOWN_*: whether `next` is set */
  known: 69,
  /** u8: 1 once a complete line or header of this side was read */
  spoken: 70,
  /** u8: 1 once its FIN was delivered */
  fin_done: 71,
  /** u32: of a TLS record in mid-stream: bytes to come, and in the low three bits the header bytes seen */
  record: 72,
  SIZE: 80,
} as const;

/** Byte offsets. one TCP connection, or one exchange over UDP; its two sides follow it in memory, the client first */
export const FLOW = {
  /** u32: address of the next flow that was idle longer, 0: none */
  older: 0,
  /** u32: address of the next flow that was idle shorter, 0: none */
  newer: 4,
  /** u32: flow hash */
  hash: 8,
  /** u32: connection number within the worker */
  conn: 12,
  /** u64: client's address: first half of IPv6, or IPv4 */
  client_high: 16,
  /** u64: second half of an IPv6 address, else 0 */
  client_low: 24,
  /** u64: server's address */
  server_high: 32,
  /** u64: second half of an IPv6 address, else 0 */
  server_low: 40,
  /** u32: in network order: client's port in the low half, server's in the high */
  ports: 48,
  /** u8: OVER_* or UDP_PEER: transport */
  transport: 52,
  /** u8: SYNC_*: whether it is in sync, so that events are recorded */
  sync: 53,
  /** u8: FLOW_*: kind of traffic */
  kind: 54,
  /** u8: failed attempts to synchronise since the last success */
  failures: 55,
  /** u32: bytes of payload that were parsed, but whose request is not proven yet */
  held: 56,
  /** u16: segments seen since delivery got stuck, 0: not stuck */
  stuck: 60,
  /** u8: 1 where the server may still answer client bytes that were skipped: since then it has sent nothing that acknowledges all of them */
  owed: 62,
  /** u8: 1 once the server took the length of an ms from a flag S, as releases before 1.6.10 do */
  size_flags: 63,
  /** u64: time when delivery got stuck */
  stuck_time: 64,
  /** u32: address of the oldest pending request */
  head: 72,
  /** u32: address of the newest pending request */
  tail: 76,
  /** u32: number of pending requests */
  pending: 80,
  /** u32: address of the request whose line or value is still arriving */
  current: 84,
  /** u8: AUTH_*: whether the server is known to ask for credentials */
  auth: 88,
  /** u8: WHY_*: why the flow is, or was last, out of sync; UNSYNCED_COUNTED: it is counted as an unsynced flow */
  unsynced: 89,
  /** u8: 1 once its opening was recorded */
  opened: 90,
  /** u8: 1 where the handshake was seen */
  from_syn: 91,
  /** u8: 1 once its protocol is certain, and will not be detected again */
  settled: 92,
  /** u8: LOGIN_*: whether the first value, as far as it was read, looks like credentials */
  login: 93,
  /** u8: AGREED_*: options of both SYNs, where both were seen; SEEN_TWICE, UNCUT */
  agreed: 94,
  /** u8: window scales, where both sides agreed on scaling: the client's in the low half */
  scales: 95,
  /** u64: time of the SYN, or of the first payload */
  open_time: 96,
  /** u64: time of the latest packet */
  last_time: 104,
  /** u8: once the client has reset it: segments seen since, the RST included; else 0 */
  reset: 112,
  /** u8: HALF_*: which side alone is read, because no packet of the other was captured */
  half: 113,
  /** u8: consecutive complete TLS records in mid-stream */
  records: 114,
  /** u8: consecutive segments that ended where such a record did */
  borders: 115,
  /** u32: time between the captures of the SYN and of its duplicate, in units of the packets; 0: no duplicate */
  copy_lag: 116,
  /** u32: sequence number behind the client's segment with which it became tentatively in sync */
  tried_to: 120,
  /** u8: times that whole packets of it were asked for (assembly/flow/uncut.ts) */
  asked: 124,
  /** u8: exchanges in a row that fit while it was tentatively in sync */
  fits: 125,
  SIZE: 128,
} as const;

/** Byte offsets. of an exchange over UDP: the answer that is arriving, as datagrams in any order */
export const EXCHANGE = {
  /** u32: where the answer starts in the server's stream */
  start: 0,
  /** u32: datagrams of the answer received so far */
  arrived: 4,
  SIZE: 8,
} as const;

/** Byte offsets. a handshake seen, or how a flow began, in a table that forgets the oldest: it lets a flow start in sync, and tells duplicates of a connection */
export const SYN = {
  /** u64: time of the SYN */
  time: 0,
  /** u32: flow hash */
  hash: 8,
  /** u32: client's initial sequence number, or its next one where the flow began in mid-stream */
  client: 12,
  /** u32: the same of the server */
  server: 16,
  /** u16: client's port, in network order */
  client_port: 20,
  /** u16: server's port, in network order */
  server_port: 22,
  /** u8: SYN_*: what is known */
  state: 24,
  /** u8: AGREED_*: options of the client's SYN; once the server answered, options of both */
  agreed: 25,
  /** u16: window of the server's SYN-ACK */
  window: 26,
  /** u8: window scales: the client's in the low half */
  scales: 28,
  /** u8: 1 where the client offered window scaling */
  scaled: 29,
  /** u8: 1 where the flow began without a handshake */
  midstream: 30,
  /** u8: bytes of the first payload that `first` covers; the high bit is set where the server sent it */
  first_size: 31,
  /** u32: time stamp of the client's SYN, 0: none */
  client_stamp: 32,
  /** u32: time stamp of the server's SYN-ACK, 0: none */
  server_stamp: 36,
  /** u32: sequence number after the last byte of the client, once the flow is over */
  client_end: 40,
  /** u32: the same of the server */
  server_end: 44,
  /** u32: hash of the client's address */
  address: 48,
  /** u32: fingerprint of the first payload */
  first: 52,
  /** u32: as the flow's, until it begins */
  copy_lag: 56,
  SIZE: 64,
} as const;

/** Byte offsets. head of one slot of the batch ring */
export const SLOT = {
  /** u32: bytes of the chunk */
  size: 0,
  /** i32: 0: not filled; 1 + the worker that reads into it; -1: filled by the main thread, -2: by a worker */
  filled: 4,
  /** u32: number of the capture that begins with this slot, from 1; 0: none begins */
  capture: 8,
  /** u32: enum container of a capture that begins */
  container: 12,
  /** u32: enum linktype of a classic pcap file that begins */
  linktype: 16,
  /** u32: 1 where its headers are big-endian */
  swapped: 20,
  /** u32: units in one fraction of a second of its record headers */
  fraction: 24,
  /** u64: ordinal of its first packet */
  base_ordinal: 32,
  SIZE: 40,
} as const;

/** Byte offsets. one entry of an index list: a TCP segment or UDP datagram for one worker */
export const SEGMENT = {
  /** u32: address of its packet_head */
  head: 0,
  /** u32: flow hash, symmetric */
  hash: 4,
  /** u32: number of the packet within the slot, with SEGMENT_UDP set for a UDP datagram */
  ordinal: 8,
  /** u16: TCP or UDP header, bytes after the packet head */
  l4_offset: 12,
  /** u8: IP header, bytes after the packet head */
  l3_offset: 14,
  /** u8: low bits of the interface it was captured on, 0 where the capture does not tell */
  seen_on: 15,
  SIZE: 16,
} as const;

/** Byte offsets. the current packet of an instance, or a packet that waited: framing sets its addresses and flow hash, TCP and UDP its payload */
export const PACKET = {
  /** u64: time of capture, in units */
  time: 0,
  /** u64: number of the packet in its source; in the record walk, in its slot */
  ordinal: 8,
  /** u32: address of its first byte of payload */
  payload: 16,
  /** u32: bytes of payload on the wire */
  size: 20,
  /** u32: bytes of that payload that were captured */
  captured: 24,
  /** u32: 1 where `payload` is the first payload byte of a packet, not a later one */
  starts: 28,
  /** u32: sequence number of its first byte of payload */
  sequence: 32,
  /** u32: acknowledgement number */
  ack: 36,
  /** u32: flags of its TCP header, and IS_* of assembly/tcp/overlap.ts */
  flags: 40,
  /** u32: CLIENT or SERVER: the side of its flow that sent it; set once the flow is found */
  side: 44,
  /** u32: address of the IP header */
  ip: 48,
  /** u32: address of the TCP or UDP header */
  l4: 52,
  /** u32: address after the captured bytes */
  end: 56,
  /** u32: bytes on the wire from the TCP or UDP header on */
  rest: 60,
  /** u32: bytes on the wire, link header included */
  length: 64,
  /** u32: 4 or 6 */
  family: 68,
  /** u32: protocol number of TCP or UDP */
  protocol: 72,
  /** u32: interface it was captured on, 0 where the source does not tell */
  seen_on: 76,
  /** u32: flow hash */
  hash: 80,
  /** u32: in the record walk, the hash that chooses its worker */
  shared: 84,
  /** u32: in network order: source in the low half */
  ports: 88,
  /** u32: values left out of its captured bytes; its `ring_hole`s lie right before the IP header */
  holes: 92,
  /** u32: address of the first `message` of its message record, up to `end`; 0 where its bytes were captured. Then `ip` and `l4` are the places from which addresses and ports lie as in headers, and nothing else does */
  messages: 96,
  /** u32: window of its message record, in network order */
  window: 100,
  /** u64: source address: first half of IPv6, or IPv4 */
  source_high: 104,
  /** u64: second half of an IPv6 address, else 0 */
  source_low: 112,
  /** u64: destination address: first half of IPv6, or IPv4 */
  destination_high: 120,
  /** u64: second half of an IPv6 address, else 0 */
  destination_low: 128,
  SIZE: 136,
} as const;

/** Byte offsets. configuration of an instance, set before its first packet */
export const CONFIG = {
  /** u64: first half of the SipHash secret for keys, little-endian as in the reference code */
  key0: 0,
  /** u64: second half of that secret */
  key1: 8,
  /** u64: first half of the secret for addresses and opaques */
  address_key0: 16,
  /** u64: second half of that secret */
  address_key1: 24,
  /** u64: seed of the flow hash and of key fingerprints, the same in every worker */
  hash_seed: 32,
  /** u32: number of workers */
  workers: 40,
  /** u32: index of this worker, from 0 */
  worker: 44,
  /** u32: 1: hand event records to the host; 0: build blocks */
  events_out: 48,
  /** u32: address of the bitmap of server ports */
  ports: 52,
  /** u32: address of the index state */
  index_state: 56,
  /** u32: address of this instance's counters */
  counters: 60,
  /** u32: address of the current packet */
  packet: 64,
  /** u32: address of this instance's block_info */
  block_info: 68,
  /** u32: address of the flow hash table, flow_bucket_count entries of u64 */
  flow_buckets: 72,
  /** u32: entries, a power of two */
  flow_bucket_count: 76,
  /** u32: address of the flow pool */
  flows: 80,
  /** u32: entries of the flow pool */
  flow_count: 84,
  /** u32: address of the table of SYNs */
  syns: 88,
  /** u32: entries, a power of two */
  syn_count: 92,
  /** u32: address of the pool of pending requests */
  requests: 96,
  /** u32: address after that pool */
  requests_end: 100,
  /** u32: address of the pool of key chunks for multigets */
  keys: 104,
  /** u32: address after that pool */
  keys_end: 108,
  /** u32: address of the pool of chunks for early segments */
  reorder: 112,
  /** u32: address after that pool */
  reorder_end: 116,
  /** u32: address of the pool of line buffers */
  lines: 120,
  /** u32: address after that pool */
  lines_end: 124,
  /** u32: address of the open block's columns */
  columns: 128,
  /** u32: bytes reserved for each column */
  column_size: 132,
  /** u32: events after which a block is sealed */
  block_events: 136,
  /** u32: address of the cache of the block's keys, sets of u64 (assembly/columns/keys.ts); block_events is below 65536 */
  key_cache: 140,
  /** u32: sets of that cache, a power of two */
  key_cache_sets: 144,
  /** u32: address at which the payload of a sealed block is put together */
  block_out: 148,
  /** u32: bytes of that area */
  block_out_size: 152,
  /** u32: address of the event records handed to the host */
  events: 156,
  /** u32: event records that fit there */
  event_count: 160,
  /** u32: address of the histogram of lag */
  lag: 164,
  /** u32: number of the next connection; it goes on where another instance takes over */
  next_conn: 168,
  /** u32: address of the scratch area, for small tables of the instance */
  scratch: 172,
  /** u32: bytes of the scratch area */
  scratch_size: 176,
  /** u32: address of the bitmap of flows whose packets the BPF program copies whole, 0: none */
  uncut: 180,
  /** u32: 1 where message records may come, which have hashes of keys: fingerprints of keys are then their hashes */
  parsed: 184,
  SIZE: 192,
} as const;

/** Byte offsets. what a worker is doing, so that another can go on where it trapped, hung or died */
export const WORKER_STATE = {
  /** u32: incremented at every change of phase and every block: a worker that works and does not change it is stuck */
  beat: 0,
  /** u32: enum phase */
  phase: 4,
  /** u32: number of the slot of the batch ring, or block of the packet ring, that it decodes next */
  position: 8,
  /** u32: blocks sent so far, which is the sequence number of the next */
  blocks: 12,
  /** u32: 1 while it waits for the writer, in any phase */
  writing: 16,
  /** u32: 1 while seen_after and lost_after are set: from their calculation to the end of the recovery */
  recovering: 20,
  /** u64: current batch: number of its slot, its position in a BPF ring, or number of its block in a packet ring */
  batch: 24,
  /** u64: packets_seen when the current batch began */
  batch_seen: 32,
  /** u64: packets decoded, or skipped for the kind of their flow, when the batch began; where a slot is indexed, packets of any outcome and waiting fragments */
  batch_done: 40,
  /** u64: value of packets_seen after the recovery */
  seen_after: 48,
  /** u64: value of lost_worker_failed after the recovery */
  lost_after: 56,
  /** u64: value of drops before the statistics were last read */
  drops_before: 64,
  /** u64: packets lost before they reached the packet ring, without those in statistics */
  drops: 72,
  /** u32: struct tpacket_stats as the kernel wrote it (linux/if_packet.h): packets and drops; zero once added */
  statistics: 80,
  /** u64: counters of the BPF program for this ring when last read, by enum kernel_counter */
  kernel: 88,
  SIZE: 216,
} as const;

/** Byte offsets. one key of one request with its outcome; times are in units: ns or µs, as in the capture */
export const EVENT_RECORD = {
  /** u64: time of the packet that delivered the request's first byte */
  time: 0,
  /** u64: number of that packet in its source */
  ordinal: 8,
  /** u64: time from the last byte of the request to the first byte of its answer, in units */
  latency: 16,
  /** u64: SipHash-2-4 of the key */
  key_hash: 24,
  /** u64: flags of a meta request: bits 0–25 are a–z, 26–51 are A–Z */
  meta_flags: 32,
  /** u64: client flags */
  flags: 40,
  /** i64: exptime, or the T token, as sent */
  ttl: 48,
  /** u64: incr and decr amount, or the D token */
  delta: 56,
  /** u64: J token, or the initial value of a binary incr or decr */
  initial: 64,
  /** u64: E token */
  cas_new: 72,
  /** i64: N token, or the expiration of what a binary incr or decr creates */
  vivify: 80,
  /** i64: R token */
  recache: 88,
  /** i64: remaining time to live by the t flag of an answer, seconds */
  ttl_left: 96,
  /** u64: keyed hash of the opaque */
  opaque: 104,
  /** u32: bytes of the value */
  value_size: 112,
  /** u32: connection, numbered within the worker */
  conn: 116,
  /** u32: number of requests that began in the same packet before this one */
  sub: 120,
  /** u32: index of the key in its request, from 0 */
  key_index: 124,
  /** u32: bits of enum present */
  present: 128,
  /** u16: bytes of the key, after base64 decoding */
  key_size: 132,
  /** u8: enum op */
  op: 134,
  /** u8: enum status */
  status: 135,
  /** u8: enum proto */
  proto: 136,
  /** u8: enum transport */
  transport: 137,
  /** u8: enum mode */
  mode: 138,
  /** u8: bits of enum mark */
  marks: 139,
  /** u8: bits of enum trait */
  traits: 140,
  SIZE: 144,
} as const;

/** Byte offsets. fields that many events of a block have in common; the shape column indexes a table of shapes */
export const SHAPE = {
  /** u64: as in event_record */
  meta_flags: 0,
  /** u32: as in event_record */
  present: 8,
  /** u8: as in event_record */
  op: 12,
  /** u8: as in event_record */
  status: 13,
  /** u8: as in event_record */
  proto: 14,
  /** u8: as in event_record */
  transport: 15,
  /** u8: as in event_record */
  mode: 16,
  /** u8: as in event_record */
  marks: 17,
  /** u8: as in event_record */
  traits: 18,
  /** u8: client flags, where present has shape_flags */
  flags: 19,
  SIZE: 24,
} as const;

/** Byte offsets. description of a sealed block, for the host */
export const BLOCK_INFO = {
  /** u64: smallest time of its events, in units */
  min_time: 0,
  /** u64: largest time of its events, in units */
  max_time: 8,
  /** u64: time that the first delta is relative to, in units */
  base_time: 16,
  /** u64: ordinal that the first delta is relative to */
  base_ordinal: 24,
  /** u64: time that the delta of the first connection record is relative to, in units */
  base_conn_time: 32,
  /** u32: address of the payload */
  payload: 40,
  /** u32: bytes of the payload */
  payload_size: 44,
  /** u32: number of events */
  events: 48,
  /** u32: number of requests of which the first key is in the block */
  requests: 52,
  /** u32: number of connection records */
  conns: 56,
  /** u32: entries of the shape table */
  shapes: 60,
  /** u32: address of the shape table */
  shape_table: 64,
  /** u32: entries of the key dictionary */
  keys: 68,
  /** u32: bytes of each column, by enum column */
  column_ends: 72,
  SIZE: 176,
} as const;

/** Byte offsets. head of a record of a BPF ring; the bytes of the packet follow, from its IP header on */
export const RING_RECORD = {
  /** u64: CLOCK_MONOTONIC nanoseconds: when the stack of its sender sent it, where that is known, else when it was captured */
  time: 0,
  /** u32: bytes the packet had on the wire, link header included */
  length: 8,
  /** u32: bytes of the packet that follow */
  captured: 12,
  /** u32: flow hash, symmetric, the same as the parser calculates */
  hash: 16,
  /** u32: interface it was captured on */
  ifindex: 20,
  /** u16: TCP or UDP header, bytes after the IP header */
  l4_offset: 24,
  /** u8: 4 or 6 */
  family: 26,
  /** u8: IP protocol number: TCP or UDP */
  protocol: 27,
  /** u8: bytes before the IP header, included in length */
  link_size: 28,
  /** u8: values left out; where it is not 0, HOLES_MAX `ring_hole`s follow before the bytes of the packet, so many of them set, by ascending offset */
  holes: 29,
  SIZE: 32,
} as const;

/** Byte offsets. a value that the BPF program left out of a TCP segment; never one with SYN, FIN, RST or URG */
export const RING_HOLE = {
  /** u32: bytes of the payload before it, as on the wire */
  offset: 0,
  /** u32: bytes left out */
  size: 4,
  SIZE: 8,
} as const;

/** Byte offsets. head of a worker's window where the BPF program fills a perf buffer; a `perf_cursor` for each ring follows */
export const PERF_BUFFER = {
  /** u32: rings of this worker, one for each CPU */
  rings: 0,
  /** u32: bytes of each ring's data, a power of two */
  size: 4,
  /** u32: address of room for a sample that goes on at the beginning of its ring */
  spare: 8,
  SIZE: 16,
} as const;

/** Byte offsets. one ring of a perf buffer in the current batch; positions are bytes since the ring was made */
export const PERF_CURSOR = {
  /** u64: position where the batch began */
  start: 0,
  /** u64: position of the next sample */
  next: 8,
  /** u64: position after the last sample when the batch began */
  end: 16,
  /** u64: time of the next sample, only the parser uses it */
  time: 24,
  /** u32: address of the ring's data */
  data: 32,
  SIZE: 40,
} as const;

/** Byte offsets. head of a record of a BPF ring that stands for a TCP segment of whole messages, of which neither key nor value is in it. Addresses follow as on the wire, source first, of 4 bytes each, or 16 with IPv6, and then `message`s to the end of the record, by ascending place in the segment */
export const MESSAGE_RECORD = {
  /** u64: as in ring_record */
  time: 0,
  /** u32: sequence number of its first byte of payload */
  sequence: 8,
  /** u32: acknowledgement number */
  ack: 12,
  /** u32: as in ring_record */
  hash: 16,
  /** u8: low bits of the interface it was captured on */
  ifindex: 20,
  /** u8: bytes of the headers, link header included */
  headers: 21,
  /** u16: window, in network order */
  window: 22,
  /** u16: bytes of payload */
  size: 24,
  /** u8: 4 or 6 */
  family: 26,
  /** u8: MESSAGE_PROTOCOL */
  protocol: 27,
  /** u32: in network order: source in the low half */
  ports: 28,
  SIZE: 32,
} as const;

/** Byte offsets. a line or binary frame of a message record. Where it has a key, its SipHash-2-4 (u64) follows; then, padded to 8 bytes, client flags and time to live (MESSAGE_NUMBERS), or of form `line` its bytes without key and line end, or of form `binary` header and extras */
export const MESSAGE = {
  /** u8: enum message_form, and bits MESSAGE_* */
  form: 0,
  /** u8: bytes of the key, 0: none */
  key_size: 1,
  /** u8: bytes besides key and value: of the line, its end included, or of header and extras; of form `key`: 1, for the space before it */
  line_size: 2,
  /** u8: bytes before the key */
  key_at: 3,
  /** u32: bytes of the value, which may end behind the segment; where it does not, nor does its line end; 0 without a value */
  value_size: 4,
  SIZE: 8,
} as const;

/** Byte offsets. read-only data of the BPF program, set before it is loaded */
export const KERNEL_SETTINGS = {
  /** u32: layout hash of the build; the host refuses an object with another one */
  layout_hash: 0,
  /** u32: rings in use, one for each worker */
  rings: 4,
  /** u64: seed of the flow hash, the same as in config */
  seed: 8,
  /** u32: most bytes of a packet to submit, from its IP header on */
  snaplen: 16,
  /** u32: 1: segments without payload are submitted, too; 0: they are only counted */
  keep_empty: 20,
  /** u64: shortest time between two wake-ups of a worker, nanoseconds */
  wake_interval: 24,
  /** u64: as in config: for the programs that parse */
  key0: 32,
  /** u64: as in config */
  key1: 40,
  /** u32: as in index_state */
  sample: 48,
  /** u32: 1: the kernel is new enough to tell what clock skb->tstamp is of (5.18), and a monotonic one is taken */
  stamps: 52,
  SIZE: 56,
} as const;
