/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* Reads headers of memcached's binary protocol (doc/protocol-binary.txt). */
#ifndef MEMBENCH_COUNT_BINARY_H
#define MEMBENCH_COUNT_BINARY_H

#include "count_text.h"

#define BINARY_HEADER 24
#define MAGIC_REQUEST 0x80
#define MAGIC_ANSWER 0x81

/* The command of an opcode, NO_OP where memcached has none; QUIET where success or a miss is not answered. */
#define QUIET 0x80
#define NO_OP 0x7f

static __always_inline __u32 op_of(__u32 opcode)
{
	switch (opcode) {
#define LOUD(code, name) \
	case code:       \
		return MEMBENCH_OP_##name;
#define BOTH(code, quiet, name) \
	LOUD(code, name)        \
	case quiet:             \
		return QUIET | MEMBENCH_OP_##name;
		BOTH(0x00, 0x09, GET)
		BOTH(0x0c, 0x0d, GET)
		BOTH(0x01, 0x11, SET)
		BOTH(0x02, 0x12, ADD)
		BOTH(0x03, 0x13, REPLACE)
		BOTH(0x04, 0x14, DELETE)
		BOTH(0x05, 0x15, INCR)
		BOTH(0x06, 0x16, DECR)
		BOTH(0x07, 0x17, QUIT)
		BOTH(0x08, 0x18, FLUSH_ALL)
		BOTH(0x0e, 0x19, APPEND)
		BOTH(0x0f, 0x1a, PREPEND)
		BOTH(0x1d, 0x1e, GAT)
		BOTH(0x23, 0x24, GAT)
		LOUD(0x0a, NOOP)
		LOUD(0x0b, VERSION)
		LOUD(0x10, STATS)
		LOUD(0x1c, TOUCH)
		LOUD(0x20, SASL_LIST_MECHS)
		LOUD(0x21, SASL_AUTH)
		LOUD(0x22, SASL_STEP)
#undef BOTH
#undef LOUD
	}
	return NO_OP;
}

static __always_inline int finds_key(__u32 op)
{
	return op == MEMBENCH_OP_GET || op == MEMBENCH_OP_GAT || op == MEMBENCH_OP_TOUCH ||
	       op == MEMBENCH_OP_DELETE || op == MEMBENCH_OP_INCR || op == MEMBENCH_OP_DECR;
}

static __always_inline int stores(__u32 op)
{
	return op >= MEMBENCH_OP_SET && op <= MEMBENCH_OP_PREPEND;
}

/* Counts an answer. Returns its enum count_answer. */
static __always_inline __u32 count_answer(__u32 op, __u32 status, __u32 value)
{
	__u32 word = MEMBENCH_COUNT_ANSWER_BINARY_ERROR;

	if (status == 0) {
		word = MEMBENCH_COUNT_ANSWER_BINARY_SUCCESS;
		if (finds_key(op))
			add(MEMBENCH_COUNT_HITS + op, 1);
		if (op == MEMBENCH_OP_GET || op == MEMBENCH_OP_GAT)
			add(MEMBENCH_COUNT_SIZES_OUT + bucket_of(value, 1), 1);
	} else if (status == 1) {
		word = MEMBENCH_COUNT_ANSWER_BINARY_NOT_FOUND;
		if (finds_key(op))
			add(MEMBENCH_COUNT_MISSES + op, 1);
	} else if (status == 2) {
		word = MEMBENCH_COUNT_ANSWER_BINARY_EXISTS;
	} else if (status == 5) {
		word = MEMBENCH_COUNT_ANSWER_BINARY_NOT_STORED;
	} else {
		add(MEMBENCH_COUNT_ERRORS + op, 1);
	}
	add(MEMBENCH_COUNT_ANSWERS + word, 1);
	return word;
}

/*
 * Reads the header of a request or an answer.
 *
 * @first: bytes 0-7: magic, opcode, key length, extras length, data type, status
 * @size: bytes 8-11 as they are on the wire: bytes of the body
 */
__noinline __u64 membench_binary(__u64 first, __u32 size, __u32 mode)
{
	__u32 op = op_of(first >> 8 & 0xff);
	__u32 key = (first >> 16 & 0xff) << 8 | (first >> 24 & 0xff);
	__u32 extras = first >> 32 & 0xff;
	__u32 body = __builtin_bswap32(size);
	__u32 quiet = op & QUIET;
	__u64 message = KIND_BINARY;
	__u32 value;

	if ((first & 0xff) != (mode & MODE_ANSWER ? MAGIC_ANSWER : MAGIC_REQUEST))
		return FAILED(UNKNOWN);
	if (op == NO_OP || body > VALUE_MAX)
		return FAILED(UNKNOWN);
	op &= ~QUIET;
	if (key > MEMBENCH_KEY_MAX || key + extras > body)
		return FAILED(UNKNOWN);
	message |= BINARY_HEADER + body;
	value = body - key - extras;
	if (mode & MODE_ANSWER) {
		/* Statistics end with an answer without a key. */
		if (!quiet && (op != MEMBENCH_OP_STATS || key == 0))
			message |= COMPLETE;
		if (quiet && (op == MEMBENCH_OP_GET || op == MEMBENCH_OP_GAT) && !(first >> 48))
			message |= VALUE;
		if (mode & MODE_COUNT)
			keep_form(count_answer(op, __builtin_bswap16(first >> 48), value));
		return message;
	}
	if (!quiet)
		message |= COMPLETE;
	else if (op == MEMBENCH_OP_GET || op == MEMBENCH_OP_GAT)
		message |= KEYS(1);
	if (mode & MODE_COUNT) {
		keep_form(BINARY << 16 | op);
		add(MEMBENCH_COUNT_ASKED + op, 1);
		if (stores(op))
			add(MEMBENCH_COUNT_SIZES_IN + bucket_of(value, 1), 1);
	}
	return message;
}

#endif
