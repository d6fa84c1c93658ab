// Written by src/layout/emit.ts from src/layout/schema.ts. Do not edit.

export const LAYOUT_VERSION = 1;
export const LAYOUT_HASH = 0x44bbc0a9;

/** largest captured packet, bytes: MAXIMUM_SNAPLEN of libpcap (pcap-int.h) */
export const RECORD_MAX = 262144;
/** bytes of a classic pcap file header (pcap-savefile(5)) */
export const PCAP_HEADER = 24;
/** bytes of a classic pcap record header (pcap-savefile(5)) */
export const PCAP_RECORD_HEADER = 16;
/** bytes of a record header of Kuznetzov's pcap (pcap_sf_patched_pkthdr in sf-pcap.c of libpcap) */
export const PCAP_PATCHED_RECORD_HEADER = 24;
/** bytes before a slot for a record begun in the slot before: RECORD_MAX + 64 */
export const SLOT_HEADROOM = 262208;
/** interfaces of a pcapng section that are told apart */
export const INTERFACES_MAX = 1024;
/** fragmented datagrams put together at a time */
export const DATAGRAMS_MAX = 64;
/** longest datagram, bytes after the IP header (RFC 791, RFC 8200) */
export const DATAGRAM_MAX = 65535;
/** bytes of a slot for the datagrams that become whole in it */
export const DATAGRAM_ROOM = 262144;
/** bytes before the first entry of an index list: how many there are (u32), and a pad */
export const LIST_HEAD = 16;
/** ports that look like those of a memcached nobody named, at most */
export const ELSEWHERE_PORTS = 8;
/** packets of other ports that are looked at one by one */
export const ELSEWHERE_LOOKED = 4096;
/** behind them one of so many is */
export const ELSEWHERE_SAMPLE = 16;
/** bit of an entry of an index list: it is a UDP datagram */
export const SEGMENT_UDP = 2147483648;
/** fewest bytes of a capture that make an entry of an index list: record 16, IPv4 20, UDP 8 */
export const SEGMENT_MIN = 44;
/** longest key, bytes (KEY_MAX_LENGTH in memcached.h) */
export const KEY_MAX = 250;
/** longest line kept, bytes; memcached closes above it (try_read_command_ascii) */
export const LINE_MAX = 2048;
/** a size that is unknown or absent */
export const NO_SIZE = 4294967295;
/** bytes of a bitmap of all ports */
export const PORT_BITMAP = 8192;
/** room for enum kernel_counter: two cache lines for each CPU and ring */
export const KERNEL_COUNTERS = 16;
/** buckets of the histogram of how late packets are decoded, u64 each: eight to each doubling of nanoseconds */
export const LAG_BUCKETS = 512;
/** largest sealed block of a profile, bytes, its frame included */
export const BLOCK_MAX = 1048576;
/** most bytes of a sealed block besides its payload: its frame, and its map of counts and shapes */
export const ENVELOPE_MAX = 65536;
/** high bits of the hash of a client's port that choose the worker; no set of SYNs is shared by two workers */
export const OWNER_BITS = 13;
/** most bytes of a packet in a ring record: the largest class less its head */
export const RING_CAPTURE_MAX = 131040;

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

/** By the number in a file. */
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

/** memcache protocol of a request */
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

/** meta mode as sent, or what a flag made of the command; `none` where nothing was sent */
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

/** bit numbers of EventRecord.present: which optional fields hold something; shape_flags only in a block's shapes */
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

/** bit numbers of EventRecord.marks: flags only an answer carries */
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

/** what a connection record says */
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

/** per-worker counters, u64 each, in this order in memory; names as they stand in the profile */
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

/** how packets are framed in a capture; `pcap_patched` is pcap with Kuznetzov's longer record headers */
export const CONTAINER_NAMES = [
  'none',
  'pcap',
  'pcapng',
  'pcap_patched',
] as const;
export type Container = (typeof CONTAINER_NAMES)[number];

/** what a worker is at: waiting for packets; a batch; sealing what is open, at a flush or at the end; or reading a slot from a file */
export const PHASE_NAMES = [
  'waiting',
  'decoding',
  'indexing',
  'sealing',
  'reading',
] as const;
export type Phase = (typeof PHASE_NAMES)[number];

