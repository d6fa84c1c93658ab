/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Reads the lines that are most frequent: a get, a set, its answers, and VALUE. What is unusual in them is left to
 * parse_line.h.
 */
#ifndef MEMBENCH_PARSE_TEXT_H
#define MEMBENCH_PARSE_TEXT_H

#include "parse_message.h"

/* Words that are searched for the end of a key. */
#define KEY_WORDS (MEMBENCH_KEY_MAX / 8 + 1)

/* Where the numbers of a line with a value are: how many there are, and the last one is the size. */
#define LINE_OF(form, at, numbers) ((form) | (at) << 8 | (numbers) << 12)

static __always_inline __u32 frequent_line(__u32 word, __u32 next)
{
	if (word == WORD4('g', 'e', 't', ' '))
		return LINE_OF(MEMBENCH_MESSAGE_FORM_GET, 4, 0);
	if (word == WORD4('V', 'A', 'L', 'U') && (next & 0xffff) == WORD4('E', ' ', 0, 0))
		return LINE_OF(MEMBENCH_MESSAGE_FORM_VALUE, 6, 2);
	if (word == WORD4('s', 'e', 't', ' '))
		return LINE_OF(MEMBENCH_MESSAGE_FORM_SET, 4, 3);
	return 0;
}

/* The form of an answer of one word, with its bytes above; 0 where there is none at `p`. */
static __always_inline __u32 word_answer(const __u8 *p, __u32 word, __u32 next)
{
#define WORD(condition, name, bytes) \
	if (condition)               \
		return MEMBENCH_MESSAGE_FORM_##name | (bytes) << 8;
	WORD(word == WORD4('E', 'N', 'D', '\r') && (next & 0xff) == '\n', END, 5)
	WORD(word == WORD4('S', 'T', 'O', 'R') && next == WORD4('E', 'D', '\r', '\n'), STORED, 8)
	WORD(word == WORD4('N', 'O', 'T', '_') && next == WORD4('S', 'T', 'O', 'R') &&
		     *(const __u32 *)(p + 8) == WORD4('E', 'D', '\r', '\n'),
	     NOT_STORED, 12)
	WORD(word == WORD4('N', 'O', 'T', '_') && next == WORD4('F', 'O', 'U', 'N') &&
		     (*(const __u32 *)(p + 8) & 0xffffff) == WORD4('D', '\r', '\n', 0),
	     NOT_FOUND, 11)
	WORD(word == WORD4('E', 'X', 'I', 'S') && next == WORD4('T', 'S', '\r', '\n'), EXISTS, 8)
	WORD(word == WORD4('D', 'E', 'L', 'E') && next == WORD4('T', 'E', 'D', '\r') && p[8] == '\n', DELETED, 9)
	WORD(word == WORD4('T', 'O', 'U', 'C') && next == WORD4('H', 'E', 'D', '\r') && p[8] == '\n', TOUCHED, 9)
	WORD(word == WORD4('O', 'K', '\r', '\n'), OK, 4)
#undef WORD
	return 0;
}

/* As `after_number`, of at most eight digits without zeros before them; most numbers have one. */
static __always_inline __u32 after_short_number(const __u8 *p, __u32 at, __u64 *value, __u64 zero)
{
	__u32 bytes = *(const __u16 *)(p + at);
	__u32 end;

	if ((bytes & 0xff) - '0' < 10 && bytes >> 8 <= ' ') {
		*value = (bytes & 0xff) - '0';
		return at + 1;
	}
	if ((bytes & 0xff) == '0')
		return 0;
	end = after_number(p, at, value, zero);
	return end - at > 8 ? 0 : end;
}

/*
 * Reads the line at `from` of the bytes gathered, `size` of which are of the segment, and puts its message `out`
 * bytes into the record. Returns READ_*.
 *
 * A global function is verified once, for any arguments.
 */
