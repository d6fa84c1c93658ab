/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* Written by src/layout/emit.ts from src/layout/schema.ts. Do not edit. */
#ifndef MEMBENCH_LAYOUT_H
#define MEMBENCH_LAYOUT_H

#include <linux/types.h>

#define MEMBENCH_LAYOUT_HASH 0xc0971402u

#define MEMBENCH_COUNT_FLOWS 65536u /* entries of the table of connections that the counting program keeps, 64 bytes each */
#define MEMBENCH_COUNT_MESSAGES 256u /* most requests or answers that the counting program reads in one packet */
#define MEMBENCH_COUNT_OPS 64u /* entries reserved for each counter by enum op */
#define MEMBENCH_COUNT_ASKED 64u /* first counter of requests by enum op; a request of several keys counts each */
#define MEMBENCH_COUNT_HITS 128u /* first counter of hits by enum op, where the answer names its command (binary) */
#define MEMBENCH_COUNT_MISSES 192u /* first counter of misses by enum op, where the answer names its command */
#define MEMBENCH_COUNT_ERRORS 256u /* first counter of errors by enum op, where the answer names its command */
#define MEMBENCH_COUNT_ANSWERS 320u /* first counter of answers by enum count_answer */
#define MEMBENCH_COUNT_SIZES_IN 384u /* first counter of sizes of stored values: two for each doubling of bytes */
#define MEMBENCH_COUNT_SIZES_OUT 448u /* first counter of sizes of returned values: two for each doubling of bytes */
#define MEMBENCH_COUNT_LATENCY 512u /* first counter of latencies: eight for each doubling of nanoseconds */
#define MEMBENCH_COUNT_LATENCY_BUCKETS 256u /* counters of latencies */
#define MEMBENCH_COUNT_COUNTERS 768u /* counters of one CPU, u64 each */
#define MEMBENCH_KEY_IS_ANSWER 1u /* bit of key_record.bits: an answer, not a request */
#define MEMBENCH_KEY_IS_COMPLETE 2u /* bit of key_record.bits: the request will be answered; the answer is complete */
#define MEMBENCH_KEY_HAS_VALUE 4u /* bit of key_record.bits: value_size is set */
#define MEMBENCH_KEY_HAS_TTL 8u /* bit of key_record.bits: ttl is set */
#define MEMBENCH_KEY_HAS_FLAGS 16u /* bit of key_record.bits: client flags other than 0 */
#define MEMBENCH_KEY_IS_UNPAIRED 32u /* bit of key_record.bits: what answers the request cannot be told */
#define MEMBENCH_RECORD_MAX 262144u /* largest captured packet, bytes: MAXIMUM_SNAPLEN of libpcap (pcap-int.h) */
#define MEMBENCH_PCAP_HEADER 24u /* bytes of a classic pcap file header (pcap-savefile(5)) */
#define MEMBENCH_PCAP_RECORD_HEADER 16u /* bytes of a classic pcap record header (pcap-savefile(5)) */
#define MEMBENCH_PCAP_PATCHED_RECORD_HEADER 24u /* bytes of a record header of Kuznetzov's pcap (pcap_sf_patched_pkthdr in sf-pcap.c of libpcap) */
#define MEMBENCH_SLOT_HEADROOM 262208u /* bytes before the chunk of a slot, for a record that began in the slot before: RECORD_MAX + 64 */
#define MEMBENCH_INTERFACES_MAX 1024u /* most interfaces of a pcapng section */
#define MEMBENCH_DATAGRAMS_MAX 64u /* most fragmented datagrams that are reassembled at a time */
#define MEMBENCH_DATAGRAM_MAX 65535u /* longest datagram, bytes after the IP header (RFC 791, RFC 8200) */
#define MEMBENCH_DATAGRAM_ROOM 262144u /* bytes of a slot for the datagrams reassembled in it */
#define MEMBENCH_LIST_HEAD 16u /* bytes before the first entry of an index list: the number of entries (u32) and padding */
#define MEMBENCH_ELSEWHERE_PORTS 8u /* most ports outside the given ones on which traffic looks like memcached */
#define MEMBENCH_ELSEWHERE_LOOKED 4096u /* packets of other ports that are all checked, before sampling begins */
#define MEMBENCH_ELSEWHERE_SAMPLE 16u /* after ELSEWHERE_LOOKED packets, one packet in this many is checked */
#define MEMBENCH_SEGMENT_UDP 2147483648u /* bit of `segment.ordinal`: the packet is a UDP datagram */
#define MEMBENCH_SEGMENT_MIN 44u /* fewest bytes of a capture for one entry of an index list: record header 16, IPv4 20, UDP 8 */
#define MEMBENCH_KEY_MAX 250u /* longest key, bytes (KEY_MAX_LENGTH in memcached.h) */
#define MEMBENCH_LINE_MAX 2048u /* longest line kept, bytes; memcached closes the connection above it (try_read_command_ascii) */
#define MEMBENCH_NO_SIZE 4294967295u /* stands for a size that is unknown or absent */
#define MEMBENCH_PORT_BITMAP 8192u /* bytes of a bitmap of all 65,536 ports */
#define MEMBENCH_KERNEL_COUNTERS 16u /* entries reserved for enum kernel_counter, u64 each: two cache lines for each CPU and ring */
#define MEMBENCH_LAG_BUCKETS 512u /* buckets of the histogram of lag, u64 each: eight for each doubling of nanoseconds */
#define MEMBENCH_BLOCK_MAX 1048576u /* largest sealed block of a profile, bytes, its frame included */
#define MEMBENCH_ENVELOPE_MAX 65536u /* most bytes of a sealed block besides its payload: the frame, and the map of counts and shapes */
#define MEMBENCH_OWNER_BITS 13u /* high bits of the hash of a client's port that choose the worker, so that no set of SYNs belongs to two workers */
#define MEMBENCH_RING_CAPTURE_MAX 131040u /* most bytes of a packet in a ring record: the largest size of a record, less its head */
#define MEMBENCH_HOLES_MAX 8u /* most values that the BPF program leaves out of a packet */
#define MEMBENCH_UNCUT_BITMAP 8192u /* bytes of the bitmap of flows whose packets are to be copied whole: bit n % 32 of word n / 32 is set for the flows whose hash begins with the 16 bits n */
#define MEMBENCH_MESSAGE_PROTOCOL 255u /* protocol of a `message_record`, where a `ring_record` has that of its packet; reserved by IANA */
#define MEMBENCH_MESSAGES_MAX 64u /* most `message`s of a message record */
#define MEMBENCH_MESSAGE_LINE_MAX 48u /* most bytes of a line besides its key, without line end, in a `message` */
#define MEMBENCH_MESSAGE_LOGIN 32u /* bit of `message.form`: the value reads like the name and the password of a user, as in assembly/memcache/credentials.ts */
#define MEMBENCH_MESSAGE_NUMBERS 64u /* bit of `message.form`, of a set or value: client flags (u32) and time to live (u32) follow; without it both are 0 */
#define MEMBENCH_MESSAGE_END 128u /* bit of `message.form`, of a value: `END` and its line end come after it */

/* first counters of a CPU; skipped ones are packets of the server ports of which at least a part was not read */
enum membench_count_counter {
	MEMBENCH_COUNT_COUNTER_PACKETS = 0,
	MEMBENCH_COUNT_COUNTER_CONNECTIONS = 1,
	MEMBENCH_COUNT_COUNTER_BYTES_IN = 2,
	MEMBENCH_COUNT_COUNTER_BYTES_OUT = 3,
	MEMBENCH_COUNT_COUNTER_VALUES = 4,
	MEMBENCH_COUNT_COUNTER_VALUES_WITH_CAS = 5,
	MEMBENCH_COUNT_COUNTER_KEY_MISSES = 6,
	MEMBENCH_COUNT_COUNTER_MG_WITHOUT_VALUE = 7,
	MEMBENCH_COUNT_COUNTER_MG_QUIET = 8,
	MEMBENCH_COUNT_COUNTER_META_QUIET = 9,
	MEMBENCH_COUNT_COUNTER_MA_WITH_VALUE = 10,
	MEMBENCH_COUNT_COUNTER_SKIPPED_NOT_IN_STEP = 11,
	MEMBENCH_COUNT_COUNTER_SKIPPED_NO_ROOM = 12,
	MEMBENCH_COUNT_COUNTER_SKIPPED_GAP = 13,
	MEMBENCH_COUNT_COUNTER_SKIPPED_SPLIT_LINE = 14,
	MEMBENCH_COUNT_COUNTER_SKIPPED_UNKNOWN_LINE = 15,
	MEMBENCH_COUNT_COUNTER_SKIPPED_LONG_LINE = 16,
	MEMBENCH_COUNT_COUNTER_SKIPPED_LONG_NUMBER = 17,
	MEMBENCH_COUNT_COUNTER_SKIPPED_TOO_MANY = 18,
	MEMBENCH_COUNT_COUNTER_SKIPPED_REFUSED = 19,
	MEMBENCH_COUNT_COUNTER_SKIPPED_REPEATED = 20,
	MEMBENCH_COUNT_COUNTER_SKIPPED_UNREADABLE = 21,
	MEMBENCH_COUNT_COUNTER_SKIPPED_BOTH_PORTS = 22,
	MEMBENCH_COUNT_COUNTER_SKIPPED_UDP = 23,
	MEMBENCH_COUNT_COUNTER_SKIPPED_FRAGMENT = 24,
	MEMBENCH_COUNT_COUNTER_SKIPPED_CUT_HEADER = 25,
	MEMBENCH_COUNT_COUNTER_SKIPPED_MALFORMED = 26,
	MEMBENCH_COUNT_COUNTER_SKIPPED_KEY_RING_FULL = 27,
	MEMBENCH_COUNT_COUNTER_SKIPPED_KEY_UNREAD = 28,
	MEMBENCH_COUNT_COUNTER_COUNT = 29,
};

/* words that answers begin with, and statuses of binary answers; values are counted apart */
enum membench_count_answer {
	MEMBENCH_COUNT_ANSWER_STORED = 0,
	MEMBENCH_COUNT_ANSWER_NOT_STORED = 1,
	MEMBENCH_COUNT_ANSWER_EXISTS = 2,
	MEMBENCH_COUNT_ANSWER_NOT_FOUND = 3,
	MEMBENCH_COUNT_ANSWER_DELETED = 4,
	MEMBENCH_COUNT_ANSWER_TOUCHED = 5,
	MEMBENCH_COUNT_ANSWER_OK = 6,
	MEMBENCH_COUNT_ANSWER_RESET = 7,
	MEMBENCH_COUNT_ANSWER_END = 8,
	MEMBENCH_COUNT_ANSWER_VERSION = 9,
	MEMBENCH_COUNT_ANSWER_HD = 10,
	MEMBENCH_COUNT_ANSWER_VA = 11,
	MEMBENCH_COUNT_ANSWER_EN = 12,
	MEMBENCH_COUNT_ANSWER_NS = 13,
	MEMBENCH_COUNT_ANSWER_EX = 14,
	MEMBENCH_COUNT_ANSWER_NF = 15,
	MEMBENCH_COUNT_ANSWER_MN = 16,
	MEMBENCH_COUNT_ANSWER_ME = 17,
	MEMBENCH_COUNT_ANSWER_NUMBER = 18,
	MEMBENCH_COUNT_ANSWER_ERROR = 19,
	MEMBENCH_COUNT_ANSWER_CLIENT_ERROR = 20,
	MEMBENCH_COUNT_ANSWER_SERVER_ERROR = 21,
	MEMBENCH_COUNT_ANSWER_BINARY_SUCCESS = 22,
	MEMBENCH_COUNT_ANSWER_BINARY_NOT_FOUND = 23,
	MEMBENCH_COUNT_ANSWER_BINARY_EXISTS = 24,
	MEMBENCH_COUNT_ANSWER_BINARY_NOT_STORED = 25,
	MEMBENCH_COUNT_ANSWER_BINARY_ERROR = 26,
	MEMBENCH_COUNT_ANSWER_COUNT = 27,
};

/* link layers the decoder knows; the numbers in files are LINKTYPE_ values (tcpdump.org/linktypes.html) */
enum membench_linktype {
	MEMBENCH_LINKTYPE_UNKNOWN = 0,
	MEMBENCH_LINKTYPE_ETHERNET = 1,
	MEMBENCH_LINKTYPE_RAW = 2,
	MEMBENCH_LINKTYPE_LINUX_SLL = 3,
	MEMBENCH_LINKTYPE_LINUX_SLL2 = 4,
	MEMBENCH_LINKTYPE_NULL = 5,
	MEMBENCH_LINKTYPE_LOOP = 6,
	MEMBENCH_LINKTYPE_PPP = 7,
	MEMBENCH_LINKTYPE_PPP_WITH_DIR = 8,
	MEMBENCH_LINKTYPE_PPPOE = 9,
	MEMBENCH_LINKTYPE_C_HDLC = 10,
	MEMBENCH_LINKTYPE_MPLS = 11,
	MEMBENCH_LINKTYPE_NFLOG = 12,
	MEMBENCH_LINKTYPE_PKTAP = 13,
	MEMBENCH_LINKTYPE_COUNT = 14,
};

