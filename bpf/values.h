/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Finds the values in a TCP segment by the lines and headers that announce them, so that they need not be
 * copied. It knows no more than this one segment: where the segment begins within a value, with text that looks
 * like such a line, it is wrong. The parser notices, counts the gap, and asks for whole packets of the flow
 * (assembly/flow/uncut.ts).
 *
 *   segment   | headers | line | value ............. | CRLF, line | value ............. | CRLF, END |
 *   record    | headers | line | CRLF, line | CRLF, END |   and two holes
 *
 * What is not certain is copied: lines that are cut, unusual, or on which releases of memcached differ.
 */
#ifndef MEMBENCH_VALUES_H
#define MEMBENCH_VALUES_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "headers.h"
#include "layout.h"
#include "maps.h"

/* Longest value of memcached, INT_MAX - 2 (process_update_command). */
#define VALUE_MAX 2147483645
/*
 * Fewest bytes that are left out. Finding a smaller value costs more than copying it; and a value of up to 1,024
 * bytes may be a user's name and password, of which the parser must see whether it looks like that (LOGIN_MAX
 * in assembly/memcache/credentials.ts).
 */
#define HOLE_LEAST 1025
/* Bytes that are searched for a line: the longest with a key of 250 bytes and its numbers. */
#define WINDOW 320
/* Most bytes of IP and TCP headers; longer ones are copied with the whole packet. */
#define HEADERS_MAX 255

/* First bytes of lines, as they lie in memory. */
#define WORD4(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)
#define CRLF 0x0a0d
#define ONES 0x0101010101010101ull

#define BIT(n) (1ull << (n))
/* Opcodes (protocol_binary.h): set, add, replace and their quiet forms; append, prepend; get, gat and all forms. */
#define BINARY_SET (BIT(0x01) | BIT(0x02) | BIT(0x03) | BIT(0x11) | BIT(0x12) | BIT(0x13))
#define BINARY_APPEND (BIT(0x0e) | BIT(0x0f) | BIT(0x19) | BIT(0x1a))
#define BINARY_GET                                                                                            \
	(BIT(0x00) | BIT(0x09) | BIT(0x0c) | BIT(0x0d) | BIT(0x1d) | BIT(0x1e) | BIT(0x23) | BIT(0x24))
#define BINARY_HEADER 24

/* What `membench_line` returns: bytes of the line, a bit, and the bytes of its value. */
#define LINE_MASK 0xffffull
#define LINE_IS_TEXT BIT(16)
#define LINE_VALUE_SHIFT 32
/* The value before was none: its CRLF is missing. */
#define LINE_WRONG (~0ull)

/* Offsets are kept below this, for the verifier. */
#define OFFSETS 512
/* Words that are searched for the end of a line after its numbers. */
#define TAIL_WORDS 12

static __always_inline __u64 binary_line(const __u8 *p)
{
	__u64 first = *(const __u64 *)p;
	__u32 magic = first & 0xff;
	__u32 opcode = first >> 8 & 0xff;
	__u32 key = bpf_ntohs(first >> 16 & 0xffff);
	__u32 extras = first >> 32 & 0xff;
	__u64 body = bpf_ntohl(*(const __u32 *)(p + 8));
	__u64 bit = opcode < 64 ? BIT(opcode) : 0;
	__u32 wanted;

	/* Bytes 5 to 7: the data type, and the bucket or status. */
	if (first >> 40)
		return 0;
	if (magic == 0x80 && key && (bit & BINARY_SET))
		wanted = 8;
	else if (magic == 0x80 && key && (bit & BINARY_APPEND))
		wanted = 0;
	else if (magic == 0x81 && (bit & BINARY_GET))
		wanted = 4;
	else
		return 0;
	if (extras != wanted || key > MEMBENCH_KEY_MAX || body <= extras + key || body > VALUE_MAX)
		return 0;
	return (BINARY_HEADER + extras + key) | (body - extras - key) << LINE_VALUE_SHIFT;
}

/* The high bit of each byte that is below `limit`, at most 0x80; of those set, the lowest one is exact. */
static __always_inline __u64 below(__u64 word, __u64 limit)
{
	return (word - limit * ONES) & ~word & 0x80 * ONES;
}