__noinline __u64 membench_text(__u32 from, __u32 size, __u32 out)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	__u32 line, key, numbers, at, end, key_size;
	__u64 zero, read, flags = 0, ttl = 0, value = 0;
	const __u8 *p;
	__u8 *to;

	if (!g)
		return 0;
	zero = g->zero;
	p = g->bytes + (from & (GATHERED - 1));
	line = frequent_line(*(const __u32 *)p, *(const __u32 *)(p + 4));
	if (!line) {
		line = word_answer(p, *(const __u32 *)p, *(const __u32 *)(p + 4));
		at = line >> 8;
		if (!line || at > size)
			return 0;
		put_head(message_at(g, out), line & 0xff, 0, at, 0, 0);
		return at | READ_PUT(MESSAGE_HEAD);
	}
	/* What the verifier does not know it need not tell apart. */
	line += zero;
	key = line >> 8 & 15;
	numbers = line >> 12 & 3;
	end = find(p, key, PLAIN_KEY_END, KEY_WORDS, zero);
	key_size = end - key;
	if (key_size - 1 >= MEMBENCH_KEY_MAX)
		return 0;
	at = end;
	read = READ_PUT(KEYED);
	if (numbers) {
		if (numbers == 3)
			read |= READ_VALUE | READ_SET;
		else
			read |= READ_VALUE | READ_ENDS;
		if (p[at] != ' ')
			return 0;
		at = after_short_number(p, (at + 1 + zero) & (OFFSETS - 1), &flags, zero);
		at = (at + zero) & (OFFSETS - 1);
		if (!at || p[at] != ' ')
			return 0;
		if (numbers == 3) {
			at = after_short_number(p, (at + 1 + zero) & (OFFSETS - 1), &ttl, zero);
			at = (at + zero) & (OFFSETS - 1);
			if (!at || p[at] != ' ')
				return 0;
		}
		at = after_short_number(p, (at + 1 + zero) & (OFFSETS - 1), &value, zero);
		if (!at)
			return 0;
	}
	at = (at + zero) & (OFFSETS - 1);
	if (*(const __u16 *)(p + at) == CRLF) {
		at += 2;
		line |= (at - key_size) << 16;
	} else {
		if (numbers || p[at] != ' ')
			return 0;
		/* Its line end comes after the last key. */
		read |= READ_KEYS;
		line |= (key + 2) << 16;
	}
	if (at > size)
		return 0;
	to = message_at(g, out);
	if (flags | ttl) {
		line |= MEMBENCH_MESSAGE_NUMBERS;
		read += READ_PUT(8);
	}
	put_head(to, line & 0xff, key_size, line >> 16, key, value);
	*(__u64 *)(to + KEYED) = flags | ttl << 32;
	*(__u64 *)(to + MESSAGE_HEAD) = membench_key_hash(from + key, key_size);
	return read | at | READ_SIZE(value);
}

/* Reads a further key of a retrieval and the space before it, as `membench_text` does. */
__noinline __u64 membench_key(__u32 from, __u32 size, __u32 out)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	__u64 zero, read = READ_PUT(KEYED);
	__u32 end, key_size;
	const __u8 *p;
	__u8 *to;

	if (!g)
		return 0;
	zero = g->zero;
	p = g->bytes + (from & (GATHERED - 1));
	end = find(p, (1 + zero) & 1, PLAIN_KEY_END, KEY_WORDS, zero);
	key_size = end - 1;
	if (key_size - 1 >= MEMBENCH_KEY_MAX)
		return 0;
	if (*(const __u16 *)(p + end) == CRLF)
		read += 2;
	else if (p[end] == ' ')
		read |= READ_KEYS;
	else
		return 0;
	read += end;
	if (READ_LINE(read) > size)
		return 0;
	to = message_at(g, out);
	put_head(to, MEMBENCH_MESSAGE_FORM_KEY, key_size, 1, 1, 0);
	*(__u64 *)(to + MESSAGE_HEAD) = membench_key_hash(from + 1, key_size);
	return read;
}

#endif