/* protocol of a request */
enum membench_proto {
	MEMBENCH_PROTO_TEXT = 0,
	MEMBENCH_PROTO_META = 1,
	MEMBENCH_PROTO_BINARY = 2,
	MEMBENCH_PROTO_COUNT = 3,
};

/* transport of a request */
enum membench_transport {
	MEMBENCH_TRANSPORT_TCP = 0,
	MEMBENCH_TRANSPORT_UDP = 1,
	MEMBENCH_TRANSPORT_COUNT = 2,
};

/* operations; data commands first, then admin commands */
enum membench_op {
	MEMBENCH_OP_GET = 0,
	MEMBENCH_OP_GETS = 1,
	MEMBENCH_OP_GAT = 2,
	MEMBENCH_OP_GATS = 3,
	MEMBENCH_OP_SET = 4,
	MEMBENCH_OP_ADD = 5,
	MEMBENCH_OP_REPLACE = 6,
	MEMBENCH_OP_APPEND = 7,
	MEMBENCH_OP_PREPEND = 8,
	MEMBENCH_OP_CAS = 9,
	MEMBENCH_OP_DELETE = 10,
	MEMBENCH_OP_INCR = 11,
	MEMBENCH_OP_DECR = 12,
	MEMBENCH_OP_TOUCH = 13,
	MEMBENCH_OP_MG = 14,
	MEMBENCH_OP_MS = 15,
	MEMBENCH_OP_MD = 16,
	MEMBENCH_OP_MA = 17,
	MEMBENCH_OP_ME = 18,
	MEMBENCH_OP_MN = 19,
	MEMBENCH_OP_VERSION = 20,
	MEMBENCH_OP_VERBOSITY = 21,
	MEMBENCH_OP_FLUSH_ALL = 22,
	MEMBENCH_OP_QUIT = 23,
	MEMBENCH_OP_SHUTDOWN = 24,
	MEMBENCH_OP_CACHE_MEMLIMIT = 25,
	MEMBENCH_OP_SLABS = 26,
	MEMBENCH_OP_LRU = 27,
	MEMBENCH_OP_LRU_CRAWLER = 28,
	MEMBENCH_OP_EXTSTORE = 29,
	MEMBENCH_OP_REFRESH_CERTS = 30,
	MEMBENCH_OP_MISBEHAVE = 31,
	MEMBENCH_OP_DEBUGTIME = 32,
	MEMBENCH_OP_DEBUGITEM = 33,
	MEMBENCH_OP_STATS = 34,
	MEMBENCH_OP_WATCH = 35,
	MEMBENCH_OP_AUTH = 36,
	MEMBENCH_OP_NOOP = 37,
	MEMBENCH_OP_SASL_LIST_MECHS = 38,
	MEMBENCH_OP_SASL_AUTH = 39,
	MEMBENCH_OP_SASL_STEP = 40,
	MEMBENCH_OP_UNKNOWN = 41,
	MEMBENCH_OP_COUNT = 42,
};

/* outcome of an operation */
enum membench_status {
	MEMBENCH_STATUS_HIT = 0,
	MEMBENCH_STATUS_MISS = 1,
	MEMBENCH_STATUS_STORED = 2,
	MEMBENCH_STATUS_NOT_STORED = 3,
	MEMBENCH_STATUS_EXISTS = 4,
	MEMBENCH_STATUS_NOT_FOUND = 5,
	MEMBENCH_STATUS_DELETED = 6,
	MEMBENCH_STATUS_TOUCHED = 7,
	MEMBENCH_STATUS_OK = 8,
	MEMBENCH_STATUS_VALUE = 9,
	MEMBENCH_STATUS_ERROR = 10,
	MEMBENCH_STATUS_SILENT = 11,
	MEMBENCH_STATUS_UNANSWERED = 12,
	MEMBENCH_STATUS_COUNT = 13,
};

/* mode of a meta command as sent, or as implied by a flag; `none` where there was none */
enum membench_mode {
	MEMBENCH_MODE_NONE = 0,
	MEMBENCH_MODE_ADD = 1,
	MEMBENCH_MODE_APPEND = 2,
	MEMBENCH_MODE_PREPEND = 3,
	MEMBENCH_MODE_REPLACE = 4,
	MEMBENCH_MODE_SET = 5,
	MEMBENCH_MODE_INCR = 6,
	MEMBENCH_MODE_DECR = 7,
	MEMBENCH_MODE_TOUCH = 8,
	MEMBENCH_MODE_INVALIDATE = 9,
	MEMBENCH_MODE_COUNT = 10,
};

/* bit numbers of EventRecord.present: which optional fields have a value; shape_flags only in the shapes of a block */
enum membench_present {
	MEMBENCH_PRESENT_KEY = 0,
	MEMBENCH_PRESENT_VALUE_SIZE = 1,
	MEMBENCH_PRESENT_LATENCY = 2,
	MEMBENCH_PRESENT_FLAGS = 3,
	MEMBENCH_PRESENT_TTL = 4,
	MEMBENCH_PRESENT_DELTA = 5,
	MEMBENCH_PRESENT_INITIAL = 6,
	MEMBENCH_PRESENT_CAS_NEW = 7,
	MEMBENCH_PRESENT_VIVIFY = 8,
	MEMBENCH_PRESENT_RECACHE = 9,
	MEMBENCH_PRESENT_TTL_LEFT = 10,
	MEMBENCH_PRESENT_OPAQUE = 11,
	MEMBENCH_PRESENT_SUB = 12,
	MEMBENCH_PRESENT_KEY_INDEX = 13,
	MEMBENCH_PRESENT_SHAPE_FLAGS = 14,
	MEMBENCH_PRESENT_COUNT = 15,
};

/* bit numbers of EventRecord.marks: flags that only an answer carries */
enum membench_mark {
	MEMBENCH_MARK_WON = 0,
	MEMBENCH_MARK_STALE = 1,
	MEMBENCH_MARK_SENT = 2,
	MEMBENCH_MARK_COUNT = 3,
};

/* bit numbers of EventRecord.traits */
enum membench_trait {
	MEMBENCH_TRAIT_QUIET = 0,
	MEMBENCH_TRAIT_CAS = 1,
	MEMBENCH_TRAIT_BASE64 = 2,
	MEMBENCH_TRAIT_COUNT = 3,
};

/* kind of a connection record */
enum membench_conn_kind {
	MEMBENCH_CONN_KIND_OPEN_SYN = 0,
	MEMBENCH_CONN_KIND_OPEN_MIDSTREAM = 1,
	MEMBENCH_CONN_KIND_CLOSE_FIN = 2,
	MEMBENCH_CONN_KIND_CLOSE_RST = 3,
	MEMBENCH_CONN_KIND_CLOSE_END = 4,
	MEMBENCH_CONN_KIND_CLOSE_EVICTED = 5,
	MEMBENCH_CONN_KIND_CLOSE_REUSED = 6,
	MEMBENCH_CONN_KIND_COUNT = 7,
};

/* counters of each worker, u64 each, in this order in memory, with the names of the profile */
enum membench_counter {
	MEMBENCH_COUNTER_PACKETS_SEEN = 0,
	MEMBENCH_COUNTER_PACKETS_DECODED = 1,
	MEMBENCH_COUNTER_SKIPPED_NOT_IP = 2,
	MEMBENCH_COUNTER_SKIPPED_OTHER_PROTOCOL = 3,
	MEMBENCH_COUNTER_SKIPPED_OTHER_PORT = 4,
	MEMBENCH_COUNTER_SKIPPED_FRAGMENT = 5,
	MEMBENCH_COUNTER_SKIPPED_CUT_HEADER = 6,
	MEMBENCH_COUNTER_SKIPPED_MALFORMED = 7,
	MEMBENCH_COUNTER_SKIPPED_TLS = 8,
	MEMBENCH_COUNTER_SKIPPED_STRAY = 9,
	MEMBENCH_COUNTER_SKIPPED_NO_PAYLOAD = 10,
	MEMBENCH_COUNTER_SKIPPED_LINKTYPE = 11,
	MEMBENCH_COUNTER_SKIPPED_SAMPLED = 12,
	MEMBENCH_COUNTER_SKIPPED_VXLAN = 13,
	MEMBENCH_COUNTER_SKIPPED_GENEVE = 14,
	MEMBENCH_COUNTER_SKIPPED_GRE = 15,
	MEMBENCH_COUNTER_SKIPPED_IPIP = 16,
	MEMBENCH_COUNTER_SKIPPED_ESP = 17,
	MEMBENCH_COUNTER_LOST_WORKER_FAILED = 18,
	MEMBENCH_COUNTER_LOST_RING_FULL = 19,
	MEMBENCH_COUNTER_LOST_COPY_FAILED = 20,
	MEMBENCH_COUNTER_LOST_BY_KERNEL = 21,
	MEMBENCH_COUNTER_BYTES = 22,
	MEMBENCH_COUNTER_REQUESTS = 23,
	MEMBENCH_COUNTER_EVENTS = 24,
	MEMBENCH_COUNTER_ANSWERED = 25,
	MEMBENCH_COUNTER_UNANSWERED = 26,
	MEMBENCH_COUNTER_HITS = 27,
	MEMBENCH_COUNTER_MISSES = 28,
	MEMBENCH_COUNTER_GAPS = 29,
	MEMBENCH_COUNTER_GAP_BYTES = 30,
	MEMBENCH_COUNTER_VALUE_GAPS = 31,
	MEMBENCH_COUNTER_LEFT_OUT_BYTES = 32,
	MEMBENCH_COUNTER_FLOWS_UNCUT = 33,
	MEMBENCH_COUNTER_PARSED_SEGMENTS = 34,
	MEMBENCH_COUNTER_PARSED_GAPS = 35,
	MEMBENCH_COUNTER_RING_BYTES = 36,
	MEMBENCH_COUNTER_RETRANSMITTED = 37,
	MEMBENCH_COUNTER_DUPLICATES = 38,
	MEMBENCH_COUNTER_OUT_OF_ORDER = 39,
	MEMBENCH_COUNTER_REFUSED_SEGMENTS = 40,
	MEMBENCH_COUNTER_AMBIGUOUS_COPIES = 41,
	MEMBENCH_COUNTER_NEGATIVE_LATENCY = 42,
	MEMBENCH_COUNTER_UNKNOWN_LATENCY = 43,
	MEMBENCH_COUNTER_FLOWS = 44,
	MEMBENCH_COUNTER_FLOWS_UNSYNCED = 45,
	MEMBENCH_COUNTER_UNSYNCED_BYTES = 46,
	MEMBENCH_COUNTER_RESYNCS = 47,
	MEMBENCH_COUNTER_UNKNOWN_COMMANDS = 48,
	MEMBENCH_COUNTER_UNMATCHED_ANSWERS = 49,
	MEMBENCH_COUNTER_AMBIGUOUS_LENGTHS = 50,
	MEMBENCH_COUNTER_AMBIGUOUS_QUIET = 51,
	MEMBENCH_COUNTER_PROXY_HEADERS = 52,
	MEMBENCH_COUNTER_UDP_REFUSED = 53,
	MEMBENCH_COUNTER_SYN_SEEN = 54,
	MEMBENCH_COUNTER_CAPTURES_OVERLAPPING = 55,
	MEMBENCH_COUNTER_PACKETS_CUT = 56,
	MEMBENCH_COUNTER_CUT_CAPTURED = 57,
	MEMBENCH_COUNTER_FLOWS_WITHOUT_CLIENT = 58,
	MEMBENCH_COUNTER_FLOWS_WITHOUT_SERVER = 59,
	MEMBENCH_COUNTER_BOUND_FLOWS = 60,
	MEMBENCH_COUNTER_BOUND_REQUESTS = 61,
	MEMBENCH_COUNTER_BOUND_KEYS = 62,
	MEMBENCH_COUNTER_BOUND_REORDER = 63,
	MEMBENCH_COUNTER_BOUND_LINES = 64,
	MEMBENCH_COUNTER_BOUND_SYNS = 65,
	MEMBENCH_COUNTER_BOUND_INTERFACES = 66,
	MEMBENCH_COUNTER_BOUND_FRAGMENTS = 67,
	MEMBENCH_COUNTER_PAYLOAD_SEEN = 68,
	MEMBENCH_COUNTER_PAYLOAD_RECORDED = 69,
	MEMBENCH_COUNTER_PAYLOAD_REPEATED = 70,
	MEMBENCH_COUNTER_PAYLOAD_GAP = 71,
	MEMBENCH_COUNTER_PAYLOAD_MISSING = 72,
	MEMBENCH_COUNTER_PAYLOAD_UNSYNCED_MID_STREAM = 73,
	MEMBENCH_COUNTER_PAYLOAD_UNSYNCED_AFTER_GAP = 74,
	MEMBENCH_COUNTER_PAYLOAD_UNSYNCED_NOT_UNDERSTOOD = 75,
	MEMBENCH_COUNTER_PAYLOAD_UNSYNCED_CONTRADICTORY = 76,
	MEMBENCH_COUNTER_PAYLOAD_UNSYNCED_INCOMPLETE = 77,
	MEMBENCH_COUNTER_PAYLOAD_SKIPPED_TLS = 78,
	MEMBENCH_COUNTER_PAYLOAD_SKIPPED_STRAY = 79,
	MEMBENCH_COUNTER_PAYLOAD_SKIPPED_AFTER_QUIT = 80,
	MEMBENCH_COUNTER_PAYLOAD_SKIPPED_STREAM = 81,
	MEMBENCH_COUNTER_PAYLOAD_SKIPPED_PROXY_HEADER = 82,
	MEMBENCH_COUNTER_PAYLOAD_SKIPPED_REFUSED = 83,
	MEMBENCH_COUNTER_COUNT = 84,
};

