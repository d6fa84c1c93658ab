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

/* Bytes that are looked at by one call. */
#define CHUNK 128

/* What `membench_login_chunk` takes and returns: what was seen so far, and whether it is no login. */
#define SEEN_WORD 1
#define SEEN_SPACE 2
#define SEEN_SECOND 4
#define SEEN_OTHER 8

/* Looks at the next `size` bytes of a value, at most CHUNK, at `from` of those gathered. */
__noinline __u32 membench_login_chunk(__u32 from, __u32 size, __u32 before)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	struct words seen;
	const __u8 *p;

	if (!g)
		return SEEN_OTHER;
	seen.word = -(__u64)(before & SEEN_WORD);
	seen.space = -(__u64)(before >> 1 & 1);
	seen.second = before & SEEN_SECOND;
	p = g->bytes + (from & (GATHERED - 1));
#pragma unroll
	for (__u32 i = 0; i < CHUNK / 8; i++) {
		__u64 word = *(const __u64 *)(p + 8 * i);

		if (8 * i >= size)
			break;
		/* Spaces after the end change nothing. */
		if (8 * i + 8 > size) {
			__u64 mask = low_bytes(size & 7);

			word = (word & mask) | (~mask & ' ' * ONES);
		}
		if (look_at(&seen, word))
			return SEEN_OTHER;
	}
	return (seen.word ? SEEN_WORD : 0) | (seen.space ? SEEN_SPACE : 0) | (seen.second ? SEEN_SECOND : 0);
}

/* Looks at a value of `size` bytes at `from` of those gathered. */
__noinline int membench_login(__u32 from, __u32 size)
{
	__u32 seen = 0;

#pragma unroll
	for (__u32 i = 0; i < LOGIN_MAX / CHUNK; i++) {
		if (CHUNK * i >= size)
			break;
		seen = membench_login_chunk(from + CHUNK * i, size - CHUNK * i, seen);
		if (seen & SEEN_OTHER)
			return 0;
	}
	return (seen & SEEN_SECOND) != 0;
}

#endif
