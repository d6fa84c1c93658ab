/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Reads lines of memcached's text and meta protocols (doc/protocol.txt). A line that memcached might read
 * otherwise is not understood, and what follows it is not guessed.
 */
#ifndef MEMBENCH_COUNT_TEXT_H
#define MEMBENCH_COUNT_TEXT_H

#include "count_maps.h"
#include "count_message.h"
#include "count_window.h"

/* The first bytes of a line, the first one lowest. */
#define C(c, n) ((__u64)(c) << (8 * (n)))
#define W2(a, b) (C(a, 0) | C(b, 1))
#define W3(a, b, c) (W2(a, b) | C(c, 2))
#define W4(a, b, c, d) (W3(a, b, c) | C(d, 3))
#define W5(a, b, c, d, e) (W4(a, b, c, d) | C(e, 4))
#define W6(a, b, c, d, e, f) (W5(a, b, c, d, e) | C(f, 5))
#define W7(a, b, c, d, e, f, g) (W6(a, b, c, d, e, f) | C(g, 6))
#define W8(a, b, c, d, e, f, g, h) (W7(a, b, c, d, e, f, g) | C(h, 7))
#define FIRST(head, n) ((head) & ((1ull << (8 * (n))) - 1))

/* Where words from number `n` on begin with this letter, a bit for each: flags of the meta protocol. */
__noinline __u64 membench_flag(__u32 n, __u8 letter)
{
	struct window *w = window_of_cpu();
	__u64 letters = 0;
	__u32 first;

	if (!w)
		return 0;
	first = word_at(w, n);
#pragma unroll
	for (int i = 0; i < WINDOW / 8; i++) {
		letters |= byte_mask(find_byte(w->words[i], letter)) << (8 * i);
		/* One after the other: together they would take more of the stack. */
		asm volatile("" : "+r"(letters));
	}
	return first < WINDOW ? letters & w->starts & ~bits_below(first) : 0;
}

/* Whether all words from number `n` on are in the window. */
static __always_inline int sees_words(struct window *w, __u32 n)
{
	return w->words_total - bits_in(w->starts) <= n;
}

static __always_inline __u64 asked(__u32 op, __u32 keys, __u32 mode, __u64 message)
{
	if (mode & MODE_COUNT)
		add(MEMBENCH_COUNT_ASKED + op, keys);
	return message;
}

/* A retrieval whose keys begin at word `n`. */
static __always_inline __u64 retrieval(struct window *w, __u32 op, __u32 n, __u32 mode)
{
	__u32 keys = w->words_total - n;

	if (w->words_total <= n || keys > KEYS_MAX)
		return FAILED(UNKNOWN);
	return asked(op, keys, mode, w->length | KIND_RETRIEVAL | COMPLETE | KEYS(keys));
}

/* A line with a value behind it, whose size is word `n`. */
static __always_inline __u64 with_value(struct window *w, __u32 n, __u32 mode, __u32 sizes)
{
	__u32 size = membench_number(n);

	if (size == NO_NUMBER)
		return FAILED(LONG_NUMBER);
	if (mode & MODE_COUNT)
		add(sizes + bucket_of(size, 1), 1);
	return w->length + size + 2;
}

/* A storage command of so many words without noreply. */
static __always_inline __u64 storage(struct window *w, __u32 op, __u32 words, __u32 mode)
{
	__u64 message, complete = COMPLETE;

	if (w->words_total == words + 1 && membench_is_noreply())
		complete = 0;
	else if (w->words_total != words)
		return FAILED(UNKNOWN);
	message = with_value(w, 4, mode, MEMBENCH_COUNT_SIZES_IN);
	if (OUTCOME(message))
		return message;
	return asked(op, 1, mode, message | KIND_STORAGE | complete);
}

/* A command without a value, of so many words without noreply. */
static __always_inline __u64 simple(struct window *w, __u32 op, __u32 words, __u32 mode)
{
	__u64 complete = COMPLETE;

	if (w->words_total == words + 1 && membench_is_noreply())
		complete = 0;
	else if (w->words_total != words)
		return FAILED(UNKNOWN);
	return asked(op, 1, mode, w->length | KIND_OTHER | complete);
}

/* A meta command whose flags begin at word `n`. */
static __always_inline __u64 meta(struct window *w, __u32 op, __u32 n, __u32 mode)
{
	__u64 message = w->length;

	if (w->words_total < n)
		return FAILED(UNKNOWN);
	if (w->words_total > n && !sees_words(w, n))
		return FAILED(LONG_LINE);
	if (op == MEMBENCH_OP_MS) {
		message = with_value(w, 2, mode, MEMBENCH_COUNT_SIZES_IN);
		if (OUTCOME(message))
			return message;
	}
	if (w->words_total > n && membench_flag(n, 'q')) {
		message |= MAYBE;
		if (mode & MODE_COUNT)
			add(op == MEMBENCH_OP_MG ? MEMBENCH_COUNT_COUNTER_MG_QUIET : MEMBENCH_COUNT_COUNTER_META_QUIET,
			    1);
	} else {
		message |= COMPLETE;
	}
	if (mode & MODE_COUNT && (op == MEMBENCH_OP_MG || op == MEMBENCH_OP_MA)) {
		int value = w->words_total > n && membench_flag(n, 'v') != 0;

		if (op == MEMBENCH_OP_MG && !value)
			add(MEMBENCH_COUNT_COUNTER_MG_WITHOUT_VALUE, 1);
		if (op == MEMBENCH_OP_MA && value)
			add(MEMBENCH_COUNT_COUNTER_MA_WITH_VALUE, 1);
	}
	return asked(op, 1, mode, message | KIND_META);
}