/** what the BPF program counts for each CPU and ring, u64 each; names as in enum counter where they are the same */
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
] as const;
export type KernelCounter = (typeof KERNEL_COUNTER_NAMES)[number];

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

/** Byte offsets. one per memory, used through Atomics by the host side only: the batch ring and its ends */
export const CONTROL = {
  /** i32: number of the slot to be filled next by the main thread; its complement where the workers fill slots from a file. Slot k lives at index k % slots */
  next: 0,
  /** i32: slots indexed so far, by whichever worker held the lock */
  indexed: 4,
  /** i32: 0, or 1 + the worker that indexes a slot */
  lock: 8,
  /** i32: bumped and notified at every change a worker may wait for */
  signal: 12,
  /** i32: bumped whenever a worker is done with a slot; the source waits on it */
  done: 16,
  /** i32: 1 when the source will publish no more */
  ended: 20,
  /** i32: 1 when indexing must stop: a limit was reached */
  stop: 24,
  /** i32: sealed blocks that reached the writer; workers wait while it is far behind */
  blocks_written: 28,
  /** i32: bumped to make every worker seal its open block */
  flush: 32,
  /** i32: number of the latest capture that was found broken, 0: none */
  broken: 36,
  /** i32: bumped when a file the workers read is back; the source waits on it */
  returned: 40,
  /** i32: descriptor of the file the workers read */
  file: 44,
  /** i32: number of the first slot they fill with it */
  file_slot: 48,
  /** u64: offset in it of that slot */
  file_offset: 56,
  /** u64: offset up to which they have walked it */
  file_walked: 64,
  SIZE: 72,
} as const;

/** Byte offsets. state of the record walk, handed from slot to slot under the index lock */
export const INDEX_STATE = {
  /** u64: packets walked so far */
  ordinal: 0,
  /** u64: packets of the chosen ports so far */
  matched: 8,
  /** u64: matching packets after which the walk stops (0: never) */
  limit: 16,
  /** u64: time of the first record, in units */
  first_time: 24,
  /** u64: time of the latest record, in units */
  last_time: 32,
  /** u64: units of packet time after which packets are no longer taken (0: never) */
  duration: 40,
  /** u64: units in a second */
  second: 48,
  /** u64: units in one of a classic pcap record's fractions of a second */
  fraction: 56,
  /** u32: bytes of a record begun but not ended, kept in the carry area */
  carry_size: 64,
  /** u32: address of the carry area, SLOT_HEADROOM bytes */
  carry: 68,
  /** u32: enum container of the capture at hand */
  container: 72,
  /** u32: enum linktype of a classic pcap file, or of a live source */
  linktype: 76,
  /** u32: 1 where headers have the other byte order */
  swapped: 80,
  /** u32: 1 when a header cannot be one; the rest of the capture is passed over */
  error: 84,
  /** u32: 0 going on, 1 the packet limit was reached, 2 the duration */
  ended: 88,
  /** u32: number of the capture at hand, from 1 */
  capture: 92,
  /** u32: number of the first capture that was broken or ended in a record, 0: none */
  broken: 96,
  /** u32: 1 once first_time is set; 2 where it is, and the first packet of another capture or section is to come */
  clocked: 100,
  /** u32: pcapng: 1 behind the first section header */
  begun: 104,
  /** u32: pcapng: bytes to pass over before the trailing length of the block */
  skip: 108,
  /** u32: pcapng: trailing length expected behind them, 0: none */
  trailer: 112,
  /** u32: address of the table of INTERFACES_MAX interfaces */
  interfaces: 116,
  /** u32: pcapng: interfaces of the section so far */
  interface_count: 120,
  /** u32: address of the table of DATAGRAMS_MAX fragmented datagrams */
  datagrams: 124,
  /** u32: one of so many connections is decoded; 0 and 1: all */
  sample: 128,
  /** u32: bytes of a packet that are looked at */
  snaplen: 132,
  /** u64: time of the first record of the capture or section at hand, in units */
  begin_time: 136,
  /** u64: ports that look like those of a memcached nobody named (low half, 0: free), and packets seen (high half) */
  elsewhere: 144,
  /** u32: packets of other ports so far, wraps */
  elsewhere_looked: 208,
  SIZE: 216,
} as const;