/* container of a capture; `pcap_patched` is pcap with Kuznetzov's longer record headers */
enum membench_container {
	MEMBENCH_CONTAINER_NONE = 0,
	MEMBENCH_CONTAINER_PCAP = 1,
	MEMBENCH_CONTAINER_PCAPNG = 2,
	MEMBENCH_CONTAINER_PCAP_PATCHED = 3,
	MEMBENCH_CONTAINER_COUNT = 4,
};

/* what a worker is doing: waiting for packets, decoding or indexing a batch, sealing its open block at a flush or the end, or reading a slot from a file */
enum membench_phase {
	MEMBENCH_PHASE_WAITING = 0,
	MEMBENCH_PHASE_DECODING = 1,
	MEMBENCH_PHASE_INDEXING = 2,
	MEMBENCH_PHASE_SEALING = 3,
	MEMBENCH_PHASE_READING = 4,
	MEMBENCH_PHASE_COUNT = 5,
};

/* counters of the BPF program for each CPU and ring, u64 each: a packet is in one of them, in `submitted_parsed` where it became a message record; the same names as in enum counter mean the same */
enum membench_kernel_counter {
	MEMBENCH_KERNEL_COUNTER_SUBMITTED = 0,
	MEMBENCH_KERNEL_COUNTER_LOST_RING_FULL = 1,
	MEMBENCH_KERNEL_COUNTER_LOST_COPY_FAILED = 2,
	MEMBENCH_KERNEL_COUNTER_SKIPPED_NOT_IP = 3,
	MEMBENCH_KERNEL_COUNTER_SKIPPED_OTHER_PROTOCOL = 4,
	MEMBENCH_KERNEL_COUNTER_SKIPPED_OTHER_PORT = 5,
	MEMBENCH_KERNEL_COUNTER_SKIPPED_FRAGMENT = 6,
	MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER = 7,
	MEMBENCH_KERNEL_COUNTER_SKIPPED_MALFORMED = 8,
	MEMBENCH_KERNEL_COUNTER_SKIPPED_NO_PAYLOAD = 9,
	MEMBENCH_KERNEL_COUNTER_SKIPPED_SAMPLED = 10,
	MEMBENCH_KERNEL_COUNTER_SUBMITTED_PARSED = 11,
	MEMBENCH_KERNEL_COUNTER_COUNT = 12,
};

/* what a `message` of a message record is: any line, answers that are one word, lines without anything unusual, a further key of the get or line before it, or a binary frame */
enum membench_message_form {
	MEMBENCH_MESSAGE_FORM_LINE = 0,
	MEMBENCH_MESSAGE_FORM_VALUE = 1,
	MEMBENCH_MESSAGE_FORM_END = 2,
	MEMBENCH_MESSAGE_FORM_STORED = 3,
	MEMBENCH_MESSAGE_FORM_NOT_STORED = 4,
	MEMBENCH_MESSAGE_FORM_EXISTS = 5,
	MEMBENCH_MESSAGE_FORM_NOT_FOUND = 6,
	MEMBENCH_MESSAGE_FORM_DELETED = 7,
	MEMBENCH_MESSAGE_FORM_TOUCHED = 8,
	MEMBENCH_MESSAGE_FORM_OK = 9,
	MEMBENCH_MESSAGE_FORM_GET = 10,
	MEMBENCH_MESSAGE_FORM_SET = 11,
	MEMBENCH_MESSAGE_FORM_KEY = 12,
	MEMBENCH_MESSAGE_FORM_BINARY = 13,
	MEMBENCH_MESSAGE_FORM_COUNT = 14,
};

/* columns of a block, in the order of its payload */
enum membench_column {
	MEMBENCH_COLUMN_SHAPE = 0,
	MEMBENCH_COLUMN_TIME = 1,
	MEMBENCH_COLUMN_ORDINAL = 2,
	MEMBENCH_COLUMN_CONN = 3,
	MEMBENCH_COLUMN_KEY = 4,
	MEMBENCH_COLUMN_VALUE_SIZE = 5,
	MEMBENCH_COLUMN_LATENCY = 6,
	MEMBENCH_COLUMN_FLAGS = 7,
	MEMBENCH_COLUMN_TTL = 8,
	MEMBENCH_COLUMN_DELTA = 9,
	MEMBENCH_COLUMN_INITIAL = 10,
	MEMBENCH_COLUMN_CAS_NEW = 11,
	MEMBENCH_COLUMN_VIVIFY = 12,
	MEMBENCH_COLUMN_RECACHE = 13,
	MEMBENCH_COLUMN_TTL_LEFT = 14,
	MEMBENCH_COLUMN_OPAQUE = 15,
	MEMBENCH_COLUMN_SUB = 16,
	MEMBENCH_COLUMN_KEY_INDEX = 17,
	MEMBENCH_COLUMN_KEY_HASH = 18,
	MEMBENCH_COLUMN_KEY_SIZE = 19,
	MEMBENCH_COLUMN_CONN_ID = 20,
	MEMBENCH_COLUMN_CONN_KIND = 21,
	MEMBENCH_COLUMN_CONN_TIME = 22,
	MEMBENCH_COLUMN_CONN_CLIENT = 23,
	MEMBENCH_COLUMN_CONN_SERVER = 24,
	MEMBENCH_COLUMN_CONN_PORT = 25,
	MEMBENCH_COLUMN_COUNT = 26,
};

/* what leaves the kernel with a key sample: a request of a key of the sample, or an answer to one */
struct membench_key_record {
	__u64 time; /* CLOCK_MONOTONIC, ns */
	__u64 hash; /* SipHash-2-4 of the key; 0: an answer that names no key */
	__u32 flow; /* the connection, by a hash */
	__u32 number; /* number of the request in its connection, among those with an answer; of an answer that of its request */
	__u32 value_size; /* bytes of the value, where there is one */
	__s32 ttl; /* as sent, where there is one */
	__u8 what; /* enum op; of an answer enum count_answer */
	__u8 bits; /* KEY_IS_*, KEY_HAS_* */
	__u8 key_size; /* bytes of the key */
	__u8 mode; /* mode of a meta command, a letter as sent; 0: none */
	__u32 pad; /* unused; 0 */
};
_Static_assert(sizeof(struct membench_key_record) == 40, "size of key_record");
_Static_assert(__builtin_offsetof(struct membench_key_record, time) == 0, "key_record.time");
_Static_assert(__builtin_offsetof(struct membench_key_record, hash) == 8, "key_record.hash");
_Static_assert(__builtin_offsetof(struct membench_key_record, flow) == 16, "key_record.flow");
_Static_assert(__builtin_offsetof(struct membench_key_record, number) == 20, "key_record.number");
_Static_assert(__builtin_offsetof(struct membench_key_record, value_size) == 24, "key_record.value_size");
_Static_assert(__builtin_offsetof(struct membench_key_record, ttl) == 28, "key_record.ttl");
_Static_assert(__builtin_offsetof(struct membench_key_record, what) == 32, "key_record.what");
_Static_assert(__builtin_offsetof(struct membench_key_record, bits) == 33, "key_record.bits");
_Static_assert(__builtin_offsetof(struct membench_key_record, key_size) == 34, "key_record.key_size");
_Static_assert(__builtin_offsetof(struct membench_key_record, mode) == 35, "key_record.mode");
_Static_assert(__builtin_offsetof(struct membench_key_record, pad) == 36, "key_record.pad");

/* read-only data of the counting program, set before it is loaded */
struct membench_count_settings {
	__u32 layout_hash; /* layout hash of the build; the host refuses an object with another one */
	__u32 latency_mask; /* latency is measured of requests whose hashed sequence number has none of these bits */
	__u64 seed; /* seed of the hash of connections */
	__u64 key_limit; /* keys belong to the sample whose hash has an upper half below it; 0: no key sample */
	__u64 key0; /* lower half of the secret for keys */
	__u64 key1; /* upper half of the secret for keys */
};
_Static_assert(sizeof(struct membench_count_settings) == 40, "size of count_settings");
_Static_assert(__builtin_offsetof(struct membench_count_settings, layout_hash) == 0, "count_settings.layout_hash");
_Static_assert(__builtin_offsetof(struct membench_count_settings, latency_mask) == 4, "count_settings.latency_mask");
_Static_assert(__builtin_offsetof(struct membench_count_settings, seed) == 8, "count_settings.seed");
_Static_assert(__builtin_offsetof(struct membench_count_settings, key_limit) == 16, "count_settings.key_limit");
_Static_assert(__builtin_offsetof(struct membench_count_settings, key0) == 24, "count_settings.key0");
_Static_assert(__builtin_offsetof(struct membench_count_settings, key1) == 32, "count_settings.key1");

/* state of the batch ring, one for each memory; only the host uses it, through Atomics */
struct membench_control {
	__s32 next; /* number of the next slot to fill, by the main thread; its complement where the workers fill slots from a file. Slot k is at index k % slots */
	__s32 indexed; /* number of the next slot to index */
	__s32 lock; /* 1 + the worker that is indexing a slot, 0: none */
	__s32 signal; /* incremented and notified at every change that a worker may wait for */
	__s32 done; /* incremented whenever a slot may have become free; the source waits on it */
	__s32 ended; /* 1 once the source publishes no more slots */
	__s32 stop; /* 1 once indexing must stop because a limit was reached */
	__s32 blocks_written; /* sealed blocks that reached the writer; workers wait while the writer is far behind */
	__s32 flush; /* incremented to make every worker seal its open block */
	__s32 broken; /* number of the last capture that was found broken, 0: none */
	__s32 returned; /* incremented when the workers no longer read the file; the source waits on it */
	__s32 file; /* descriptor of the file the workers read */
	__s32 file_slot; /* number of the first slot that they fill from this file */
	__u32 pad0; /* zero */
	__u64 file_offset; /* offset of that slot in the file */
	__u64 file_walked; /* offset up to which the workers have walked the file */
};
_Static_assert(sizeof(struct membench_control) == 72, "size of control");
_Static_assert(__builtin_offsetof(struct membench_control, next) == 0, "control.next");
_Static_assert(__builtin_offsetof(struct membench_control, indexed) == 4, "control.indexed");
_Static_assert(__builtin_offsetof(struct membench_control, lock) == 8, "control.lock");
_Static_assert(__builtin_offsetof(struct membench_control, signal) == 12, "control.signal");
_Static_assert(__builtin_offsetof(struct membench_control, done) == 16, "control.done");
_Static_assert(__builtin_offsetof(struct membench_control, ended) == 20, "control.ended");
_Static_assert(__builtin_offsetof(struct membench_control, stop) == 24, "control.stop");
_Static_assert(__builtin_offsetof(struct membench_control, blocks_written) == 28, "control.blocks_written");
_Static_assert(__builtin_offsetof(struct membench_control, flush) == 32, "control.flush");
_Static_assert(__builtin_offsetof(struct membench_control, broken) == 36, "control.broken");
_Static_assert(__builtin_offsetof(struct membench_control, returned) == 40, "control.returned");
_Static_assert(__builtin_offsetof(struct membench_control, file) == 44, "control.file");
_Static_assert(__builtin_offsetof(struct membench_control, file_slot) == 48, "control.file_slot");
_Static_assert(__builtin_offsetof(struct membench_control, pad0) == 52, "control.pad0");
_Static_assert(__builtin_offsetof(struct membench_control, file_offset) == 56, "control.file_offset");
_Static_assert(__builtin_offsetof(struct membench_control, file_walked) == 64, "control.file_walked");

