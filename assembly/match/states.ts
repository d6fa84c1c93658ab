/** Values of Side.state: what the parser of a side expects next. */

// States of the client's side.

/** A request comes next, or the rest of its line or binary header. */
export const CLIENT_LINE: u8 = 0;
/** `skip` bytes of a data block come next; `current` is the request. */
export const CLIENT_DATA: u8 = 1;
/** The rest of a retrieval that is too long to keep; `current` is the request. */
export const CLIENT_KEYS: u8 = 2;
/** The rest of a line that is too long to keep, and not a request. */
export const CLIENT_DROP: u8 = 3;
/** No more bytes are read, after quit or watch. */
export const CLIENT_OVER: u8 = 4;
/** Servers differ on what the bytes are: they are not read until the pending requests are answered. */
export const CLIENT_UNKNOWN: u8 = 5;
/** `skip` bytes of a PROXY header come next, before anything else. */
export const CLIENT_PROXY: u8 = 6;
/** The bytes are held back until the answer to an ambiguous request tells what they are. */
export const CLIENT_HELD: u8 = 7;
/** `skip` bytes of a data block come next; `current` is a request that is skipped. */
export const CLIENT_STEP: u8 = 8;

// States of the server's side.

/** An answer comes next, or the rest of its line or binary header. */
export const SERVER_LINE: u8 = 0;
/** `skip` bytes of a data block come next. */
export const SERVER_DATA: u8 = 1;
/** The rest of a line that is too long to keep. */
export const SERVER_DROP: u8 = 2;
/** A stream that never returns to answers, after watch. */
export const SERVER_STREAM: u8 = 3;
/** `skip` bytes of a data block come next, and are skipped. */
export const SERVER_STEP: u8 = 4;
/**
 * As SERVER_LINE; an empty line belongs to the error before it, as after those of retrievals since release
 * 1.6.40.
 */
export const SERVER_AFTER_ERROR: u8 = 5;