/** Byte offsets. one interface of a pcapng section */
export const CAPTURE_INTERFACE = {
  /** i64: seconds to add to its times (if_tsoffset) */
  offset: 0,
  /** u64: packets lost so far by its statistics */
  dropped: 8,
  /** u32: enum linktype */
  linktype: 16,
  /** u32: most bytes captured of a packet, 0: all */
  snaplen: 20,
  /** u32: if_tsresol: units of its times are 10^-n s, with the highest of 8 bits set 2^-n s */
  resolution: 24,
  SIZE: 32,
} as const;

/** Byte offsets. what the record walk writes over the record header, right before the captured bytes */
export const PACKET_HEAD = {
  /** u64: units since 1970 */
  time: 0,
  /** u32: bytes captured */
  captured: 8,
  /** u32: bytes on the wire */
  length: 12,
  SIZE: 16,
} as const;

/** Byte offsets. a fragmented datagram that is not whole yet; behind all of these lie the bitmaps of their pieces of 8 bytes, each before its bytes */
export const DATAGRAM = {
  /** u64: source address; IPv4 in the low half */
  source0: 0,
  /** u64: second half of an IPv6 address */
  source1: 8,
  /** u64: destination address */
  destination0: 16,
  /** u64: second half */
  destination1: 24,
  /** u32: identification */
  id: 32,
  /** u32: of the transport */
  protocol: 36,
  /** u32: 4 or 6, 0: this place is free */
  family: 40,
  /** u32: fragments that came */
  packets: 44,
  /** u64: time of the first to come, units */
  begun: 48,
  /** u32: bytes of its packets on the wire */
  wire: 56,
  /** u32: bytes that are there */
  received: 60,
  /** u32: bytes in all, 0 until the last fragment came */
  size: 64,
  /** u32: end of the piece that lies highest */
  highest: 68,
  /** u64: IP header of the first fragment, without options */
  header: 72,
  SIZE: 112,
} as const;

/** Byte offsets. one direction of a flow */
export const SIDE = {
  /** u32: sequence number of the next byte to deliver; meaningful when `known` */
  next: 0,
  /** u32: highest acknowledgement the peer sent for this side's bytes */
  acked: 4,
  /** u32: first and only list of segments that came early, by sequence number */
  queue: 8,
  /** u32: bytes in that list, small segments counted as more than they are */
  queued: 12,
  /** u32: bytes still to come of a value (its CRLF included) or of a header being skipped */
  skip: 16,
  /** u32: buffer of a line begun but not ended, 0 where there is none */
  line: 20,
  /** u32: bytes in it */
  line_size: 24,
  /** u8: interface that showed its bytes last; its low bits are enough */
  ifindex: 28,
  /** u8: 1 once a right checksum was seen: from then on a wrong one says that the receiver dropped the segment */
  sums: 29,
  /** u16: window its last segment offered, as it stands in the header */
  window: 30,
  /** u32: sequence number of the SYN, or of the first byte where the handshake was not seen */
  initial: 32,
  /** u32: time stamp of the last segment in order, 0 where there was none */
  stamp: 36,
  /** u64: time of the packet that brought the first byte of the line */
  line_time: 40,
  /** u64: ordinal of that packet */
  line_ordinal: 48,
  /** u64: packet in which requests are being counted */
  began_ordinal: 56,
  /** u32: how many began in it */
  began: 64,
  /** u8: parser state: CLIENT_* or SERVER_* */
  state: 68,
  /** u8: KNOWN_*: whether `next` means something */
  known: 69,
  /** u8: 1 once it has said a whole line */
  spoken: 70,
  /** u8: 1 once its FIN came in order */
  fin_done: 71,
  /** u32: of a TLS record in mid-stream: bytes to come, header bytes seen in the low three bits */
  record: 72,
  SIZE: 80,
} as const;

