/** What either side's parser expects next: the values of Side.state. */

// Client.

/** A request comes next, or the rest of its line or binary header. */
export const CLIENT_LINE: u8 = 0;
/** `skip` bytes of a data block come next; `current` is the request. */
export const CLIENT_DATA: u8 = 1;
/** The rest of a retrieval too long to keep; `current` is the request. */
export const CLIENT_KEYS: u8 = 2;
/** The rest of a line too long to keep, which no rule makes a request. */
export const CLIENT_DROP: u8 = 3;
/** Nothing more is read: quit, watch. */
export const CLIENT_OVER: u8 = 4;
/** Servers differ on what the bytes are: no byte is read until the pending requests are answered. */
export const CLIENT_UNKNOWN: u8 = 5;
/** `skip` bytes of a PROXY header come next, before anything else. */
export const CLIENT_PROXY: u8 = 6;
/** The bytes are held back until the answer to an ambiguous request tells what they are. */
export const CLIENT_HELD: u8 = 7;
/** `skip` bytes of a data block come next; `current` is a request that is stepped over. */
export const CLIENT_STEP: u8 = 8;

// Server.

/** An answer comes next, or the rest of its line or binary header. */
export const SERVER_LINE: u8 = 0;
/** `skip` bytes of a data block come next. */
export const SERVER_DATA: u8 = 1;
/** The rest of a line longer than is kept. */
export const SERVER_DROP: u8 = 2;
/** A stream that never returns to answers (watch). */
export const SERVER_STREAM: u8 = 3;
/** `skip` bytes of a data block come next that is stepped over. */
export const SERVER_STEP: u8 = 4;
/**
 * As SERVER_LINE; an empty line belongs to the error before it, as after those of retrievals since release
 * 1.6.40.
 */
export const SERVER_AFTER_ERROR: u8 = 5;
