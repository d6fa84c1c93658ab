/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * What reading one request or answer tells, in one word, so that functions can return it:
 *
 *   bits 0-31   bytes to the next one, those of its value included
 *        32-35  outcome
 *        36-40  kinds: of a request the one that it is, of an answer those that it may answer
 *        41     the request will be answered; the answer is complete
 *        42     the answer holds the value of one key
 *        43     whether the request will be answered depends on what happens to it
 *        44     the answer is an error
 *        48-63  keys asked for, of which those without a value are misses
 */
#ifndef MEMBENCH_COUNT_MESSAGE_H
#define MEMBENCH_COUNT_MESSAGE_H

#define UNDERSTOOD 0
#define SPLIT 1
#define UNKNOWN 2
#define LONG_LINE 3
#define LONG_NUMBER 4
#define UNREADABLE 5
#define REFUSED 6
#define TOO_MANY 7
#define MORE_KEYS 8

#define OUTCOME(message) ((message) >> 32 & 15)
#define FAILED(outcome) ((__u64)(outcome) << 32)

#define KIND_RETRIEVAL (1ull << 36)
#define KIND_STORAGE (2ull << 36)
#define KIND_OTHER (4ull << 36)
#define KIND_META (8ull << 36)
#define KIND_BINARY (16ull << 36)
#define KINDS (31ull << 36)

#define COMPLETE (1ull << 41)
#define VALUE (1ull << 42)
#define MAYBE (1ull << 43)
#define ERROR (1ull << 44)
#define KEYS(n) ((__u64)(n) << 48)
/* More keys than fit into a line of LINE_WINDOWS. */
#define KEYS_MAX 65535

/* Longest value: memcached takes items of at most 1 GiB. */
#define VALUE_MAX (1u << 30)

/* Modes of reading. */
#define MODE_ANSWER 1
#define MODE_COUNT 2
/* Bytes of the line that are in the window already, from bit 8 on. */
#define MODE_HELD(bytes) ((bytes) << 8)

#endif