/* The high bit of each byte that is `byte`; of those set, the lowest one is exact. */
static __always_inline __u64 equal(__u64 word, __u64 byte)
{
	return below(word ^ byte * ONES, 1);
}

/*
 * What `find` looks for: the end of a token, of a key, which may have control characters, of a key that has no NUL
 * or carriage return either, or of a line.
 */
enum find { TOKEN_END, KEY_END, PLAIN_KEY_END, LINE_END };

/* Offset of the first such byte in `words` words from `at` on; some offset where there is none. */
static __always_inline __u32 find(const __u8 *p, __u32 at, const enum find what, const __u32 words, __u64 zero)
{
#pragma unroll
	for (__u32 i = 0; i < words; i++) {
		__u64 word = *(const __u64 *)(p + (at & (OFFSETS - 1)));
		__u64 found = what == TOKEN_END || what == PLAIN_KEY_END ? below(word, ' ' + 1) : equal(word, '\n');

		if (what == KEY_END)
			found |= equal(word, ' ');
		/* Most keys have no control characters. */
		if (what == PLAIN_KEY_END && found)
			found = equal(word, ' ') | equal(word, '\n') | equal(word, '\r') | equal(word, 0);
		if (found) {
			/* Ones in the bytes below the lowest one found: their sum is its index. */
			at += ((((found & -found) >> 7) - 1) & ONES) * ONES >> 56;
			break;
		}
		at += 8;
		whole(at);
	}
	/* The verifier must not tell apart how the loop ended. */
	return (at + zero) & (OFFSETS - 1);
}

/*
 * Reads the number at `at`: its digits are taken eight at a time, as they lie in memory; of more, only the first
 * eight are looked at. Returns the offset after it, or 0 where there is none.
 */
static __always_inline __u32 after_number(const __u8 *p, __u32 at, __u64 *value, __u64 zero)
{
	__u32 end = find(p, at, TOKEN_END, 2, zero);
	__u64 word = *(const __u64 *)(p + at);
	__u32 size = end - at;
	__u64 zeros = '0' * ONES;

	if (size - 1 >= 10)
		return 0;
	if (size < 8) {
		/* Digits last, as if zeros came before them. */
		word <<= 64 - 8 * size;
		word |= zeros >> 8 * size;
	}
	/* Digits are 0x30 to 0x39. */
	if ((word & 0xf0 * ONES) != zeros || ((word + 6 * ONES) & 0xf0 * ONES) != zeros)
		return 0;
	/* Pairs, fours, and all eight. */
	word = (word & 15 * ONES) * (10 << 8 | 1) >> 8;
	word = (word & 0x00ff00ff00ff00ffull) * (100ull << 16 | 1) >> 16;
	*value = (word & 0x0000ffff0000ffffull) * (10000ull << 32 | 1) >> 32;
	return end;
}

/*
 * The form of a line: where its first token begins, how many numbers it has up to the size of the value, and the
 * fewest and the most tokens after that, but for the flags of a meta command.
 */
#define FORM(at, numbers, least, most) ((at) | (numbers) << 4 | (least) << 6 | (most) << 7 | FORM_HAS_KEY)
#define FORM_HAS_KEY (1 << 9)
#define FORM_IS_META (1 << 10)

/* Form of the line at `p` by its first word; 0 where it has no value. */
static __always_inline __u32 form_of(const __u8 *p)
{
	__u32 word = *(const __u32 *)p;
	__u32 next = *(const __u32 *)(p + 4);

	if (word == WORD4('V', 'A', 'L', 'U'))
		return (next & 0xffff) == WORD4('E', ' ', 0, 0) ? FORM(6, 2, 0, 1) : 0;
	if (word == WORD4('s', 'e', 't', ' ') || word == WORD4('a', 'd', 'd', ' '))
		return FORM(4, 3, 0, 1);
	if ((word & 0xffffff) == WORD4('V', 'A', ' ', 0))
		return (FORM(3, 1, 0, 1) | FORM_IS_META) & ~FORM_HAS_KEY;
	if ((word & 0xffffff) == WORD4('m', 's', ' ', 0))
		return FORM(3, 1, 0, 1) | FORM_IS_META;
	/* The number to compare with must be there. */
	if (word == WORD4('c', 'a', 's', ' '))
		return FORM(4, 3, 1, 2);
	if (word == WORD4('r', 'e', 'p', 'l'))
		return next == WORD4('a', 'c', 'e', ' ') ? FORM(8, 3, 0, 1) : 0;
	if (word == WORD4('p', 'r', 'e', 'p'))
		return next == WORD4('e', 'n', 'd', ' ') ? FORM(8, 3, 0, 1) : 0;
	if (word == WORD4('a', 'p', 'p', 'e'))
		return (next & 0xffffff) == WORD4('n', 'd', ' ', 0) ? FORM(7, 3, 0, 1) : 0;
	return 0;
}