/* state of the record walk, handed from slot to slot under the index lock */
struct membench_index_state {
	__u64 ordinal; /* packets walked so far */
	__u64 matched; /* packets of the server ports so far */
	__u64 limit; /* packets of the server ports after which the walk stops (0: never) */
	__u64 first_time; /* time of the first record, in units */
	__u64 last_time; /* time of the latest record, in units */
	__u64 duration; /* units of packet time after which the walk stops (0: never) */
	__u64 second; /* units in a second */
	__u64 fraction; /* units in one fraction of a second of a classic pcap record header */
	__u32 carry_size; /* bytes in the carry area, of a record that goes on in the next slot */
	__u32 carry; /* address of the carry area, SLOT_HEADROOM bytes */
	__u32 container; /* enum container of the current capture */
	__u32 linktype; /* enum linktype of a classic pcap file, or of a live source */
	__u32 swapped; /* 1 where headers are big-endian */
	__u32 error; /* 1 once a record header was invalid; the rest of the capture is skipped */
	__u32 ended; /* 1 once the packet limit was reached, 2 once the duration was, else 0 */
	__u32 capture; /* number of the current capture, from 1 */
	__u32 broken; /* number of the first capture that was broken or ended within a record, 0: none */
	__u32 clocked; /* 1 once first_time is set; 2 where it is set and the first packet of another capture or section is still to come */
	__u32 begun; /* pcapng: 1 after the first section header */
	__u32 skip; /* pcapng: bytes to skip before the trailing length of the block */
	__u32 trailer; /* pcapng: trailing length expected after these bytes, 0: none */
	__u32 interfaces; /* address of the table of INTERFACES_MAX interfaces */
	__u32 interface_count; /* pcapng: interfaces of the section so far */
	__u32 datagrams; /* address of the table of DATAGRAMS_MAX fragmented datagrams */
	__u32 sample; /* one in this many connections is decoded; 0 and 1: all */
	__u32 snaplen; /* bytes of a packet that are decoded */
	__u64 begin_time; /* time of the first record of the current capture or section, in units */
	__u64 elsewhere[8]; /* other ports on which traffic looks like memcached (low half, 0: free), and the packets seen there (high half) */
	__u32 elsewhere_looked; /* packets of other ports so far; wraps */
	__u32 pad0; /* zero */
};
_Static_assert(sizeof(struct membench_index_state) == 216, "size of index_state");
_Static_assert(__builtin_offsetof(struct membench_index_state, ordinal) == 0, "index_state.ordinal");
_Static_assert(__builtin_offsetof(struct membench_index_state, matched) == 8, "index_state.matched");
_Static_assert(__builtin_offsetof(struct membench_index_state, limit) == 16, "index_state.limit");
_Static_assert(__builtin_offsetof(struct membench_index_state, first_time) == 24, "index_state.first_time");
_Static_assert(__builtin_offsetof(struct membench_index_state, last_time) == 32, "index_state.last_time");
_Static_assert(__builtin_offsetof(struct membench_index_state, duration) == 40, "index_state.duration");
_Static_assert(__builtin_offsetof(struct membench_index_state, second) == 48, "index_state.second");
_Static_assert(__builtin_offsetof(struct membench_index_state, fraction) == 56, "index_state.fraction");
_Static_assert(__builtin_offsetof(struct membench_index_state, carry_size) == 64, "index_state.carry_size");
_Static_assert(__builtin_offsetof(struct membench_index_state, carry) == 68, "index_state.carry");
_Static_assert(__builtin_offsetof(struct membench_index_state, container) == 72, "index_state.container");
_Static_assert(__builtin_offsetof(struct membench_index_state, linktype) == 76, "index_state.linktype");
_Static_assert(__builtin_offsetof(struct membench_index_state, swapped) == 80, "index_state.swapped");
_Static_assert(__builtin_offsetof(struct membench_index_state, error) == 84, "index_state.error");
_Static_assert(__builtin_offsetof(struct membench_index_state, ended) == 88, "index_state.ended");
_Static_assert(__builtin_offsetof(struct membench_index_state, capture) == 92, "index_state.capture");
_Static_assert(__builtin_offsetof(struct membench_index_state, broken) == 96, "index_state.broken");
_Static_assert(__builtin_offsetof(struct membench_index_state, clocked) == 100, "index_state.clocked");
_Static_assert(__builtin_offsetof(struct membench_index_state, begun) == 104, "index_state.begun");
_Static_assert(__builtin_offsetof(struct membench_index_state, skip) == 108, "index_state.skip");
_Static_assert(__builtin_offsetof(struct membench_index_state, trailer) == 112, "index_state.trailer");
_Static_assert(__builtin_offsetof(struct membench_index_state, interfaces) == 116, "index_state.interfaces");
_Static_assert(__builtin_offsetof(struct membench_index_state, interface_count) == 120, "index_state.interface_count");
_Static_assert(__builtin_offsetof(struct membench_index_state, datagrams) == 124, "index_state.datagrams");
_Static_assert(__builtin_offsetof(struct membench_index_state, sample) == 128, "index_state.sample");
_Static_assert(__builtin_offsetof(struct membench_index_state, snaplen) == 132, "index_state.snaplen");
_Static_assert(__builtin_offsetof(struct membench_index_state, begin_time) == 136, "index_state.begin_time");
_Static_assert(__builtin_offsetof(struct membench_index_state, elsewhere) == 144, "index_state.elsewhere");
_Static_assert(__builtin_offsetof(struct membench_index_state, elsewhere_looked) == 208, "index_state.elsewhere_looked");
_Static_assert(__builtin_offsetof(struct membench_index_state, pad0) == 212, "index_state.pad0");

/* one interface of a pcapng section */
struct membench_capture_interface {
	__s64 offset; /* seconds to add to the times of its packets (if_tsoffset) */
	__u64 dropped; /* packets lost so far by its interface statistics */
	__u32 linktype; /* enum linktype */
	__u32 snaplen; /* most bytes captured of a packet, 0: no limit */
	__u32 resolution; /* if_tsresol: the unit of time is 10^-n s, or 2^-n s where the highest of its 8 bits is set */
	__u32 pad0; /* zero */
};
_Static_assert(sizeof(struct membench_capture_interface) == 32, "size of capture_interface");
_Static_assert(__builtin_offsetof(struct membench_capture_interface, offset) == 0, "capture_interface.offset");
_Static_assert(__builtin_offsetof(struct membench_capture_interface, dropped) == 8, "capture_interface.dropped");
_Static_assert(__builtin_offsetof(struct membench_capture_interface, linktype) == 16, "capture_interface.linktype");
_Static_assert(__builtin_offsetof(struct membench_capture_interface, snaplen) == 20, "capture_interface.snaplen");
_Static_assert(__builtin_offsetof(struct membench_capture_interface, resolution) == 24, "capture_interface.resolution");
_Static_assert(__builtin_offsetof(struct membench_capture_interface, pad0) == 28, "capture_interface.pad0");

/* head of a packet, which the record walk writes over the record header, right before the captured bytes */
struct membench_packet_head {
	__u64 time; /* time of capture, units since 1970 */
	__u32 captured; /* bytes captured */
	__u32 length; /* bytes on the wire */
};
_Static_assert(sizeof(struct membench_packet_head) == 16, "size of packet_head");
_Static_assert(__builtin_offsetof(struct membench_packet_head, time) == 0, "packet_head.time");
_Static_assert(__builtin_offsetof(struct membench_packet_head, captured) == 8, "packet_head.captured");
_Static_assert(__builtin_offsetof(struct membench_packet_head, length) == 12, "packet_head.length");

/* an IP datagram of which fragments are missing; after the table, each has a bitmap of its received pieces of 8 bytes, and its bytes */
struct membench_datagram {
	__u64 source0; /* source address; IPv4 in the low half */
	__u64 source1; /* second half of an IPv6 address, else 0 */
	__u64 destination0; /* destination address */
	__u64 destination1; /* second half of an IPv6 address, else 0 */
	__u32 id; /* identification field of the IP header */
	__u32 protocol; /* IP protocol number of the transport */
	__u32 family; /* 4 or 6, 0: this entry is free */
	__u32 packets; /* fragments received */
	__u64 begun; /* time of the fragment received first, in units */
	__u32 wire; /* bytes of its fragments on the wire, link headers included */
	__u32 received; /* payload bytes received */
	__u32 size; /* payload bytes of the datagram, 0 until the last fragment is received */
	__u32 highest; /* end of the highest piece received, bytes */
	__u64 header[5]; /* IP header of the first fragment, without options or extension headers */
};
_Static_assert(sizeof(struct membench_datagram) == 112, "size of datagram");
_Static_assert(__builtin_offsetof(struct membench_datagram, source0) == 0, "datagram.source0");
_Static_assert(__builtin_offsetof(struct membench_datagram, source1) == 8, "datagram.source1");
_Static_assert(__builtin_offsetof(struct membench_datagram, destination0) == 16, "datagram.destination0");
_Static_assert(__builtin_offsetof(struct membench_datagram, destination1) == 24, "datagram.destination1");
_Static_assert(__builtin_offsetof(struct membench_datagram, id) == 32, "datagram.id");
_Static_assert(__builtin_offsetof(struct membench_datagram, protocol) == 36, "datagram.protocol");
_Static_assert(__builtin_offsetof(struct membench_datagram, family) == 40, "datagram.family");
_Static_assert(__builtin_offsetof(struct membench_datagram, packets) == 44, "datagram.packets");
_Static_assert(__builtin_offsetof(struct membench_datagram, begun) == 48, "datagram.begun");
_Static_assert(__builtin_offsetof(struct membench_datagram, wire) == 56, "datagram.wire");
_Static_assert(__builtin_offsetof(struct membench_datagram, received) == 60, "datagram.received");
_Static_assert(__builtin_offsetof(struct membench_datagram, size) == 64, "datagram.size");
_Static_assert(__builtin_offsetof(struct membench_datagram, highest) == 68, "datagram.highest");
_Static_assert(__builtin_offsetof(struct membench_datagram, header) == 72, "datagram.header");

/* one direction of a flow */
struct membench_side {
	__u32 next; /* sequence number of the next byte to deliver; set once `known` */
	__u32 acked; /* highest acknowledgement number that the peer sent for this side's bytes */
	__u32 queue; /* address of the first early segment; they are linked by sequence number */
	__u32 queued; /* bytes charged for the early segments; a small one is charged more than it has */
	__u32 skip; /* bytes still to come of a value, its CRLF included, or of a header that is skipped */
	__u32 line; /* address of the buffer of an incomplete line, 0: none */
	__u32 line_size; /* bytes in that buffer */
	__u8 ifindex; /* low bits of the interface on which its last segment was captured */
	__u8 sums; /* 1 once a right checksum was seen: from then on a wrong one means that the receiver dropped the segment */
	__u16 window; /* window of its last segment, in network order */
	__u32 initial; /* sequence number of the SYN, or of the first byte seen where the handshake was not captured */
	__u32 stamp; /* time stamp of the last segment in order, 0: none */
	__u64 line_time; /* time of the packet that brought the first byte of the line */
	__u64 line_ordinal; /* ordinal of that packet */
	__u64 began_ordinal; /* ordinal of the packet in which the last request began */
	__u32 began; /* requests that began in that packet */
	__u8 state; /* parser state: CLIENT_* or SERVER_* */
	__u8 known; /* KNOWN_*: whether `next` is set */
	__u8 spoken; /* 1 once a complete line or header of this side was read */
	__u8 fin_done; /* 1 once its FIN was delivered */
	__u32 record; /* of a TLS record in mid-stream: bytes to come, and in the low three bits the header bytes seen */
	__u32 pad0; /* zero */
};
_Static_assert(sizeof(struct membench_side) == 80, "size of side");
_Static_assert(__builtin_offsetof(struct membench_side, next) == 0, "side.next");
_Static_assert(__builtin_offsetof(struct membench_side, acked) == 4, "side.acked");
_Static_assert(__builtin_offsetof(struct membench_side, queue) == 8, "side.queue");
_Static_assert(__builtin_offsetof(struct membench_side, queued) == 12, "side.queued");
_Static_assert(__builtin_offsetof(struct membench_side, skip) == 16, "side.skip");
_Static_assert(__builtin_offsetof(struct membench_side, line) == 20, "side.line");
_Static_assert(__builtin_offsetof(struct membench_side, line_size) == 24, "side.line_size");
_Static_assert(__builtin_offsetof(struct membench_side, ifindex) == 28, "side.ifindex");
_Static_assert(__builtin_offsetof(struct membench_side, sums) == 29, "side.sums");
_Static_assert(__builtin_offsetof(struct membench_side, window) == 30, "side.window");
_Static_assert(__builtin_offsetof(struct membench_side, initial) == 32, "side.initial");
_Static_assert(__builtin_offsetof(struct membench_side, stamp) == 36, "side.stamp");
_Static_assert(__builtin_offsetof(struct membench_side, line_time) == 40, "side.line_time");
_Static_assert(__builtin_offsetof(struct membench_side, line_ordinal) == 48, "side.line_ordinal");
_Static_assert(__builtin_offsetof(struct membench_side, began_ordinal) == 56, "side.began_ordinal");
_Static_assert(__builtin_offsetof(struct membench_side, began) == 64, "side.began");
_Static_assert(__builtin_offsetof(struct membench_side, state) == 68, "side.state");
_Static_assert(__builtin_offsetof(struct membench_side, known) == 69, "side.known");
_Static_assert(__builtin_offsetof(struct membench_side, spoken) == 70, "side.spoken");
_Static_assert(__builtin_offsetof(struct membench_side, fin_done) == 71, "side.fin_done");
_Static_assert(__builtin_offsetof(struct membench_side, record) == 72, "side.record");
_Static_assert(__builtin_offsetof(struct membench_side, pad0) == 76, "side.pad0");