/** Byte offsets. one TCP connection, or one exchange over UDP, as its worker knows it; its two sides lie behind it, the client first */
export const FLOW = {
  /** u32: neighbour in the list from the longest to the shortest idle */
  older: 0,
  /** u32: the other neighbour */
  newer: 4,
  /** u32: flow hash */
  hash: 8,
  /** u32: connection number within the worker */
  conn: 12,
  /** u64: client's address; IPv4 in this half, the other is 0 */
  client_high: 16,
  /** u64: second half */
  client_low: 24,
  /** u64: server's address */
  server_high: 32,
  /** u64: second half */
  server_low: 40,
  /** u32: in network order: client's port in the low half, server's in the high */
  ports: 48,
  /** u8: OVER_*, UDP_PEER: what carries it */
  transport: 52,
  /** u8: SYNC_*: whether events may be believed */
  sync: 53,
  /** u8: FLOW_*: what kind of traffic this is */
  kind: 54,
  /** u8: failed attempts to synchronise since the last success */
  failures: 55,
  /** u32: bytes of payload parsed whose request is not proven yet */
  held: 56,
  /** u16: segments seen since delivery got stuck, 0 when it is not stuck */
  stuck: 60,
  /** u8: 1 where client bytes were passed over that the server may still answer: it has said nothing since */
  owed: 62,
  /** u8: 1 once its server took the length of an ms from a flag S, as releases before 1.6.10 do */
  size_flags: 63,
  /** u64: time when it got stuck */
  stuck_time: 64,
  /** u32: oldest pending request */
  head: 72,
  /** u32: youngest pending request */
  tail: 76,
  /** u32: pending requests */
  pending: 80,
  /** u32: the request whose line or value is still arriving */
  current: 84,
  /** u8: AUTH_*: whether the server is known to ask for credentials */
  auth: 88,
  /** u8: WHY_*: why nothing is believed, or was not believed last; UNSYNCED_COUNTED: it counts as an unsynced flow */
  unsynced: 89,
  /** u8: 1 once its opening is recorded */
  opened: 90,
  /** u8: 1 where the handshake was seen */
  from_syn: 91,
  /** u8: 1 once it is certain which protocol it speaks: there is no switch later */
  settled: 92,
  /** u8: LOGIN_*: what the first value read so far looks like */
  login: 93,
  /** u8: AGREED_*: options both SYNs had, where both were seen */
  agreed: 94,
  /** u8: how far windows are shifted, where that is agreed: the client's in the low half */
  scales: 95,
  /** u64: time of the SYN, or of the first payload */
  open_time: 96,
  /** u64: time of the latest packet */
  last_time: 104,
  /** u8: once its client reset it: segments seen since, the RST included */
  reset: 112,
  /** u8: HALF_*: which side alone is read, because nothing of the other is captured */
  half: 113,
  /** u8: whole TLS records in a row, in mid-stream */
  records: 114,
  /** u8: segments in a row that ended where such a record did */
  borders: 115,
  /** u32: how far from its SYN a copy of it was captured, by the packets' clock; 0 where none was */
  copy_lag: 116,
  SIZE: 120,
} as const;

/** Byte offsets. of an exchange over UDP: the answer that is arriving, in datagrams of any order */
export const EXCHANGE = {
  /** u32: where it starts in the server's stream */
  start: 0,
  /** u32: datagrams of it that came */
  arrived: 4,
  SIZE: 8,
} as const;