/*
 * Reads the line with a value that begins at `from` of the bytes gathered, of which `size` are from the
 * segment; with `after`, the end of a text value comes before it. Returns LINE_*, or 0 where there is no such line.
 *
 * A global function is verified once, for any arguments.
 */
__noinline __u64 membench_line(__u32 from, __u32 size, __u32 after)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	__u32 start = 0, form, at, end, numbers, more;
	const __u8 *p;
	__u64 zero, value = 0;

	if (!g)
		return 0;
	zero = g->zero;
	p = g->bytes + (from & (GATHERED - 1));
	if (after && size >= 2) {
		if (*(const __u16 *)p != CRLF)
			return LINE_WRONG;
		start = 2;
		/* The next answer of a pipeline. */
		if (*(const __u32 *)(p + 2) == WORD4('E', 'N', 'D', '\r') && p[6] == '\n')
			start = 7;
	}
	start = (start + zero) & 7;
	p += start;
	form = form_of(p);
	if (!form) {
		__u64 line = binary_line(p);

		return line && (line & LINE_MASK) + start <= size ? line + start : 0;
	}
	/* What the verifier does not know it need not tell apart. */
	form += zero;
	at = form & 15;
	numbers = form >> 4 & 3;
	if (form & FORM_HAS_KEY) {
		__u32 key = at;

		at = find(p, at, KEY_END, MEMBENCH_KEY_MAX / 8 + 1, zero);
		if (at <= key || at - key > MEMBENCH_KEY_MAX || p[at] != ' ')
			return 0;
		at++;
	}
	at = (at + zero) & (OFFSETS - 1);
	end = after_number(p, at, &value, zero);
	if (!end)
		return 0;
	if (numbers > 1) {
		if (p[end] != ' ')
			return 0;
		at = (end + 1 + zero) & (OFFSETS - 1);
		/* A time to live may be negative. */
		if (numbers > 2 && p[at] == '-')
			at = (at + 1 + zero) & (OFFSETS - 1);
		end = after_number(p, at, &value, zero);
		if (!end)
			return 0;
	}
	if (numbers > 2) {
		if (p[end] != ' ')
			return 0;
		at = (end + 1 + zero) & (OFFSETS - 1);
		end = after_number(p, at, &value, zero);
		if (!end)
			return 0;
	}
	/* Larger values are rare enough to be copied. */
	if (end - at > 8)
		return 0;
	value += zero;
	at = (end + zero) & (OFFSETS - 1);
	/* More tokens: the flags of a meta command; noreply, or the number to compare with. */
	more = zero;
	if (form & FORM_IS_META && p[at] == ' ') {
		at = (find(p, at + 1, LINE_END, TAIL_WORDS, zero) - 1 + zero) & (OFFSETS - 1);
	} else {
#pragma unroll
		for (__u32 i = 0; i < 2; i++) {
			if (p[at] != ' ')
				break;
			more++;
			at = find(p, at + 1, TOKEN_END, TAIL_WORDS / 2, zero);
		}
	}
	if (more < (form >> 6 & 1) || more > (form >> 7 & 3) || *(const __u16 *)(p + at) != CRLF)
		return 0;
	at += start + 2;
	return at > size ? 0 : at | LINE_IS_TEXT | value << LINE_VALUE_SHIFT;
}