/* one TCP connection, or one exchange over UDP; its two sides follow it in memory, the client first */
struct membench_flow {
	__u32 older; /* address of the next flow that was idle longer, 0: none */
	__u32 newer; /* address of the next flow that was idle shorter, 0: none */
	__u32 hash; /* flow hash */
	__u32 conn; /* connection number within the worker */
	__u64 client_high; /* client's address: first half of IPv6, or IPv4 */
	__u64 client_low; /* second half of an IPv6 address, else 0 */
	__u64 server_high; /* server's address */
	__u64 server_low; /* second half of an IPv6 address, else 0 */
	__u32 ports; /* in network order: client's port in the low half, server's in the high */
	__u8 transport; /* OVER_* or UDP_PEER: transport */
	__u8 sync; /* SYNC_*: whether it is in sync, so that events are recorded */
	__u8 kind; /* FLOW_*: kind of traffic */
	__u8 failures; /* failed attempts to synchronise since the last success */
	__u32 held; /* bytes of payload that were parsed, but whose request is not proven yet */
	__u16 stuck; /* segments seen since delivery got stuck, 0: not stuck */
	__u8 owed; /* 1 where the server may still answer client bytes that were skipped: since then it has sent nothing that acknowledges all of them */
	__u8 size_flags; /* 1 once the server took the length of an ms from a flag S, as releases before 1.6.10 do */
	__u64 stuck_time; /* time when delivery got stuck */
	__u32 head; /* address of the oldest pending request */
	__u32 tail; /* address of the newest pending request */
	__u32 pending; /* number of pending requests */
	__u32 current; /* address of the request whose line or value is still arriving */
	__u8 auth; /* AUTH_*: whether the server is known to ask for credentials */
	__u8 unsynced; /* WHY_*: why the flow is, or was last, out of sync; UNSYNCED_COUNTED: it is counted as an unsynced flow */
	__u8 opened; /* 1 once its opening was recorded */
	__u8 from_syn; /* 1 where the handshake was seen */
	__u8 settled; /* 1 once its protocol is certain, and will not be detected again */
	__u8 login; /* LOGIN_*: whether the first value, as far as it was read, looks like credentials */
	__u8 agreed; /* AGREED_*: options of both SYNs, where both were seen; SEEN_TWICE, UNCUT */
	__u8 scales; /* window scales, where both sides agreed on scaling: the client's in the low half */
	__u64 open_time; /* time of the SYN, or of the first payload */
	__u64 last_time; /* time of the latest packet */
	__u8 reset; /* once the client has reset it: segments seen since, the RST included; else 0 */
	__u8 half; /* HALF_*: which side alone is read, because no packet of the other was captured */
	__u8 records; /* consecutive complete TLS records in mid-stream */
	__u8 borders; /* consecutive segments that ended where such a record did */
	__u32 copy_lag; /* time between the captures of the SYN and of its duplicate, in units of the packets; 0: no duplicate */
	__u32 tried_to; /* sequence number behind the client's segment with which it became tentatively in sync */
	__u8 asked; /* times that whole packets of it were asked for (assembly/flow/uncut.ts) */
	__u8 fits; /* exchanges in a row that fit while it was tentatively in sync */
	__u8 pad0[2]; /* zero */
};
_Static_assert(sizeof(struct membench_flow) == 128, "size of flow");
_Static_assert(__builtin_offsetof(struct membench_flow, older) == 0, "flow.older");
_Static_assert(__builtin_offsetof(struct membench_flow, newer) == 4, "flow.newer");
_Static_assert(__builtin_offsetof(struct membench_flow, hash) == 8, "flow.hash");
_Static_assert(__builtin_offsetof(struct membench_flow, conn) == 12, "flow.conn");
_Static_assert(__builtin_offsetof(struct membench_flow, client_high) == 16, "flow.client_high");
_Static_assert(__builtin_offsetof(struct membench_flow, client_low) == 24, "flow.client_low");
_Static_assert(__builtin_offsetof(struct membench_flow, server_high) == 32, "flow.server_high");
_Static_assert(__builtin_offsetof(struct membench_flow, server_low) == 40, "flow.server_low");
_Static_assert(__builtin_offsetof(struct membench_flow, ports) == 48, "flow.ports");
_Static_assert(__builtin_offsetof(struct membench_flow, transport) == 52, "flow.transport");
_Static_assert(__builtin_offsetof(struct membench_flow, sync) == 53, "flow.sync");
_Static_assert(__builtin_offsetof(struct membench_flow, kind) == 54, "flow.kind");
_Static_assert(__builtin_offsetof(struct membench_flow, failures) == 55, "flow.failures");
_Static_assert(__builtin_offsetof(struct membench_flow, held) == 56, "flow.held");
_Static_assert(__builtin_offsetof(struct membench_flow, stuck) == 60, "flow.stuck");
_Static_assert(__builtin_offsetof(struct membench_flow, owed) == 62, "flow.owed");
_Static_assert(__builtin_offsetof(struct membench_flow, size_flags) == 63, "flow.size_flags");
_Static_assert(__builtin_offsetof(struct membench_flow, stuck_time) == 64, "flow.stuck_time");
_Static_assert(__builtin_offsetof(struct membench_flow, head) == 72, "flow.head");
_Static_assert(__builtin_offsetof(struct membench_flow, tail) == 76, "flow.tail");
_Static_assert(__builtin_offsetof(struct membench_flow, pending) == 80, "flow.pending");
_Static_assert(__builtin_offsetof(struct membench_flow, current) == 84, "flow.current");
_Static_assert(__builtin_offsetof(struct membench_flow, auth) == 88, "flow.auth");
_Static_assert(__builtin_offsetof(struct membench_flow, unsynced) == 89, "flow.unsynced");
_Static_assert(__builtin_offsetof(struct membench_flow, opened) == 90, "flow.opened");
_Static_assert(__builtin_offsetof(struct membench_flow, from_syn) == 91, "flow.from_syn");
_Static_assert(__builtin_offsetof(struct membench_flow, settled) == 92, "flow.settled");
_Static_assert(__builtin_offsetof(struct membench_flow, login) == 93, "flow.login");
_Static_assert(__builtin_offsetof(struct membench_flow, agreed) == 94, "flow.agreed");
_Static_assert(__builtin_offsetof(struct membench_flow, scales) == 95, "flow.scales");
_Static_assert(__builtin_offsetof(struct membench_flow, open_time) == 96, "flow.open_time");
_Static_assert(__builtin_offsetof(struct membench_flow, last_time) == 104, "flow.last_time");
_Static_assert(__builtin_offsetof(struct membench_flow, reset) == 112, "flow.reset");
_Static_assert(__builtin_offsetof(struct membench_flow, half) == 113, "flow.half");
_Static_assert(__builtin_offsetof(struct membench_flow, records) == 114, "flow.records");
_Static_assert(__builtin_offsetof(struct membench_flow, borders) == 115, "flow.borders");
_Static_assert(__builtin_offsetof(struct membench_flow, copy_lag) == 116, "flow.copy_lag");
_Static_assert(__builtin_offsetof(struct membench_flow, tried_to) == 120, "flow.tried_to");
_Static_assert(__builtin_offsetof(struct membench_flow, asked) == 124, "flow.asked");
_Static_assert(__builtin_offsetof(struct membench_flow, fits) == 125, "flow.fits");
_Static_assert(__builtin_offsetof(struct membench_flow, pad0) == 126, "flow.pad0");

/* of an exchange over UDP: the answer that is arriving, as datagrams in any order */
struct membench_exchange {
	__u32 start; /* where the answer starts in the server's stream */
	__u32 arrived; /* datagrams of the answer received so far */
};
_Static_assert(sizeof(struct membench_exchange) == 8, "size of exchange");
_Static_assert(__builtin_offsetof(struct membench_exchange, start) == 0, "exchange.start");
_Static_assert(__builtin_offsetof(struct membench_exchange, arrived) == 4, "exchange.arrived");

/* a handshake seen, or how a flow began, in a table that forgets the oldest: it lets a flow start in sync, and tells duplicates of a connection */
struct membench_syn {
	__u64 time; /* time of the SYN */
	__u32 hash; /* flow hash */
	__u32 client; /* client's initial sequence number, or its next one where the flow began in mid-stream */
	__u32 server; /* the same of the server */
	__u16 client_port; /* client's port, in network order */
	__u16 server_port; /* server's port, in network order */
	__u8 state; /* SYN_*: what is known */
	__u8 agreed; /* AGREED_*: options of the client's SYN; once the server answered, options of both */
	__u16 window; /* window of the server's SYN-ACK */
	__u8 scales; /* window scales: the client's in the low half */
	__u8 scaled; /* 1 where the client offered window scaling */
	__u8 midstream; /* 1 where the flow began without a handshake */
	__u8 first_size; /* bytes of the first payload that `first` covers; the high bit is set where the server sent it */
	__u32 client_stamp; /* time stamp of the client's SYN, 0: none */
	__u32 server_stamp; /* time stamp of the server's SYN-ACK, 0: none */
	__u32 client_end; /* sequence number after the last byte of the client, once the flow is over */
	__u32 server_end; /* the same of the server */
	__u32 address; /* hash of the client's address */
	__u32 first; /* fingerprint of the first payload */
	__u32 copy_lag; /* as the flow's, until it begins */
	__u32 pad0; /* zero */
};
_Static_assert(sizeof(struct membench_syn) == 64, "size of syn");
_Static_assert(__builtin_offsetof(struct membench_syn, time) == 0, "syn.time");
_Static_assert(__builtin_offsetof(struct membench_syn, hash) == 8, "syn.hash");
_Static_assert(__builtin_offsetof(struct membench_syn, client) == 12, "syn.client");
_Static_assert(__builtin_offsetof(struct membench_syn, server) == 16, "syn.server");
_Static_assert(__builtin_offsetof(struct membench_syn, client_port) == 20, "syn.client_port");
_Static_assert(__builtin_offsetof(struct membench_syn, server_port) == 22, "syn.server_port");
_Static_assert(__builtin_offsetof(struct membench_syn, state) == 24, "syn.state");
_Static_assert(__builtin_offsetof(struct membench_syn, agreed) == 25, "syn.agreed");
_Static_assert(__builtin_offsetof(struct membench_syn, window) == 26, "syn.window");
_Static_assert(__builtin_offsetof(struct membench_syn, scales) == 28, "syn.scales");
_Static_assert(__builtin_offsetof(struct membench_syn, scaled) == 29, "syn.scaled");
_Static_assert(__builtin_offsetof(struct membench_syn, midstream) == 30, "syn.midstream");
_Static_assert(__builtin_offsetof(struct membench_syn, first_size) == 31, "syn.first_size");
_Static_assert(__builtin_offsetof(struct membench_syn, client_stamp) == 32, "syn.client_stamp");
_Static_assert(__builtin_offsetof(struct membench_syn, server_stamp) == 36, "syn.server_stamp");
_Static_assert(__builtin_offsetof(struct membench_syn, client_end) == 40, "syn.client_end");
_Static_assert(__builtin_offsetof(struct membench_syn, server_end) == 44, "syn.server_end");
_Static_assert(__builtin_offsetof(struct membench_syn, address) == 48, "syn.address");
_Static_assert(__builtin_offsetof(struct membench_syn, first) == 52, "syn.first");
_Static_assert(__builtin_offsetof(struct membench_syn, copy_lag) == 56, "syn.copy_lag");
_Static_assert(__builtin_offsetof(struct membench_syn, pad0) == 60, "syn.pad0");

