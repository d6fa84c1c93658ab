/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Finds the end of a line and the words in it, eight bytes at a time (the exact test for a zero byte is in
 * Warren, Hacker's Delight, 6-1).
 */
#ifndef MEMBENCH_COUNT_WINDOW_H
#define MEMBENCH_COUNT_WINDOW_H

#include "count_maps.h"
#include "count_message.h"

#define EACH_BYTE 0x0101010101010101ull
#define LOW_BITS 0x7f7f7f7f7f7f7f7full
#define MOVE_MASK 0x0102040810204080ull

/* Windows that a line may have: 4,096 bytes, twice as much as memcached takes for any command but a get. */
#define LINE_WINDOWS 64

/* The high bit of each byte that is `c`. */
static __always_inline __u64 find_byte(__u64 word, __u8 c)
{
	word ^= EACH_BYTE * c;
	return ~(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS);
}

/* Bit n for the high bit of byte n. */
static __always_inline __u64 byte_mask(__u64 high_bits)
{
	return (high_bits >> 7) * MOVE_MASK >> 56;
}

/* The byte of the first high bit. */
static __always_inline __u32 first_byte(__u64 high_bits)
{
	return (((high_bits - 1) & ~high_bits & EACH_BYTE) * EACH_BYTE >> 56) - 1;
}

static __always_inline __u32 bits_in(__u64 mask)
{
	mask -= mask >> 1 & 0x5555555555555555ull;
	mask = (mask & 0x3333333333333333ull) + (mask >> 2 & 0x3333333333333333ull);
	mask = (mask + (mask >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return mask * EACH_BYTE >> 56;
}

/* Index of the lowest bit; 64 where there is none. */
static __always_inline __u32 lowest_bit(__u64 mask)
{
	return bits_in((mask - 1) & ~mask);
}

static __always_inline __u64 bits_below(__u32 n)
{
	return (1ull << (n & 63)) - 1;
}

/* Loads `size` bytes of a packet, at most a window. The verifier must see that bound in full width. */
static __always_inline int load(struct __sk_buff *skb, __u32 offset, void *to, __u64 size)
{
	__u64 last = size - 1;

	asm volatile("" : "+r"(last));
	if (last >= WINDOW)
		return 0;
	return bpf_skb_load_bytes(skb, offset, to, last + 1) == 0;
}

#define NO_LINE 0xffffffffu

/*
 * Finds the first line end in the first `size` bytes of the window. Returns where it is, or NO_LINE; sets the
 * spaces up to there, and whether a carriage return precedes.
 */
static __always_inline __u32 find_line_end(struct window *w, __u32 size, __u64 *spaces, __u32 *returns)
{
	__u64 before = 0;

	*spaces = 0;
#pragma unroll
	for (__u32 i = 0; i < WINDOW / 8; i++) {
		__u64 word = w->words[i];
		__u64 ends = find_byte(word, '\n');

		*spaces |= byte_mask(find_byte(word, ' ')) << (8 * i);
		if (ends) {
			__u32 at = first_byte(ends);
			__u32 previous = at ? word >> (8 * at - 8) & 0xff : before >> 56;

			*returns = previous == '\r';
			at += 8 * i;
			return at < size ? at : NO_LINE;
		}
		if (8 * i + 8 >= size)
			return NO_LINE;
		before = word;
	}
	return NO_LINE;
}

/* In what `membench_window` takes and returns: whether the window before ended inside a word. */
#define INSIDE (1u << 31)

/*
 * Reads the next window of a long line, of `size` bytes. Returns the words that begin in it, with its line end
 * plus one, if any, from bit 8 on, or INSIDE; 0 where it cannot be read. A carriage return counts as a part of
 * a word.
 */
__noinline __u32 membench_window(struct __sk_buff *skb, __u32 offset, __u32 size)
{
	struct window *w = window_of_cpu();
	__u32 inside = size & INSIDE;
	__u64 spaces, starts;
	__u32 returns, end;

	size &= ~INSIDE;
	if (!w || !load(skb, offset, w->words, size))
		return 0;
	end = find_line_end(w, size, &spaces, &returns);
	starts = ~spaces & (spaces << 1 | !inside);
	if (end != NO_LINE)
		return bits_in(starts & bits_below(end)) | (end + 1) << 8;
	return bits_in(starts) | (spaces >> 63 ? 0 : INSIDE) | 1 << 30;
}

/* What `membench_long_line` returns in its high half: words of the line. */
#define LONG_WORDS(line) ((line) >> 32)

/* Walks a line longer than a window. Returns its length with its end, and its words; or 0 where it does not end. */
__noinline __u64 membench_long_line(struct __sk_buff *skb, __u32 offset, __u32 left)
{
	__u32 inside = 0, words = 0;

#pragma unroll
	for (__u32 i = 0; i < LINE_WINDOWS; i++) {
		__u32 at = i * WINDOW;
		__u32 found;

		if (at >= left)
			return 0;
		found = membench_window(skb, offset + at, (left - at < WINDOW ? left - at : WINDOW) | inside);
		words += found & 0xff;
		if (found >> 8 & 0xff)
			return (__u64)words << 32 | (at + (found >> 8 & 0xff));
		if (!found)
			return 0;
		inside = found & INSIDE;
	}
	return 0;
}

/* Keeps the part of the line that is in the window, its last part where it is longer. */
static __always_inline void keep_line(struct window *w, __u32 end, __u64 spaces, __u32 returns, __u64 first)
{
	w->end = end - returns;
	w->spaces = spaces & bits_below(w->end);
	w->starts = ~spaces & (spaces << 1 | first) & bits_below(w->end);
}

/* Position of word `n` of the line, from 0 on; WINDOW where it begins before the window. */
static __always_inline __u32 word_at(struct window *w, __u32 n)
{
	__u64 starts = w->starts;
	__u32 hidden = w->words_total - bits_in(starts);

	if (n < hidden)
		return WINDOW;
	n -= hidden;
#pragma unroll
	for (__u32 i = 0; i < 4; i++) {
		if (n > i)
			starts &= starts - 1;
	}
	return n > 4 ? WINDOW : lowest_bit(starts);
}

#define NO_NUMBER 0xffffffffu

/* The eight bytes before position `at` of the window, the last one highest. Those outside the window are 0. */
static __always_inline __u64 bytes_before(struct window *w, __u32 at)
{
	__u64 high = 0, low = 0;
	__u32 bits = 8 * (at & 7);

	switch (at >> 3) {
#define WORDS(n)                             \
	case n:                              \
		high = w->words[n];          \
		low = n ? w->words[n - 1] : 0; \
		break;
		WORDS(0)
		WORDS(1)
		WORDS(2)
		WORDS(3)
		WORDS(4)
		WORDS(5)
		WORDS(6)
		WORDS(7)
#undef WORDS
	case WINDOW / 8:
		low = w->words[WINDOW / 8 - 1];
	}
	return bits ? high << (64 - bits) | low >> bits : low;
}

/* Bytes of the word that begins at a position of the window. */
static __always_inline __u32 word_size_at(struct window *w, __u32 start)
{
	__u32 size = lowest_bit(w->spaces >> (start & (WINDOW - 1)));

	return size > w->end - start ? w->end - start : size;
}

/* The number of so many digits at a position of the window, of at most eight, or NO_NUMBER. */
static __always_inline __u32 digits_at(struct window *w, __u32 start, __u32 size)
{
	__u64 digits;

	if (size < 1 || size > 8)
		return NO_NUMBER;
	digits = bytes_before(w, start + size);
	/* Zeros before it. */
	if (size < 8)
		digits = digits >> (64 - 8 * size) << (64 - 8 * size) | (EACH_BYTE * '0') >> (8 * size);
	if (((digits & (digits + EACH_BYTE * 6)) & EACH_BYTE * 0xf0) != EACH_BYTE * '0')
		return NO_NUMBER;
	/* Eight digits at a time (Lemire, Number parsing at a gigabyte per second, 2021). */
	digits = (digits & EACH_BYTE * 0x0f) * 2561 >> 8;
	digits = (digits & 0x00ff00ff00ff00ffull) * 6553601 >> 16;
	return (digits & 0x0000ffff0000ffffull) * 42949672960001ull >> 32;
}

/* The number that is word `n` of the line, of at most eight digits, or NO_NUMBER. */
__noinline __u32 membench_number(__u32 n)
{
	struct window *w = window_of_cpu();
	__u32 start;

	if (!w)
		return NO_NUMBER;
	start = word_at(w, n);
	if (start >= WINDOW)
		return NO_NUMBER;
	return digits_at(w, start, word_size_at(w, start));
}

#define NOREPLY 0x796c7065726f6e20ull /* " noreply" */

/* Whether the last word of the line says that there is no answer. */
__noinline int membench_is_noreply(void)
{
	struct window *w = window_of_cpu();

	return w && bytes_before(w, w->end) == NOREPLY;
}

#endif