/** Byte offsets. a SYN seen, or how a connection began, in a table that forgets: a flow whose handshake is remembered starts in sync, and a copy of one that began is known */
export const SYN = {
  /** u64: time of the SYN */
  time: 0,
  /** u32: flow hash */
  hash: 8,
  /** u32: client's initial sequence number, or where it stood when the flow began in mid-stream */
  client: 12,
  /** u32: server's */
  server: 16,
  /** u16: client's port in network order: with the hash enough to tell the sides apart */
  client_port: 20,
  /** u16: server's port */
  server_port: 22,
  /** u8: SYN_*: what is known */
  state: 24,
  /** u8: AGREED_*: what the client's offered; once the server answered, what both had */
  agreed: 25,
  /** u16: window the server's offered */
  window: 26,
  /** u8: window scales: the client's in the low half */
  scales: 28,
  /** u8: 1 where the client offered to scale */
  scaled: 29,
  /** u8: 1 where the flow began without a handshake */
  midstream: 30,
  /** u8: bytes of its first payload that `first` is of; in the high bit the side that sent it */
  first_size: 31,
  /** u32: time stamp of the client, 0 where it has none */
  client_stamp: 32,
  /** u32: time stamp of the server, 0 where it has none */
  server_stamp: 36,
  /** u32: behind the last byte of the client, once the flow is over */
  client_end: 40,
  /** u32: behind the server's */
  server_end: 44,
  /** u32: hash of the client's address */
  address: 48,
  /** u32: fingerprint of the first payload */
  first: 52,
  /** u32: as the flow's, until it begins */
  copy_lag: 56,
  SIZE: 64,
} as const;

/** Byte offsets. head of one slot of the batch ring; the index lists follow it */
export const SLOT = {
  /** u32: bytes of the chunk */
  size: 0,
  /** i32: 0: nothing to walk; 1 + the worker that reads into it; -1: filled by the main thread, -2: by a worker */
  filled: 4,
  /** u32: number of the capture that begins with it, from 1; 0: it goes on */
  capture: 8,
  /** u32: enum container of a capture that begins */
  container: 12,
  /** u32: enum linktype of a classic pcap file that begins */
  linktype: 16,
  /** u32: 1 where its headers have the other byte order */
  swapped: 20,
  /** u32: units in one of its records' fractions of a second */
  fraction: 24,
  /** u64: ordinal of its first packet */
  base_ordinal: 32,
  SIZE: 40,
} as const;

/** Byte offsets. one entry of an index list: where a TCP segment or UDP datagram lies and whose it is */
export const SEGMENT = {
  /** u32: address of its packet_head */
  head: 0,
  /** u32: flow hash, symmetric */
  hash: 4,
  /** u32: packet number within the slot; SEGMENT_UDP is set where it is a UDP datagram */
  ordinal: 8,
  /** u16: TCP or UDP header, bytes after the packet head */
  l4_offset: 12,
  /** u8: IP header, bytes after the packet head */
  l3_offset: 14,
  /** u8: low bits of the interface it was seen on, 0 where the capture does not tell */
  seen_on: 15,
  SIZE: 16,
} as const;

/** Byte offsets. the packet an instance is at, or one that waited: framing says where it is and whose, TCP and UDP what is in it */
export const PACKET = {
  /** u64: when it was captured, in units of the recording */
  time: 0,
  /** u64: its number in the source; in the record walk, its number in the slot */
  ordinal: 8,
  /** u32: address of its first byte of payload */
  payload: 16,
  /** u32: bytes of payload on the wire */
  size: 20,
  /** u32: bytes of these that were captured */
  captured: 24,
  /** u32: 1 where `payload` is where the payload of a packet starts */
  starts: 28,
  /** u32: sequence number of its first byte of payload */
  sequence: 32,
  /** u32: acknowledgement number: up to where it says that its sender has the other direction */
  ack: 36,
  /** u32: flags of its TCP header, and IS_* of the reassembly's */
  flags: 40,
  /** u32: CLIENT or SERVER: which side of its flow sent it; meaningful once the flow is found */
  side: 44,
  /** u32: address of the IP header */
  ip: 48,
  /** u32: address of the TCP or UDP header */
  l4: 52,
  /** u32: address behind the captured bytes */
  end: 56,
  /** u32: bytes on the wire from the TCP or UDP header on */
  rest: 60,
  /** u32: bytes on the wire, link header included */
  length: 64,
  /** u32: 4 or 6 */
  family: 68,
  /** u32: protocol number of TCP or UDP */
  protocol: 72,
  /** u32: interface it was seen on, 0 where the source does not tell */
  seen_on: 76,
  /** u32: flow hash */
  hash: 80,
  /** u32: in the record walk, the hash that chooses its worker */
  shared: 84,
  /** u32: in network order: source in the low half */
  ports: 88,
  /** u64: address of the source; IPv4 in this half, the other is 0 */
  source_high: 96,
  /** u64: second half */
  source_low: 104,
  /** u64: address of the destination */
  destination_high: 112,
  /** u64: second half */
  destination_low: 120,
  SIZE: 128,
} as const;

