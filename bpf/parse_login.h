/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Whether a value reads like a user's name and password: two words at least, without line end or NUL, as
 * assembly/memcache/credentials.ts has it. The first set of a connection may carry them.
 */
#ifndef MEMBENCH_PARSE_LOGIN_H
#define MEMBENCH_PARSE_LOGIN_H

#include "parse_message.h"

/* Longest value that is taken for credentials, bytes: LOGIN_MAX in credentials.ts. */
#define LOGIN_MAX (HOLE_LEAST - 1)

#define HIGH_BITS (0x80 * ONES)
#define LOW_BITS (0x7f * ONES)

/* What was seen of a value so far. */
struct words {
	/* All ones once there was a word, and once a space came after it. */
	__u64 word;
	__u64 space;
	/* Not 0 once another word came after that. */
	__u64 second;
};

/* The high bit of each byte that is a space; unlike `equal`, of all bytes. */
static __always_inline __u64 spaces_of(__u64 word)
{
	word ^= ' ' * ONES;
	return ~(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS);
}

/* All bits above the lowest one; none where there is none. */
static __always_inline __u64 above_lowest(__u64 bits)
{
	return ~(((bits & -bits) << 1) - 1);
}

/* All ones where a bit is set. */
static __always_inline __u64 any(__u64 bits)
{
	return (__s64)(bits | -bits) >> 63;
}

/* Looks at eight bytes. Returns whether one of them is none of a login. */
static __always_inline int look_at(struct words *seen, __u64 word)
{
	__u64 spaces, others, gaps;

	/* Nothing but bytes of words, as in most values. */
	if (!below(word, ' ' + 1)) {
		seen->second |= seen->space;
		seen->word = ~0ull;
		return 0;
	}
	if (equal(word, 0) | equal(word, '\n') | equal(word, '\r'))
		return 1;
	spaces = spaces_of(word);
	others = spaces ^ HIGH_BITS;
	gaps = spaces & (seen->word | above_lowest(others));
	seen->second |= others & (seen->space | above_lowest(gaps));
	seen->space |= any(gaps);
	seen->word |= any(others);
	return 0;
}

/* Looks at the `size` bytes at `from` of those gathered. */
__noinline __u64 membench_login(__u32 from, __u32 size)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	struct words seen;
	const __u8 *p;
	__u32 at = 0;
	__u64 zero;

	if (!g)
		return 0;
	zero = g->zero;
	seen.word = seen.space = seen.second = zero;
	p = g->bytes + (from & (GATHERED - 1));
	for (__u32 i = 0; i < LOGIN_MAX / 32; i++) {
		const __u8 *q = p + (at & (LOGIN_MAX - 1));

		if (size - 32 * i < 32)
			break;
		if (look_at(&seen, *(const __u64 *)q) || look_at(&seen, *(const __u64 *)(q + 8)) ||
		    look_at(&seen, *(const __u64 *)(q + 16)) || look_at(&seen, *(const __u64 *)(q + 24)))
			return 0;
		at = (at + 32 + zero) & (LOGIN_MAX - 1);
	}
	size &= 31;
	for (__u32 i = 0; i < 4; i++) {
		__u64 mask = low_bytes(size - 8 * i);

		if (8 * i >= size)
			break;
		/* Spaces after the end change nothing. */
		if (look_at(&seen, (*(const __u64 *)(p + at) & mask) | (~mask & ' ' * ONES)))
			return 0;
		at = (at + 8 + zero) & (LOGIN_MAX - 1);
	}
	return seen.second;
}

#endif
