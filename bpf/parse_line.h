/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Reads any other line that may be understood. Only its key is replaced by a hash; the rest goes into the record as it
 * is, so that there is only one parser of flags and rare arguments, that of user space.
 */
#ifndef MEMBENCH_PARSE_LINE_H
#define MEMBENCH_PARSE_LINE_H

#include "parse_message.h"
#include "parse_text.h"

/* Where the key begins, and what kind of line it is. */
#define LINE_KEY(at) (at)
/* A token comes before the key. */
#define LINE_TOKEN (1 << 4)
/* A value follows, which `membench_line` knows. */
#define LINE_VALUE (1 << 5)
/* More keys may follow. */
#define LINE_KEYS (1 << 6)
/* Flags may tell that the key is encoded. */
#define LINE_FLAGS (1 << 7)
/* Flags may have the key. */
#define LINE_ANSWER (1 << 8)
/* The value of a set, and of VALUE. */
#define LINE_SET (1 << 9)
#define LINE_ENDS (1 << 10)

static __always_inline __u32 kind_of(const __u8 *p)
{
	__u64 head = *(const __u64 *)p;
	__u32 word = head;
	__u32 next = head >> 32;
	__u32 three = head & 0xffffff;
	__u32 two = head & 0xffff;

	if (word == WORD4('s', 'e', 't', ' '))
		return LINE_KEY(4) | LINE_VALUE | LINE_SET;
	if (word == WORD4('a', 'd', 'd', ' ') || word == WORD4('c', 'a', 's', ' '))
		return LINE_KEY(4) | LINE_VALUE;
	if (word == WORD4('V', 'A', 'L', 'U') && (next & 0xffff) == WORD4('E', ' ', 0, 0))
		return LINE_KEY(6) | LINE_VALUE | LINE_ENDS;
	if (three == WORD4('m', 'g', ' ', 0) || three == WORD4('m', 'd', ' ', 0) || three == WORD4('m', 'a', ' ', 0) ||
	    three == WORD4('m', 'e', ' ', 0))
		return LINE_KEY(3) | LINE_FLAGS;
	if (three == WORD4('m', 's', ' ', 0))
		return LINE_KEY(3) | LINE_VALUE | LINE_FLAGS;
	if (three == WORD4('V', 'A', ' ', 0))
		return LINE_VALUE | LINE_ANSWER;
	if ((three >> 16 == ' ' || three >> 16 == '\r') &&
	    (two == WORD4('H', 'D', 0, 0) || two == WORD4('E', 'N', 0, 0) || two == WORD4('N', 'S', 0, 0) ||
	     two == WORD4('E', 'X', 0, 0) || two == WORD4('N', 'F', 0, 0) || two == WORD4('M', 'N', 0, 0)))
		return LINE_ANSWER;
	if (word == WORD4('m', 'n', '\r', '\n'))
		return LINE_ANSWER;
	if (word == WORD4('g', 'e', 't', 's') && (next & 0xff) == ' ')
		return LINE_KEY(5) | LINE_KEYS;
	if (word == WORD4('g', 'a', 't', ' '))
		return LINE_KEY(4) | LINE_KEYS | LINE_TOKEN;
	if (word == WORD4('g', 'a', 't', 's') && (next & 0xff) == ' ')
		return LINE_KEY(5) | LINE_KEYS | LINE_TOKEN;
	if (word == WORD4('d', 'e', 'l', 'e') && (next & 0xffffff) == WORD4('t', 'e', ' ', 0))
		return LINE_KEY(7);
	if ((word == WORD4('i', 'n', 'c', 'r') || word == WORD4('d', 'e', 'c', 'r')) && (next & 0xff) == ' ')
		return LINE_KEY(5);
	if (word == WORD4('t', 'o', 'u', 'c') && (next & 0xffff) == WORD4('h', ' ', 0, 0))
		return LINE_KEY(6);
	if (word == WORD4('r', 'e', 'p', 'l') && next == WORD4('a', 'c', 'e', ' '))
		return LINE_KEY(8) | LINE_VALUE;
	if (word == WORD4('a', 'p', 'p', 'e') && (next & 0xffffff) == WORD4('n', 'd', ' ', 0))
		return LINE_KEY(7) | LINE_VALUE;
	if (word == WORD4('p', 'r', 'e', 'p') && next == WORD4('e', 'n', 'd', ' '))
		return LINE_KEY(8) | LINE_VALUE;
	/* A number, the answer to incr and decr. */
	if ((head & 0xff) - '0' < 10)
		return LINE_ANSWER;
	return 0;
}

/* Words of a line besides its key, and those that it may have before its key. */
#define REST_WORDS (MEMBENCH_MESSAGE_LINE_MAX / 8)
#define PREFIX_MAX 16

