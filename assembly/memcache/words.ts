/**
 * Words of the protocol (doc/protocol.txt of memcached) as little-endian integers, so that a word is
 * compared with one instruction. Written out because AssemblyScript has no compile-time strings; the
 * value of each is its bytes, first byte lowest.
 */

// Command names up to 8 bytes.
export const NAME_GET: u64 = 0x746567;
export const NAME_GETS: u64 = 0x73746567;
export const NAME_GAT: u64 = 0x746167;
export const NAME_GATS: u64 = 0x73746167;
export const NAME_BGET: u64 = 0x74656762;
export const NAME_SET: u64 = 0x746573;
export const NAME_ADD: u64 = 0x646461;
export const NAME_CAS: u64 = 0x736163;
export const NAME_INCR: u64 = 0x72636e69;
export const NAME_DECR: u64 = 0x72636564;
export const NAME_QUIT: u64 = 0x74697571;
export const NAME_REPLACE: u64 = 0x6563616c706572;
export const NAME_APPEND: u64 = 0x646e65707061;
export const NAME_PREPEND: u64 = 0x646e6570657270;
export const NAME_DELETE: u64 = 0x6574656c6564;
export const NAME_TOUCH: u64 = 0x6863756f74;
export const NAME_STATS: u64 = 0x7374617473;
export const NAME_VERSION: u64 = 0x6e6f6973726576;
export const NAME_SLABS: u64 = 0x7362616c73;
export const NAME_LRU: u64 = 0x75726c;
export const NAME_WATCH: u64 = 0x6863746177;
export const NAME_SHUTDOWN: u64 = 0x6e776f6474756873;
export const NAME_EXTSTORE: u64 = 0x65726f7473747865;

// Longer names: the first 8 bytes and the last 8.
export const NAME_VERBOSITY: u64 = 0x7469736f62726576;
export const TAIL_VERBOSITY: u64 = 0x797469736f627265;
export const NAME_FLUSH_ALL: u64 = 0x6c615f6873756c66;
export const TAIL_FLUSH_ALL: u64 = 0x6c6c615f6873756c;
export const NAME_MISBEHAVE: u64 = 0x766168656273696d;
export const TAIL_MISBEHAVE: u64 = 0x6576616865627369;
export const NAME_DEBUGTIME: u64 = 0x6d69746775626564;
export const TAIL_DEBUGTIME: u64 = 0x656d697467756265;
export const NAME_DEBUGITEM: u64 = 0x6574696775626564;
export const TAIL_DEBUGITEM: u64 = 0x6d65746967756265;
export const NAME_LRU_CRAWLER: u64 = 0x776172635f75726c;
export const TAIL_LRU_CRAWLER: u64 = 0x72656c776172635f;
export const NAME_REFRESH_CERTS: u64 = 0x5f68736572666572;
export const TAIL_REFRESH_CERTS: u64 = 0x73747265635f6873;
export const NAME_CACHE_MEMLIMIT: u64 = 0x656d5f6568636163;
export const TAIL_CACHE_MEMLIMIT: u64 = 0x74696d696c6d656d;

// Arguments.
export const WORD_NOREPLY: u64 = 0x796c7065726f6e;
export const WORD_METADUMP: u64 = 0x706d75646174656d;
export const WORD_MGDUMP: u64 = 0x706d7564676d;
export const WORD_SIZES_E: u64 = 0x655f73657a6973;
export const WORD_SIZES_D: u64 = 0x645f73657a6973;

// First four bytes of requests.
export const HEAD_GET: u32 = 0x20746567;
export const HEAD_SET: u32 = 0x20746573;

// Two-letter commands.
export const PAIR_MG: u32 = 0x676d;
export const PAIR_MS: u32 = 0x736d;
export const PAIR_MD: u32 = 0x646d;
export const PAIR_MA: u32 = 0x616d;
export const PAIR_MN: u32 = 0x6e6d;
export const PAIR_ME: u32 = 0x656d;

// First four bytes of answers.
export const ANSWER_VALUE: u32 = 0x554c4156;
export const ANSWER_END: u32 = 0x444e45;
/** With its CR. */
export const ANSWER_END_CR: u32 = 0x0d444e45;
export const ANSWER_STORED: u32 = 0x524f5453;
export const ANSWER_NOT_STORED: u32 = 0x5f544f4e;
export const ANSWER_EXISTS: u32 = 0x53495845;
export const ANSWER_DELETED: u32 = 0x454c4544;
export const ANSWER_TOUCHED: u32 = 0x43554f54;
export const ANSWER_STAT: u32 = 0x54415453;
export const ANSWER_ITEM: u32 = 0x4d455449;
export const ANSWER_PREFIX: u32 = 0x46455250;
export const ANSWER_VERSION: u32 = 0x53524556;
export const ANSWER_RESET: u32 = 0x45534552;
export const ANSWER_ERROR: u32 = 0x4f525245;
export const ANSWER_CLIENT_ERROR: u32 = 0x45494c43;
export const ANSWER_SERVER_ERROR: u32 = 0x56524553;
export const ANSWER_ERROR_MIXED: u32 = 0x6f727245;
export const ANSWER_BUSY: u32 = 0x59535542;
export const ANSWER_BADCLASS: u32 = 0x43444142;
export const ANSWER_NOSPARE: u32 = 0x50534f4e;
export const ANSWER_NOTFULL: u32 = 0x46544f4e;
export const ANSWER_UNSAFE: u32 = 0x41534e55;
export const ANSWER_SAME: u32 = 0x454d4153;
export const ANSWER_NOTSTARTED: u32 = 0x53544f4e;
export const ANSWER_MEMLIMIT: u32 = 0x4c4d454d;
export const ANSWER_WATCHER: u32 = 0x43544157;
export const ANSWER_MISS: u32 = 0x5353494d;
/** STALE_STORED, of mcrouter. */
export const ANSWER_STALE: u32 = 0x4c415453;

// Two-letter answers.
export const CODE_HD: u32 = 0x4448;
export const CODE_VA: u32 = 0x4156;
export const CODE_EN: u32 = 0x4e45;
export const CODE_NS: u32 = 0x534e;
export const CODE_EX: u32 = 0x5845;
export const CODE_NF: u32 = 0x464e;
export const CODE_ME: u32 = 0x454d;
export const CODE_MN: u32 = 0x4e4d;
export const CODE_OK: u32 = 0x4b4f;