/** Byte offsets. everything an instance is told once, before its first packet */
export const CONFIG = {
  /** u64: first half of the SipHash secret for keys, little-endian as in the reference code */
  key0: 0,
  /** u64: second half */
  key1: 8,
  /** u64: first half of the secret for addresses and opaques */
  address_key0: 16,
  /** u64: second half */
  address_key1: 24,
  /** u64: seed of the flow hash and of key fingerprints, the same in every worker */
  hash_seed: 32,
  /** u32: number of workers that share the flows */
  workers: 40,
  /** u32: index of this one */
  worker: 44,
  /** u32: 1: hand event records to the host; 0: build blocks */
  events_out: 48,
  /** u32: address of a bitmap of 65,536 server ports */
  ports: 52,
  /** u32: address of the index state */
  index_state: 56,
  /** u32: address of this instance's counters */
  counters: 60,
  /** u32: address of the packet at hand */
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
  /** u32: address of the table of SYNs seen, 40 bytes an entry */
  syns: 88,
  /** u32: entries, a power of two */
  syn_count: 92,
  /** u32: address of the pool of pending requests */
  requests: 96,
  /** u32: its end */
  requests_end: 100,
  /** u32: address of the pool of key chunks for multigets */
  keys: 104,
  /** u32: its end */
  keys_end: 108,
  /** u32: address of the pool of chunks for segments that came early */
  reorder: 112,
  /** u32: its end */
  reorder_end: 116,
  /** u32: address of the pool of line buffers */
  lines: 120,
  /** u32: its end */
  lines_end: 124,
  /** u32: address of the open block's columns */
  columns: 128,
  /** u32: bytes reserved for each column */
  column_size: 132,
  /** u32: events after which a block is sealed */
  block_events: 136,
  /** u32: address of the cache of the block's keys, sets of u64 (assembly/columns/keys.ts); block_events is below 65536 */
  key_cache: 140,
  /** u32: its sets, a power of two */
  key_cache_sets: 144,
  /** u32: address where the payload of a sealed block is put together */
  block_out: 148,
  /** u32: bytes there */
  block_out_size: 152,
  /** u32: address of the event records handed to the host */
  events: 156,
  /** u32: entries there */
  event_count: 160,
  /** u32: address of the histogram of how late packets are decoded */
  lag: 164,
  /** u32: number of the next connection: the parser counts it up, also across rebuilds */
  next_conn: 168,
  /** u32: address of small tables of the instance */
  scratch: 172,
  /** u32: bytes there */
  scratch_size: 176,
  SIZE: 184,
} as const;

/** Byte offsets. what a worker was doing, in its region, so that another can go on where it trapped, hung or died */
export const WORKER_STATE = {
  /** u32: bumped at every change of phase and every block: one that stays while at work is stuck */
  beat: 0,
  /** u32: enum phase */
  phase: 4,
  /** u32: slots of the batch ring it is done with; of a packet ring, the block it takes next */
  position: 8,
  /** u32: blocks sent so far: the sequence number of the next */
  blocks: 12,
  /** u32: 1 while it waits for the writer, in whatever phase */
  writing: 16,
  /** u32: 1 once seen_after and lost_after are set, until the recovery is over */
  recovering: 20,
  /** u64: the batch at hand: number of its slot, where it begins in a BPF ring, number of its block in a packet ring */
  batch: 24,
  /** u64: packets_seen when the batch at hand began */
  batch_seen: 32,
  /** u64: packets decoded, or skipped by what their flow is, when it began; before a slot is indexed packets of any outcome, and fragments that wait */
  batch_done: 40,
  /** u64: what a recovery under way makes of packets_seen */
  seen_after: 48,
  /** u64: what it makes of lost_worker_failed */
  lost_after: 56,
  /** u64: what drops was before the statistics were read last */
  drops_before: 64,
  /** u64: packets lost before they reached the packet ring, statistics not counted */
  drops: 72,
  /** u32: packets and drops as the kernel wrote them, zero once they are counted */
  statistics: 80,
  /** u64: what the BPF program counted for the ring when last looked at, by enum kernel_counter */
  kernel: 88,
  SIZE: 216,
} as const;