#define NOREPLY (WORD4('n', 'o', 'r', 'e') | (__u64)WORD4('p', 'l', 'y', 0) << 32)

/*
 * Copies `size` bytes at `from`, the end of a line, and zeroes those after it. Returns whether the line is of a kind
 * that must not be copied: it has control characters, or a flag that begins with `k` or `b` where such flags are
 * looked for.
 */
static __always_inline __u64 copy_rest(__u8 *to, const __u8 *from, __u32 size, __u64 b, __u64 k)
{
	__u64 refused = 0;

#pragma unroll
	for (__u32 i = 0; i < REST_WORDS; i++) {
		__u64 word, second, spaces, mask;

		if (8 * i >= size)
			break;
		word = *(const __u64 *)(from + 8 * i);
		second = *(const __u64 *)(from + 8 * i + 1);
		mask = low_bytes(size - 8 * i);
		spaces = equal(word, ' ');
		refused |= mask & below(word, ' ');
		if (b)
			refused |= mask & spaces & equal(second, 'b');
		if (k)
			refused |= mask & spaces & equal(second, 'k');
		*(__u64 *)(to + 8 * i) = word & mask;
	}
	return refused;
}

/* As `membench_text`, of any line that is known. */
__noinline __u64 membench_other(__u32 from, __u32 size, __u32 out)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	/* Bytes before the key, of the key, up to its end, of the line, of it besides the key, of its message. */
	__u32 key, key_size = 0, at, line, rest, put = MESSAGE_HEAD;
	__u64 zero, read, value = 0;
	__u32 kind;
	const __u8 *p;
	__u8 *to;

	if (!g)
		return 0;
	zero = g->zero;
	p = g->bytes + (from & (GATHERED - 1));
	kind = kind_of(p);
	if (!kind)
		return 0;
	kind += zero;
	key = kind & 15;
	if (kind & LINE_TOKEN) {
		at = find(p, key, TOKEN_END, 2, zero);
		if (p[at] != ' ')
			return 0;
		key = at + 1;
		if (key > PREFIX_MAX)
			return 0;
	}
	key = (key + zero) & (2 * PREFIX_MAX - 1);
	at = key;
	if (key) {
		at = find(p, key, PLAIN_KEY_END, KEY_WORDS, zero);
		key_size = at - key;
		if (key_size - 1 >= MEMBENCH_KEY_MAX)
			return 0;
		/* Releases differ on a key that is this word. */
		if (key_size == 7 && (*(const __u64 *)(p + key) & low_bytes(7)) == NOREPLY)
			return 0;
		put = KEYED;
	}
	at = (at + zero) & (OFFSETS - 1);
	if (kind & LINE_VALUE) {
		__u64 found = membench_line(from, size, 0);

		if (found == LINE_WRONG || !(found & LINE_IS_TEXT))
			return 0;
		line = found & LINE_MASK;
		value = found >> LINE_VALUE_SHIFT;
		read = READ_VALUE | (kind & LINE_SET ? READ_SET : 0) | (kind & LINE_ENDS ? READ_ENDS : 0) | line;
	} else if (kind & LINE_KEYS && p[at] == ' ') {
		/* Its line end comes after the last key. */
		line = at + 2;
		read = READ_KEYS | at;
	} else {
		__u32 feed = find(p, at, LINE_END, REST_WORDS + 1, zero);
		__u32 before = (feed - 1 + zero) & (OFFSETS - 1);

		if (*(const __u16 *)(p + before) != CRLF)
			return 0;
		line = feed + 1;
		read = line;
	}
	rest = line - 2 - key_size;
	if (READ_LINE(read) > size || rest > MEMBENCH_MESSAGE_LINE_MAX)
		return 0;
	to = message_at(g, out);
	put_head(to, MEMBENCH_MESSAGE_FORM_LINE, key_size, rest + 2, key, value);
	to += (put + zero) & 31;
#pragma unroll
	for (__u32 i = 0; i < REST_WORDS; i++)
		((__u64 *)to)[i] = 0;
	((__u64 *)to)[0] = *(const __u64 *)p & low_bytes(key);
	((__u64 *)to)[1] = key > 8 ? *(const __u64 *)(p + 8) & low_bytes(key - 8) : 0;
	to += (key + zero) & (2 * PREFIX_MAX - 1);
	if (copy_rest(to, p + ((at + zero) & (OFFSETS - 1)), rest - key, kind & (LINE_FLAGS | LINE_ANSWER), kind & LINE_ANSWER))
		return 0;
	/* Last, because the bytes before the rest overwrite nothing of it. */
	if (key_size)
		*(__u64 *)(message_at(g, out) + MESSAGE_HEAD) = membench_key_hash(from + key, key_size);
	return read | READ_PUT(put + ((rest + 7) & ~7)) | READ_SIZE(value);
}

#endif