/* head of one slot of the batch ring */
struct membench_slot {
	__u32 size; /* bytes of the chunk */
	__s32 filled; /* 0: not filled; 1 + the worker that reads into it; -1: filled by the main thread, -2: by a worker */
	__u32 capture; /* number of the capture that begins with this slot, from 1; 0: none begins */
	__u32 container; /* enum container of a capture that begins */
	__u32 linktype; /* enum linktype of a classic pcap file that begins */
	__u32 swapped; /* 1 where its headers are big-endian */
	__u32 fraction; /* units in one fraction of a second of its record headers */
	__u32 pad0; /* zero */
	__u64 base_ordinal; /* ordinal of its first packet */
};
_Static_assert(sizeof(struct membench_slot) == 40, "size of slot");
_Static_assert(__builtin_offsetof(struct membench_slot, size) == 0, "slot.size");
_Static_assert(__builtin_offsetof(struct membench_slot, filled) == 4, "slot.filled");
_Static_assert(__builtin_offsetof(struct membench_slot, capture) == 8, "slot.capture");
_Static_assert(__builtin_offsetof(struct membench_slot, container) == 12, "slot.container");
_Static_assert(__builtin_offsetof(struct membench_slot, linktype) == 16, "slot.linktype");
_Static_assert(__builtin_offsetof(struct membench_slot, swapped) == 20, "slot.swapped");
_Static_assert(__builtin_offsetof(struct membench_slot, fraction) == 24, "slot.fraction");
_Static_assert(__builtin_offsetof(struct membench_slot, pad0) == 28, "slot.pad0");
_Static_assert(__builtin_offsetof(struct membench_slot, base_ordinal) == 32, "slot.base_ordinal");

/* one entry of an index list: a TCP segment or UDP datagram for one worker */
struct membench_segment {
	__u32 head; /* address of its packet_head */
	__u32 hash; /* flow hash, symmetric */
	__u32 ordinal; /* number of the packet within the slot, with SEGMENT_UDP set for a UDP datagram */
	__u16 l4_offset; /* TCP or UDP header, bytes after the packet head */
	__u8 l3_offset; /* IP header, bytes after the packet head */
	__u8 seen_on; /* low bits of the interface it was captured on, 0 where the capture does not tell */
};
_Static_assert(sizeof(struct membench_segment) == 16, "size of segment");
_Static_assert(__builtin_offsetof(struct membench_segment, head) == 0, "segment.head");
_Static_assert(__builtin_offsetof(struct membench_segment, hash) == 4, "segment.hash");
_Static_assert(__builtin_offsetof(struct membench_segment, ordinal) == 8, "segment.ordinal");
_Static_assert(__builtin_offsetof(struct membench_segment, l4_offset) == 12, "segment.l4_offset");
_Static_assert(__builtin_offsetof(struct membench_segment, l3_offset) == 14, "segment.l3_offset");
_Static_assert(__builtin_offsetof(struct membench_segment, seen_on) == 15, "segment.seen_on");

/* the current packet of an instance, or a packet that waited: framing sets its addresses and flow hash, TCP and UDP its payload */
struct membench_packet {
	__u64 time; /* time of capture, in units */
	__u64 ordinal; /* number of the packet in its source; in the record walk, in its slot */
	__u32 payload; /* address of its first byte of payload */
	__u32 size; /* bytes of payload on the wire */
	__u32 captured; /* bytes of that payload that were captured */
	__u32 starts; /* 1 where `payload` is the first payload byte of a packet, not a later one */
	__u32 sequence; /* sequence number of its first byte of payload */
	__u32 ack; /* acknowledgement number */
	__u32 flags; /* flags of its TCP header, and IS_* of assembly/tcp/overlap.ts */
	__u32 side; /* CLIENT or SERVER: the side of its flow that sent it; set once the flow is found */
	__u32 ip; /* address of the IP header */
	__u32 l4; /* address of the TCP or UDP header */
	__u32 end; /* address after the captured bytes */
	__u32 rest; /* bytes on the wire from the TCP or UDP header on */
	__u32 length; /* bytes on the wire, link header included */
	__u32 family; /* 4 or 6 */
	__u32 protocol; /* protocol number of TCP or UDP */
	__u32 seen_on; /* interface it was captured on, 0 where the source does not tell */
	__u32 hash; /* flow hash */
	__u32 shared; /* in the record walk, the hash that chooses its worker */
	__u32 ports; /* in network order: source in the low half */
	__u32 holes; /* values left out of its captured bytes; its `ring_hole`s lie right before the IP header */
	__u32 messages; /* address of the first `message` of its message record, up to `end`; 0 where its bytes were captured. Then `ip` and `l4` are the places from which addresses and ports lie as in headers, and nothing else does */
	__u32 window; /* window of its message record, in network order */
	__u64 source_high; /* source address: first half of IPv6, or IPv4 */
	__u64 source_low; /* second half of an IPv6 address, else 0 */
	__u64 destination_high; /* destination address: first half of IPv6, or IPv4 */
	__u64 destination_low; /* second half of an IPv6 address, else 0 */
};
_Static_assert(sizeof(struct membench_packet) == 136, "size of packet");
_Static_assert(__builtin_offsetof(struct membench_packet, time) == 0, "packet.time");
_Static_assert(__builtin_offsetof(struct membench_packet, ordinal) == 8, "packet.ordinal");
_Static_assert(__builtin_offsetof(struct membench_packet, payload) == 16, "packet.payload");
_Static_assert(__builtin_offsetof(struct membench_packet, size) == 20, "packet.size");
_Static_assert(__builtin_offsetof(struct membench_packet, captured) == 24, "packet.captured");
_Static_assert(__builtin_offsetof(struct membench_packet, starts) == 28, "packet.starts");
_Static_assert(__builtin_offsetof(struct membench_packet, sequence) == 32, "packet.sequence");
_Static_assert(__builtin_offsetof(struct membench_packet, ack) == 36, "packet.ack");
_Static_assert(__builtin_offsetof(struct membench_packet, flags) == 40, "packet.flags");
_Static_assert(__builtin_offsetof(struct membench_packet, side) == 44, "packet.side");
_Static_assert(__builtin_offsetof(struct membench_packet, ip) == 48, "packet.ip");
_Static_assert(__builtin_offsetof(struct membench_packet, l4) == 52, "packet.l4");
_Static_assert(__builtin_offsetof(struct membench_packet, end) == 56, "packet.end");
_Static_assert(__builtin_offsetof(struct membench_packet, rest) == 60, "packet.rest");
_Static_assert(__builtin_offsetof(struct membench_packet, length) == 64, "packet.length");
_Static_assert(__builtin_offsetof(struct membench_packet, family) == 68, "packet.family");
_Static_assert(__builtin_offsetof(struct membench_packet, protocol) == 72, "packet.protocol");
_Static_assert(__builtin_offsetof(struct membench_packet, seen_on) == 76, "packet.seen_on");
_Static_assert(__builtin_offsetof(struct membench_packet, hash) == 80, "packet.hash");
_Static_assert(__builtin_offsetof(struct membench_packet, shared) == 84, "packet.shared");
_Static_assert(__builtin_offsetof(struct membench_packet, ports) == 88, "packet.ports");
_Static_assert(__builtin_offsetof(struct membench_packet, holes) == 92, "packet.holes");
_Static_assert(__builtin_offsetof(struct membench_packet, messages) == 96, "packet.messages");
_Static_assert(__builtin_offsetof(struct membench_packet, window) == 100, "packet.window");
_Static_assert(__builtin_offsetof(struct membench_packet, source_high) == 104, "packet.source_high");
_Static_assert(__builtin_offsetof(struct membench_packet, source_low) == 112, "packet.source_low");
_Static_assert(__builtin_offsetof(struct membench_packet, destination_high) == 120, "packet.destination_high");
_Static_assert(__builtin_offsetof(struct membench_packet, destination_low) == 128, "packet.destination_low");

/* configuration of an instance, set before its first packet */
struct membench_config {
	__u64 key0; /* first half of the SipHash secret for keys, little-endian as in the reference code */
	__u64 key1; /* second half of that secret */
	__u64 address_key0; /* first half of the secret for addresses and opaques */
	__u64 address_key1; /* second half of that secret */
	__u64 hash_seed; /* seed of the flow hash and of key fingerprints, the same in every worker */
	__u32 workers; /* number of workers */
	__u32 worker; /* index of this worker, from 0 */
	__u32 events_out; /* 1: hand event records to the host; 0: build blocks */
	__u32 ports; /* address of the bitmap of server ports */
	__u32 index_state; /* address of the index state */
	__u32 counters; /* address of this instance's counters */
	__u32 packet; /* address of the current packet */
	__u32 block_info; /* address of this instance's block_info */
	__u32 flow_buckets; /* address of the flow hash table, flow_bucket_count entries of u64 */
	__u32 flow_bucket_count; /* entries, a power of two */
	__u32 flows; /* address of the flow pool */
	__u32 flow_count; /* entries of the flow pool */
	__u32 syns; /* address of the table of SYNs */
	__u32 syn_count; /* entries, a power of two */
	__u32 requests; /* address of the pool of pending requests */
	__u32 requests_end; /* address after that pool */
	__u32 keys; /* address of the pool of key chunks for multigets */
	__u32 keys_end; /* address after that pool */
	__u32 reorder; /* address of the pool of chunks for early segments */
	__u32 reorder_end; /* address after that pool */
	__u32 lines; /* address of the pool of line buffers */
	__u32 lines_end; /* address after that pool */
	__u32 columns; /* address of the open block's columns */
	__u32 column_size; /* bytes reserved for each column */
	__u32 block_events; /* events after which a block is sealed */
	__u32 key_cache; /* address of the cache of the block's keys, sets of u64 (assembly/columns/keys.ts); block_events is below 65536 */
	__u32 key_cache_sets; /* sets of that cache, a power of two */
	__u32 block_out; /* address at which the payload of a sealed block is put together */
	__u32 block_out_size; /* bytes of that area */
	__u32 events; /* address of the event records handed to the host */
	__u32 event_count; /* event records that fit there */
	__u32 lag; /* address of the histogram of lag */
	__u32 next_conn; /* number of the next connection; it goes on where another instance takes over */
	__u32 scratch; /* address of the scratch area, for small tables of the instance */
	__u32 scratch_size; /* bytes of the scratch area */
	__u32 uncut; /* address of the bitmap of flows whose packets the BPF program copies whole, 0: none */
	__u32 parsed; /* 1 where message records may come, which have hashes of keys: fingerprints of keys are then their hashes */
	__u32 pad0; /* zero */
};
_Static_assert(sizeof(struct membench_config) == 192, "size of config");
_Static_assert(__builtin_offsetof(struct membench_config, key0) == 0, "config.key0");
_Static_assert(__builtin_offsetof(struct membench_config, key1) == 8, "config.key1");
_Static_assert(__builtin_offsetof(struct membench_config, address_key0) == 16, "config.address_key0");
_Static_assert(__builtin_offsetof(struct membench_config, address_key1) == 24, "config.address_key1");
_Static_assert(__builtin_offsetof(struct membench_config, hash_seed) == 32, "config.hash_seed");
_Static_assert(__builtin_offsetof(struct membench_config, workers) == 40, "config.workers");
_Static_assert(__builtin_offsetof(struct membench_config, worker) == 44, "config.worker");
_Static_assert(__builtin_offsetof(struct membench_config, events_out) == 48, "config.events_out");
_Static_assert(__builtin_offsetof(struct membench_config, ports) == 52, "config.ports");
_Static_assert(__builtin_offsetof(struct membench_config, index_state) == 56, "config.index_state");
_Static_assert(__builtin_offsetof(struct membench_config, counters) == 60, "config.counters");
_Static_assert(__builtin_offsetof(struct membench_config, packet) == 64, "config.packet");
_Static_assert(__builtin_offsetof(struct membench_config, block_info) == 68, "config.block_info");
_Static_assert(__builtin_offsetof(struct membench_config, flow_buckets) == 72, "config.flow_buckets");
_Static_assert(__builtin_offsetof(struct membench_config, flow_bucket_count) == 76, "config.flow_bucket_count");
_Static_assert(__builtin_offsetof(struct membench_config, flows) == 80, "config.flows");
_Static_assert(__builtin_offsetof(struct membench_config, flow_count) == 84, "config.flow_count");
_Static_assert(__builtin_offsetof(struct membench_config, syns) == 88, "config.syns");
_Static_assert(__builtin_offsetof(struct membench_config, syn_count) == 92, "config.syn_count");
_Static_assert(__builtin_offsetof(struct membench_config, requests) == 96, "config.requests");
_Static_assert(__builtin_offsetof(struct membench_config, requests_end) == 100, "config.requests_end");
_Static_assert(__builtin_offsetof(struct membench_config, keys) == 104, "config.keys");
_Static_assert(__builtin_offsetof(struct membench_config, keys_end) == 108, "config.keys_end");
_Static_assert(__builtin_offsetof(struct membench_config, reorder) == 112, "config.reorder");
_Static_assert(__builtin_offsetof(struct membench_config, reorder_end) == 116, "config.reorder_end");
_Static_assert(__builtin_offsetof(struct membench_config, lines) == 120, "config.lines");
_Static_assert(__builtin_offsetof(struct membench_config, lines_end) == 124, "config.lines_end");
_Static_assert(__builtin_offsetof(struct membench_config, columns) == 128, "config.columns");
_Static_assert(__builtin_offsetof(struct membench_config, column_size) == 132, "config.column_size");
_Static_assert(__builtin_offsetof(struct membench_config, block_events) == 136, "config.block_events");
_Static_assert(__builtin_offsetof(struct membench_config, key_cache) == 140, "config.key_cache");
_Static_assert(__builtin_offsetof(struct membench_config, key_cache_sets) == 144, "config.key_cache_sets");
_Static_assert(__builtin_offsetof(struct membench_config, block_out) == 148, "config.block_out");
_Static_assert(__builtin_offsetof(struct membench_config, block_out_size) == 152, "config.block_out_size");
_Static_assert(__builtin_offsetof(struct membench_config, events) == 156, "config.events");
_Static_assert(__builtin_offsetof(struct membench_config, event_count) == 160, "config.event_count");
_Static_assert(__builtin_offsetof(struct membench_config, lag) == 164, "config.lag");
_Static_assert(__builtin_offsetof(struct membench_config, next_conn) == 168, "config.next_conn");
_Static_assert(__builtin_offsetof(struct membench_config, scratch) == 172, "config.scratch");
_Static_assert(__builtin_offsetof(struct membench_config, scratch_size) == 176, "config.scratch_size");
_Static_assert(__builtin_offsetof(struct membench_config, uncut) == 180, "config.uncut");
_Static_assert(__builtin_offsetof(struct membench_config, parsed) == 184, "config.parsed");
_Static_assert(__builtin_offsetof(struct membench_config, pad0) == 188, "config.pad0");