/* Form of a command, with the words that it has, or before which its keys or flags begin. */
#define RETRIEVAL 1
#define STORAGE 2
#define SIMPLE 3
#define META 4
#define ALONE 5
#define SILENT 6
#define BINARY 7
#define FORM(form, op, words) ((form) << 16 | (words) << 8 | MEMBENCH_OP_##op)

/* The form of the command that begins with these bytes; 0 where it is not known. */
static __always_inline __u32 form_of(__u64 head)
{
#define KNOWN(n, word, form)          \
	if (FIRST(head, n) == (word)) \
		return form;
	KNOWN(4, W4('g', 'e', 't', ' '), FORM(RETRIEVAL, GET, 1))
	KNOWN(4, W4('s', 'e', 't', ' '), FORM(STORAGE, SET, 5))
	KNOWN(3, W3('m', 'g', ' '), FORM(META, MG, 2))
	KNOWN(3, W3('m', 's', ' '), FORM(META, MS, 3))
	KNOWN(3, W3('m', 'd', ' '), FORM(META, MD, 2))
	KNOWN(3, W3('m', 'a', ' '), FORM(META, MA, 2))
	KNOWN(3, W3('m', 'e', ' '), FORM(META, ME, 2))
	KNOWN(5, W5('g', 'e', 't', 's', ' '), FORM(RETRIEVAL, GETS, 1))
	KNOWN(4, W4('g', 'a', 't', ' '), FORM(RETRIEVAL, GAT, 2))
	KNOWN(5, W5('g', 'a', 't', 's', ' '), FORM(RETRIEVAL, GATS, 2))
	KNOWN(7, W7('d', 'e', 'l', 'e', 't', 'e', ' '), FORM(SIMPLE, DELETE, 2))
	KNOWN(4, W4('a', 'd', 'd', ' '), FORM(STORAGE, ADD, 5))
	KNOWN(4, W4('c', 'a', 's', ' '), FORM(STORAGE, CAS, 6))
	KNOWN(5, W5('i', 'n', 'c', 'r', ' '), FORM(SIMPLE, INCR, 3))
	KNOWN(5, W5('d', 'e', 'c', 'r', ' '), FORM(SIMPLE, DECR, 3))
	KNOWN(6, W6('t', 'o', 'u', 'c', 'h', ' '), FORM(SIMPLE, TOUCH, 3))
	KNOWN(7, W7('a', 'p', 'p', 'e', 'n', 'd', ' '), FORM(STORAGE, APPEND, 5))
	if (head == W8('r', 'e', 'p', 'l', 'a', 'c', 'e', ' '))
		return FORM(STORAGE, REPLACE, 5);
	if (head == W8('p', 'r', 'e', 'p', 'e', 'n', 'd', ' '))
		return FORM(STORAGE, PREPEND, 5);
	KNOWN(2, W2('m', 'n'), FORM(ALONE, MN, 2))
	KNOWN(7, W7('v', 'e', 'r', 's', 'i', 'o', 'n'), FORM(ALONE, VERSION, 7))
	KNOWN(4, W4('q', 'u', 'i', 't'), FORM(SILENT, QUIT, 4))
#undef KNOWN
	return 0;
}

/* Reads the request in the window. */
__noinline __u64 membench_request(__u32 mode)
{
	struct window *w = window_of_cpu();
	__u32 form, op, words;

	if (!w)
		return FAILED(UNREADABLE);
	form = form_of(w->head);
	w->form = form;
	op = form & 0xff;
	words = form >> 8 & 0xff;
	switch (form >> 16) {
	case RETRIEVAL:
		return retrieval(w, op, words, mode);
	case STORAGE:
		return storage(w, op, words, mode);
	case SIMPLE:
		return simple(w, op, words, mode);
	case META:
		return meta(w, op, words, mode);
	case ALONE:
	case SILENT:
		/* The word has so many bytes, and nothing is behind it. */
		if (w->length <= WINDOW && w->end == words)
			return asked(op, 1, mode,
				     w->length | (op == MEMBENCH_OP_MN ? KIND_META : KIND_OTHER) |
					     (form >> 16 == ALONE ? COMPLETE : 0));
	}
	return FAILED(UNKNOWN);
}

#endif