/** Byte offsets. one key of one request with its outcome; times in units (ns or µs, as the capture has them) */
export const EVENT_RECORD = {
  /** u64: time of the packet that first delivered the request's first byte */
  time: 0,
  /** u64: number of that packet in its source */
  ordinal: 8,
  /** u64: first answer byte − last request byte */
  latency: 16,
  /** u64: SipHash-2-4 of the key */
  key_hash: 24,
  /** u64: flags requested: bits 0–25 are a–z, 26–51 are A–Z */
  meta_flags: 32,
  /** u64: client flags */
  flags: 40,
  /** i64: exptime, or the T token */
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
  /** i64: time to live an answer told (t), seconds */
  ttl_left: 96,
  /** u64: keyed hash of the opaque */
  opaque: 104,
  /** u32: bytes of the value */
  value_size: 112,
  /** u32: connection, numbered within the worker */
  conn: 116,
  /** u32: how many requests began in that packet before this one */
  sub: 120,
  /** u32: position of the key in its request */
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

/** Byte offsets. what events of a block share besides numbers; the shape column indexes a table of these */
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
  /** u8: the client flags, where present has shape_flags */
  flags: 19,
  SIZE: 24,
} as const;

/** Byte offsets. what the host needs to wrap a sealed block */
export const BLOCK_INFO = {
  /** u64: smallest time in it, in units */
  min_time: 0,
  /** u64: largest time in it */
  max_time: 8,
  /** u64: time the first delta starts from */
  base_time: 16,
  /** u64: ordinal the first delta starts from */
  base_ordinal: 24,
  /** u64: time the first connection record's delta starts from */
  base_conn_time: 32,
  /** u32: address of the payload */
  payload: 40,
  /** u32: its bytes */
  payload_size: 44,
  /** u32: events in it */
  events: 48,
  /** u32: requests whose first key is in it */
  requests: 52,
  /** u32: connection records in it */
  conns: 56,
  /** u32: entries of the shape table */
  shapes: 60,
  /** u32: its address */
  shape_table: 64,
  /** u32: entries of the key dictionary */
  keys: 68,
  /** u32: bytes of each column, by enum column */
  column_ends: 72,
  SIZE: 176,
} as const;

/** Byte offsets. what the BPF program writes into a ring before the bytes of a packet, which start at its IP header */
export const RING_RECORD = {
  /** u64: CLOCK_MONOTONIC nanoseconds (bpf_ktime_get_ns) */
  time: 0,
  /** u32: bytes the packet had on the wire, link header included */
  length: 8,
  /** u32: bytes that follow */
  captured: 12,
  /** u32: flow hash, symmetric: the parser takes it as its own */
  hash: 16,
  /** u32: interface it was seen on */
  ifindex: 20,
  /** u16: TCP or UDP header, bytes after the IP header */
  l4_offset: 24,
  /** u8: 4 or 6 */
  family: 26,
  /** u8: IP protocol number: TCP or UDP */
  protocol: 27,
  /** u8: bytes before the IP header, counted in length */
  link_size: 28,
  SIZE: 32,
} as const;

/** Byte offsets. read-only data of the BPF program, filled in before it is loaded */
export const KERNEL_SETTINGS = {
  /** u32: as built; another one is refused */
  layout_hash: 0,
  /** u32: rings in use, one for each worker */
  rings: 4,
  /** u64: seed of the flow hash, the same as in config */
  seed: 8,
  /** u32: bytes of a packet to keep, from its IP header on */
  snaplen: 16,
  /** u32: 1: segments without payload are handed over too, not only counted */
  keep_empty: 20,
  /** u64: nanoseconds between two wake-ups of a worker */
  wake_interval: 24,
  /** u64: the same where more than wake_bytes come in between */
  wake_interval_busy: 32,
  /** u64: bytes of one ring between two wake-ups that count as many */
  wake_bytes: 40,
  /** u32: as in index_state */
  sample: 48,
  SIZE: 56,
} as const;