/* what a worker is doing, so that another can go on where it trapped, hung or died */
struct membench_worker_state {
	__u32 beat; /* incremented at every change of phase and every block: a worker that works and does not change it is stuck */
	__u32 phase; /* enum phase */
	__u32 position; /* number of the slot of the batch ring, or block of the packet ring, that it decodes next */
	__u32 blocks; /* blocks sent so far, which is the sequence number of the next */
	__u32 writing; /* 1 while it waits for the writer, in any phase */
	__u32 recovering; /* 1 while seen_after and lost_after are set: from their calculation to the end of the recovery */
	__u64 batch; /* current batch: number of its slot, its position in a BPF ring, or number of its block in a packet ring */
	__u64 batch_seen; /* packets_seen when the current batch began */
	__u64 batch_done; /* packets decoded, or skipped for the kind of their flow, when the batch began; where a slot is indexed, packets of any outcome and waiting fragments */
	__u64 seen_after; /* value of packets_seen after the recovery */
	__u64 lost_after; /* value of lost_worker_failed after the recovery */
	__u64 drops_before; /* value of drops before the statistics were last read */
	__u64 drops; /* packets lost before they reached the packet ring, without those in statistics */
	__u32 statistics[2]; /* struct tpacket_stats as the kernel wrote it (linux/if_packet.h): packets and drops; zero once added */
	__u64 kernel[16]; /* counters of the BPF program for this ring when last read, by enum kernel_counter */
};
_Static_assert(sizeof(struct membench_worker_state) == 216, "size of worker_state");
_Static_assert(__builtin_offsetof(struct membench_worker_state, beat) == 0, "worker_state.beat");
_Static_assert(__builtin_offsetof(struct membench_worker_state, phase) == 4, "worker_state.phase");
_Static_assert(__builtin_offsetof(struct membench_worker_state, position) == 8, "worker_state.position");
_Static_assert(__builtin_offsetof(struct membench_worker_state, blocks) == 12, "worker_state.blocks");
_Static_assert(__builtin_offsetof(struct membench_worker_state, writing) == 16, "worker_state.writing");
_Static_assert(__builtin_offsetof(struct membench_worker_state, recovering) == 20, "worker_state.recovering");
_Static_assert(__builtin_offsetof(struct membench_worker_state, batch) == 24, "worker_state.batch");
_Static_assert(__builtin_offsetof(struct membench_worker_state, batch_seen) == 32, "worker_state.batch_seen");
_Static_assert(__builtin_offsetof(struct membench_worker_state, batch_done) == 40, "worker_state.batch_done");
_Static_assert(__builtin_offsetof(struct membench_worker_state, seen_after) == 48, "worker_state.seen_after");
_Static_assert(__builtin_offsetof(struct membench_worker_state, lost_after) == 56, "worker_state.lost_after");
_Static_assert(__builtin_offsetof(struct membench_worker_state, drops_before) == 64, "worker_state.drops_before");
_Static_assert(__builtin_offsetof(struct membench_worker_state, drops) == 72, "worker_state.drops");
_Static_assert(__builtin_offsetof(struct membench_worker_state, statistics) == 80, "worker_state.statistics");
_Static_assert(__builtin_offsetof(struct membench_worker_state, kernel) == 88, "worker_state.kernel");

/* one key of one request with its outcome; times are in units: ns or µs, as in the capture */
struct membench_event_record {
	__u64 time; /* time of the packet that delivered the request's first byte */
	__u64 ordinal; /* number of that packet in its source */
	__u64 latency; /* time from the last byte of the request to the first byte of its answer, in units */
	__u64 key_hash; /* SipHash-2-4 of the key */
	__u64 meta_flags; /* flags of a meta request: bits 0–25 are a–z, 26–51 are A–Z */
	__u64 flags; /* client flags */
	__s64 ttl; /* exptime, or the T token, as sent */
	__u64 delta; /* incr and decr amount, or the D token */
	__u64 initial; /* J token, or the initial value of a binary incr or decr */
	__u64 cas_new; /* E token */
	__s64 vivify; /* N token, or the expiration of what a binary incr or decr creates */
	__s64 recache; /* R token */
	__s64 ttl_left; /* remaining time to live by the t flag of an answer, seconds */
	__u64 opaque; /* keyed hash of the opaque */
	__u32 value_size; /* bytes of the value */
	__u32 conn; /* connection, numbered within the worker */
	__u32 sub; /* number of requests that began in the same packet before this one */
	__u32 key_index; /* index of the key in its request, from 0 */
	__u32 present; /* bits of enum present */
	__u16 key_size; /* bytes of the key, after base64 decoding */
	__u8 op; /* enum op */
	__u8 status; /* enum status */
	__u8 proto; /* enum proto */
	__u8 transport; /* enum transport */
	__u8 mode; /* enum mode */
	__u8 marks; /* bits of enum mark */
	__u8 traits; /* bits of enum trait */
	__u8 pad0[3]; /* zero */
};
_Static_assert(sizeof(struct membench_event_record) == 144, "size of event_record");
_Static_assert(__builtin_offsetof(struct membench_event_record, time) == 0, "event_record.time");
_Static_assert(__builtin_offsetof(struct membench_event_record, ordinal) == 8, "event_record.ordinal");
_Static_assert(__builtin_offsetof(struct membench_event_record, latency) == 16, "event_record.latency");
_Static_assert(__builtin_offsetof(struct membench_event_record, key_hash) == 24, "event_record.key_hash");
_Static_assert(__builtin_offsetof(struct membench_event_record, meta_flags) == 32, "event_record.meta_flags");
_Static_assert(__builtin_offsetof(struct membench_event_record, flags) == 40, "event_record.flags");
_Static_assert(__builtin_offsetof(struct membench_event_record, ttl) == 48, "event_record.ttl");
_Static_assert(__builtin_offsetof(struct membench_event_record, delta) == 56, "event_record.delta");
_Static_assert(__builtin_offsetof(struct membench_event_record, initial) == 64, "event_record.initial");
_Static_assert(__builtin_offsetof(struct membench_event_record, cas_new) == 72, "event_record.cas_new");
_Static_assert(__builtin_offsetof(struct membench_event_record, vivify) == 80, "event_record.vivify");
_Static_assert(__builtin_offsetof(struct membench_event_record, recache) == 88, "event_record.recache");
_Static_assert(__builtin_offsetof(struct membench_event_record, ttl_left) == 96, "event_record.ttl_left");
_Static_assert(__builtin_offsetof(struct membench_event_record, opaque) == 104, "event_record.opaque");
_Static_assert(__builtin_offsetof(struct membench_event_record, value_size) == 112, "event_record.value_size");
_Static_assert(__builtin_offsetof(struct membench_event_record, conn) == 116, "event_record.conn");
_Static_assert(__builtin_offsetof(struct membench_event_record, sub) == 120, "event_record.sub");
_Static_assert(__builtin_offsetof(struct membench_event_record, key_index) == 124, "event_record.key_index");
_Static_assert(__builtin_offsetof(struct membench_event_record, present) == 128, "event_record.present");
_Static_assert(__builtin_offsetof(struct membench_event_record, key_size) == 132, "event_record.key_size");
_Static_assert(__builtin_offsetof(struct membench_event_record, op) == 134, "event_record.op");
_Static_assert(__builtin_offsetof(struct membench_event_record, status) == 135, "event_record.status");
_Static_assert(__builtin_offsetof(struct membench_event_record, proto) == 136, "event_record.proto");
_Static_assert(__builtin_offsetof(struct membench_event_record, transport) == 137, "event_record.transport");
_Static_assert(__builtin_offsetof(struct membench_event_record, mode) == 138, "event_record.mode");
_Static_assert(__builtin_offsetof(struct membench_event_record, marks) == 139, "event_record.marks");
_Static_assert(__builtin_offsetof(struct membench_event_record, traits) == 140, "event_record.traits");
_Static_assert(__builtin_offsetof(struct membench_event_record, pad0) == 141, "event_record.pad0");

/* fields that many events of a block have in common; the shape column indexes a table of shapes */
struct membench_shape {
	__u64 meta_flags; /* as in event_record */
	__u32 present; /* as in event_record */
	__u8 op; /* as in event_record */
	__u8 status; /* as in event_record */
	__u8 proto; /* as in event_record */
	__u8 transport; /* as in event_record */
	__u8 mode; /* as in event_record */
	__u8 marks; /* as in event_record */
	__u8 traits; /* as in event_record */
	__u8 flags; /* client flags, where present has shape_flags */
	__u8 pad0[4]; /* zero */
};
_Static_assert(sizeof(struct membench_shape) == 24, "size of shape");
_Static_assert(__builtin_offsetof(struct membench_shape, meta_flags) == 0, "shape.meta_flags");
_Static_assert(__builtin_offsetof(struct membench_shape, present) == 8, "shape.present");
_Static_assert(__builtin_offsetof(struct membench_shape, op) == 12, "shape.op");
_Static_assert(__builtin_offsetof(struct membench_shape, status) == 13, "shape.status");
_Static_assert(__builtin_offsetof(struct membench_shape, proto) == 14, "shape.proto");
_Static_assert(__builtin_offsetof(struct membench_shape, transport) == 15, "shape.transport");
_Static_assert(__builtin_offsetof(struct membench_shape, mode) == 16, "shape.mode");
_Static_assert(__builtin_offsetof(struct membench_shape, marks) == 17, "shape.marks");
_Static_assert(__builtin_offsetof(struct membench_shape, traits) == 18, "shape.traits");
_Static_assert(__builtin_offsetof(struct membench_shape, flags) == 19, "shape.flags");
_Static_assert(__builtin_offsetof(struct membench_shape, pad0) == 20, "shape.pad0");

