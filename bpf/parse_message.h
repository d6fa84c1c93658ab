/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* What the functions that read one message share, and how a message is put into the record. */
#ifndef MEMBENCH_PARSE_MESSAGE_H
#define MEMBENCH_PARSE_MESSAGE_H

#include "maps.h"
#include "siphash.h"
#include "values.h"

/*
 * What the functions that read a message return; 0 where it is not understood:
 *
 *   bits 0-15   bytes up to the value
 *        16     a value follows
 *        17     it has no line end behind it: it is of a binary frame
 *        18     END may follow it
 *        19     it is that of a set, which may be a user's name and password
 *        20     more keys follow
 *        24-31  bytes that the message has in the record
 *        32-63  bytes of the value
 */
#define READ_LINE(read) ((read) & 0xffff)
#define READ_VALUE BIT(16)
#define READ_BINARY BIT(17)
#define READ_ENDS BIT(18)
#define READ_SET BIT(19)
#define READ_KEYS BIT(20)
#define READ_PUT(bytes) ((__u64)(bytes) << 24)
#define READ_PUT_OF(read) ((read) >> 24 & 0xff)
#define READ_SIZE(bytes) ((__u64)(bytes) << 32)
#define READ_SIZE_OF(read) ((read) >> 32)

/* The head of a message and its key's hash. */
#define MESSAGE_HEAD sizeof(struct membench_message)
#define KEYED (MESSAGE_HEAD + sizeof(__u64))

/* The low `n` bytes of a word. */
static __always_inline __u64 low_bytes(__u64 n)
{
	return n >= 8 ? ~0ull : (1ull << 8 * n) - 1;
}

/* The place of the message that begins `out` bytes into the record. */
static __always_inline __u8 *message_at(struct gathering *g, __u32 out)
{
	return g->parsed + (out & (PARSED - 1));
}

/* Writes the head of a message, in one word. */
static __always_inline void put_head(__u8 *to, __u64 form, __u64 key_size, __u64 line_size, __u64 key_at,
				     __u64 value_size)
{
	*(__u64 *)to = form | key_size << 8 | line_size << 16 | key_at << 24 | value_size << 32;
}

_Static_assert(__builtin_offsetof(struct membench_message, key_size) == 1, "put_head");
_Static_assert(__builtin_offsetof(struct membench_message, line_size) == 2, "put_head");
_Static_assert(__builtin_offsetof(struct membench_message, key_at) == 3, "put_head");
_Static_assert(__builtin_offsetof(struct membench_message, value_size) == 4, "put_head");

#endif