/* Loads `size` bytes of the packet to offset `filled` of those gathered. Returns whether that worked. */
static __always_inline int append(struct __sk_buff *skb, __u32 offset, struct gathering *g, __u64 filled, __u64 size)
{
	/* Less one, so that one comparison, which the verifier follows, checks both bounds of the size. */
	__u64 last = size - 1;

	whole(last);
	if (filled >= GATHERED || last >= REST_MAX)
		return 0;
	/* Without CAP_PERFMON an offset must have the same bounds however it came about. */
	filled = (filled + g->zero) & (GATHERED - 1);
	return bpf_skb_load_bytes(skb, offset, g->bytes + filled, last + 1) == 0;
}

/*
 * Bytes of the headers of a TCP segment from its IP header on, which begins at `p`, with the TCP header at
 * `l4_offset`; 0 where no value is left out: the segment is of a kind that has none, or its packet has more bytes
 * behind it.
 */
static __always_inline __u32 headers_of(const __u8 *p, __u32 l4_offset, __u32 length)
{
	__u32 total = bpf_ntohs(*(const __u16 *)(p + 2));
	__u16 tcp;

	if (p[0] >> 4 == 6) {
		total = bpf_ntohs(*(const __u16 *)(p + 4));
		if (total)
			total += 40;
	}
	/* Segmentation offload leaves 0 where the length does not fit. */
	if ((total && total != length) || l4_offset > HEADERS_MAX)
		return 0;
	/* Data offset and flags. */
	whole(l4_offset);
	l4_offset &= HEADERS_MAX;
	tcp = *(const __u16 *)(p + l4_offset + 12);
	if (tcp >> 8 & (TCP_SYN | TCP_FIN | TCP_RST | TCP_URG))
		return 0;
	return l4_offset + (tcp >> 4 & 15) * 4;
}

/*
 * Gathers a packet without its values, to be sent to the ring: its bytes from the IP header on, and the holes.
 * `place` is as in `membench_submit`. Returns how many bytes were gathered, and above these 16 bits how many holes
 * there are; 0 where the packet has no such value, or asks too much.
 */
__noinline int membench_gather(struct __sk_buff *skb, __u64 place, __u32 hash)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	__u32 word = hash >> 22;
	__u64 *uncut_word = bpf_map_lookup_elem(&uncut, &word);
	__u32 l3 = place & 0xffff;
	/* Bytes of the headers; bytes gathered; place in the segment, from the IP header on; bytes to its end. */
	__u32 headers, filled, at, left, size = WINDOW;
	__u32 holes = 0, after = 0;
	struct membench_ring_hole *hole;

	if (!g || !uncut_word || *uncut_word >> (hash >> 16 & 63) & 1)
		return 0;
	/* In one go, since every call costs more than copying a few bytes. */
	if (skb->len < l3 + HEADERS_MAX + WINDOW || bpf_skb_load_bytes(skb, l3, g->bytes, HEADERS_MAX + WINDOW))
		return 0;
	headers = headers_of(g->bytes, place >> 16 & 0xffff, skb->len - l3);
	left = skb->len - l3 - headers;
	if (!headers || headers > HEADERS_MAX || left < HOLE_LEAST)
		return 0;
	filled = headers;
	at = headers;
#pragma unroll
	for (__u32 i = 0; i < MEMBENCH_HOLES_MAX; i++) {
		__u64 line = membench_line(filled, size, after);
		__u64 value = line >> LINE_VALUE_SHIFT;
		__u32 bytes = line & LINE_MASK;

		if (line == LINE_WRONG)
			return 0;
		if (!line)
			break;
		if (value > left - bytes)
			value = left - bytes;
		if (value < HOLE_LEAST)
			break;
		at += bytes;
		filled += bytes;
		hole = &g->holes[(i + g->zero) & (MEMBENCH_HOLES_MAX - 1)];
		hole->offset = at - headers;
		hole->size = value;
		holes = i + 1;
		at += value;
		left -= bytes + value;
		if (!left)
			break;
		after = line >> 16 & 1;
		size = left < WINDOW ? left : WINDOW;
		if (filled > GATHERED - WINDOW || !append(skb, l3 + at, g, filled, size))
			return 0;
	}
	if (!holes)
		return 0;
	/* The rest of the segment was loaded up to WINDOW. */
	if (left > WINDOW && !append(skb, l3 + at, g, filled, left))
		return 0;
	return holes << 16 | (filled + left);
}

#endif