/* description of a sealed block, for the host */
struct membench_block_info {
	__u64 min_time; /* smallest time of its events, in units */
	__u64 max_time; /* largest time of its events, in units */
	__u64 base_time; /* time that the first delta is relative to, in units */
	__u64 base_ordinal; /* ordinal that the first delta is relative to */
	__u64 base_conn_time; /* time that the delta of the first connection record is relative to, in units */
	__u32 payload; /* address of the payload */
	__u32 payload_size; /* bytes of the payload */
	__u32 events; /* number of events */
	__u32 requests; /* number of requests of which the first key is in the block */
	__u32 conns; /* number of connection records */
	__u32 shapes; /* entries of the shape table */
	__u32 shape_table; /* address of the shape table */
	__u32 keys; /* entries of the key dictionary */
	__u32 column_ends[26]; /* bytes of each column, by enum column */
};
_Static_assert(sizeof(struct membench_block_info) == 176, "size of block_info");
_Static_assert(__builtin_offsetof(struct membench_block_info, min_time) == 0, "block_info.min_time");
_Static_assert(__builtin_offsetof(struct membench_block_info, max_time) == 8, "block_info.max_time");
_Static_assert(__builtin_offsetof(struct membench_block_info, base_time) == 16, "block_info.base_time");
_Static_assert(__builtin_offsetof(struct membench_block_info, base_ordinal) == 24, "block_info.base_ordinal");
_Static_assert(__builtin_offsetof(struct membench_block_info, base_conn_time) == 32, "block_info.base_conn_time");
_Static_assert(__builtin_offsetof(struct membench_block_info, payload) == 40, "block_info.payload");
_Static_assert(__builtin_offsetof(struct membench_block_info, payload_size) == 44, "block_info.payload_size");
_Static_assert(__builtin_offsetof(struct membench_block_info, events) == 48, "block_info.events");
_Static_assert(__builtin_offsetof(struct membench_block_info, requests) == 52, "block_info.requests");
_Static_assert(__builtin_offsetof(struct membench_block_info, conns) == 56, "block_info.conns");
_Static_assert(__builtin_offsetof(struct membench_block_info, shapes) == 60, "block_info.shapes");
_Static_assert(__builtin_offsetof(struct membench_block_info, shape_table) == 64, "block_info.shape_table");
_Static_assert(__builtin_offsetof(struct membench_block_info, keys) == 68, "block_info.keys");
_Static_assert(__builtin_offsetof(struct membench_block_info, column_ends) == 72, "block_info.column_ends");

/* head of a record of a BPF ring; the bytes of the packet follow, from its IP header on */
struct membench_ring_record {
	__u64 time; /* CLOCK_MONOTONIC nanoseconds: when the stack of its sender sent it, where that is known, else when it was captured */
	__u32 length; /* bytes the packet had on the wire, link header included */
	__u32 captured; /* bytes of the packet that follow */
	__u32 hash; /* flow hash, symmetric, the same as the parser calculates */
	__u32 ifindex; /* interface it was captured on */
	__u16 l4_offset; /* TCP or UDP header, bytes after the IP header */
	__u8 family; /* 4 or 6 */
	__u8 protocol; /* IP protocol number: TCP or UDP */
	__u8 link_size; /* bytes before the IP header, included in length */
	__u8 holes; /* values left out; where it is not 0, HOLES_MAX `ring_hole`s follow before the bytes of the packet, so many of them set, by ascending offset */
	__u8 pad0[2]; /* zero */
};
_Static_assert(sizeof(struct membench_ring_record) == 32, "size of ring_record");
_Static_assert(__builtin_offsetof(struct membench_ring_record, time) == 0, "ring_record.time");
_Static_assert(__builtin_offsetof(struct membench_ring_record, length) == 8, "ring_record.length");
_Static_assert(__builtin_offsetof(struct membench_ring_record, captured) == 12, "ring_record.captured");
_Static_assert(__builtin_offsetof(struct membench_ring_record, hash) == 16, "ring_record.hash");
_Static_assert(__builtin_offsetof(struct membench_ring_record, ifindex) == 20, "ring_record.ifindex");
_Static_assert(__builtin_offsetof(struct membench_ring_record, l4_offset) == 24, "ring_record.l4_offset");
_Static_assert(__builtin_offsetof(struct membench_ring_record, family) == 26, "ring_record.family");
_Static_assert(__builtin_offsetof(struct membench_ring_record, protocol) == 27, "ring_record.protocol");
_Static_assert(__builtin_offsetof(struct membench_ring_record, link_size) == 28, "ring_record.link_size");
_Static_assert(__builtin_offsetof(struct membench_ring_record, holes) == 29, "ring_record.holes");
_Static_assert(__builtin_offsetof(struct membench_ring_record, pad0) == 30, "ring_record.pad0");

/* a value that the BPF program left out of a TCP segment; never one with SYN, FIN, RST or URG */
struct membench_ring_hole {
	__u32 offset; /* bytes of the payload before it, as on the wire */
	__u32 size; /* bytes left out */
};
_Static_assert(sizeof(struct membench_ring_hole) == 8, "size of ring_hole");
_Static_assert(__builtin_offsetof(struct membench_ring_hole, offset) == 0, "ring_hole.offset");
_Static_assert(__builtin_offsetof(struct membench_ring_hole, size) == 4, "ring_hole.size");

/* head of a worker's window where the BPF program fills a perf buffer; a `perf_cursor` for each ring follows */
struct membench_perf_buffer {
	__u32 rings; /* rings of this worker, one for each CPU */
	__u32 size; /* bytes of each ring's data, a power of two */
	__u32 spare; /* address of room for a sample that goes on at the beginning of its ring */
	__u32 pad0; /* zero */
};
_Static_assert(sizeof(struct membench_perf_buffer) == 16, "size of perf_buffer");
_Static_assert(__builtin_offsetof(struct membench_perf_buffer, rings) == 0, "perf_buffer.rings");
_Static_assert(__builtin_offsetof(struct membench_perf_buffer, size) == 4, "perf_buffer.size");
_Static_assert(__builtin_offsetof(struct membench_perf_buffer, spare) == 8, "perf_buffer.spare");
_Static_assert(__builtin_offsetof(struct membench_perf_buffer, pad0) == 12, "perf_buffer.pad0");

/* one ring of a perf buffer in the current batch; positions are bytes since the ring was made */
struct membench_perf_cursor {
	__u64 start; /* position where the batch began */
	__u64 next; /* position of the next sample */
	__u64 end; /* position after the last sample when the batch began */
	__u64 time; /* time of the next sample, only the parser uses it */
	__u32 data; /* address of the ring's data */
	__u32 pad0; /* zero */
};
_Static_assert(sizeof(struct membench_perf_cursor) == 40, "size of perf_cursor");
_Static_assert(__builtin_offsetof(struct membench_perf_cursor, start) == 0, "perf_cursor.start");
_Static_assert(__builtin_offsetof(struct membench_perf_cursor, next) == 8, "perf_cursor.next");
_Static_assert(__builtin_offsetof(struct membench_perf_cursor, end) == 16, "perf_cursor.end");
_Static_assert(__builtin_offsetof(struct membench_perf_cursor, time) == 24, "perf_cursor.time");
_Static_assert(__builtin_offsetof(struct membench_perf_cursor, data) == 32, "perf_cursor.data");
_Static_assert(__builtin_offsetof(struct membench_perf_cursor, pad0) == 36, "perf_cursor.pad0");

/* head of a record of a BPF ring that stands for a TCP segment of whole messages, of which neither key nor value is in it. Addresses follow as on the wire, source first, of 4 bytes each, or 16 with IPv6, and then `message`s to the end of the record, by ascending place in the segment */
struct membench_message_record {
	__u64 time; /* as in ring_record */
	__u32 sequence; /* sequence number of its first byte of payload */
	__u32 ack; /* acknowledgement number */
	__u32 hash; /* as in ring_record */
	__u8 ifindex; /* low bits of the interface it was captured on */
	__u8 headers; /* bytes of the headers, link header included */
	__u16 window; /* window, in network order */
	__u16 size; /* bytes of payload */
	__u8 family; /* 4 or 6 */
	__u8 protocol; /* MESSAGE_PROTOCOL */
	__u32 ports; /* in network order: source in the low half */
};
_Static_assert(sizeof(struct membench_message_record) == 32, "size of message_record");
_Static_assert(__builtin_offsetof(struct membench_message_record, time) == 0, "message_record.time");
_Static_assert(__builtin_offsetof(struct membench_message_record, sequence) == 8, "message_record.sequence");
_Static_assert(__builtin_offsetof(struct membench_message_record, ack) == 12, "message_record.ack");
_Static_assert(__builtin_offsetof(struct membench_message_record, hash) == 16, "message_record.hash");
_Static_assert(__builtin_offsetof(struct membench_message_record, ifindex) == 20, "message_record.ifindex");
_Static_assert(__builtin_offsetof(struct membench_message_record, headers) == 21, "message_record.headers");
_Static_assert(__builtin_offsetof(struct membench_message_record, window) == 22, "message_record.window");
_Static_assert(__builtin_offsetof(struct membench_message_record, size) == 24, "message_record.size");
_Static_assert(__builtin_offsetof(struct membench_message_record, family) == 26, "message_record.family");
_Static_assert(__builtin_offsetof(struct membench_message_record, protocol) == 27, "message_record.protocol");
_Static_assert(__builtin_offsetof(struct membench_message_record, ports) == 28, "message_record.ports");

/* a line or binary frame of a message record. Where it has a key, its SipHash-2-4 (u64) follows; then, padded to 8 bytes, client flags and time to live (MESSAGE_NUMBERS), or of form `line` its bytes without key and line end, or of form `binary` header and extras */
struct membench_message {
	__u8 form; /* enum message_form, and bits MESSAGE_* */
	__u8 key_size; /* bytes of the key, 0: none */
	__u8 line_size; /* bytes besides key and value: of the line, its end included, or of header and extras; of form `key`: 1, for the space before it */
	__u8 key_at; /* bytes before the key */
	__u32 value_size; /* bytes of the value, which may end behind the segment; where it does not, nor does its line end; 0 without a value */
};
_Static_assert(sizeof(struct membench_message) == 8, "size of message");
_Static_assert(__builtin_offsetof(struct membench_message, form) == 0, "message.form");
_Static_assert(__builtin_offsetof(struct membench_message, key_size) == 1, "message.key_size");
_Static_assert(__builtin_offsetof(struct membench_message, line_size) == 2, "message.line_size");
_Static_assert(__builtin_offsetof(struct membench_message, key_at) == 3, "message.key_at");
_Static_assert(__builtin_offsetof(struct membench_message, value_size) == 4, "message.value_size");

/* read-only data of the BPF program, set before it is loaded */
struct membench_kernel_settings {
	__u32 layout_hash; /* layout hash of the build; the host refuses an object with another one */
	__u32 rings; /* rings in use, one for each worker */
	__u64 seed; /* seed of the flow hash, the same as in config */
	__u32 snaplen; /* most bytes of a packet to submit, from its IP header on */
	__u32 keep_empty; /* 1: segments without payload are submitted, too; 0: they are only counted */
	__u64 wake_interval; /* shortest time between two wake-ups of a worker, nanoseconds */
	__u64 key0; /* as in config: for the programs that parse */
	__u64 key1; /* as in config */
	__u32 sample; /* as in index_state */
	__u32 stamps; /* 1: the kernel is new enough to tell what clock skb->tstamp is of (5.18), and a monotonic one is taken */
};
_Static_assert(sizeof(struct membench_kernel_settings) == 56, "size of kernel_settings");
_Static_assert(__builtin_offsetof(struct membench_kernel_settings, layout_hash) == 0, "kernel_settings.layout_hash");
_Static_assert(__builtin_offsetof(struct membench_kernel_settings, rings) == 4, "kernel_settings.rings");
_Static_assert(__builtin_offsetof(struct membench_kernel_settings, seed) == 8, "kernel_settings.seed");
_Static_assert(__builtin_offsetof(struct membench_kernel_settings, snaplen) == 16, "kernel_settings.snaplen");
_Static_assert(__builtin_offsetof(struct membench_kernel_settings, keep_empty) == 20, "kernel_settings.keep_empty");
_Static_assert(__builtin_offsetof(struct membench_kernel_settings, wake_interval) == 24, "kernel_settings.wake_interval");
_Static_assert(__builtin_offsetof(struct membench_kernel_settings, key0) == 32, "kernel_settings.key0");
_Static_assert(__builtin_offsetof(struct membench_kernel_settings, key1) == 40, "kernel_settings.key1");
_Static_assert(__builtin_offsetof(struct membench_kernel_settings, sample) == 48, "kernel_settings.sample");
_Static_assert(__builtin_offsetof(struct membench_kernel_settings, stamps) == 52, "kernel_settings.stamps");

#endif
