/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* Reads answers of memcached's text and meta protocols (doc/protocol.txt). */
#ifndef MEMBENCH_COUNT_ANSWER_H
#define MEMBENCH_COUNT_ANSWER_H

#include "count_text.h"

static __always_inline __u64 answered(struct window *w, __u32 word, __u32 mode, __u64 message)
{
	if (mode & MODE_COUNT)
		add(MEMBENCH_COUNT_ANSWERS + word, 1);
	w->form = word;
	return message;
}

static __always_inline __u64 value_line(struct window *w, __u32 mode)
{
	__u64 message;

	if (w->words_total != 4 && w->words_total != 5)
		return FAILED(UNKNOWN);
	message = with_value(w, 3, mode, MEMBENCH_COUNT_SIZES_OUT);
	if (OUTCOME(message))
		return message;
	if (mode & MODE_COUNT)
		add(w->words_total == 5 ? MEMBENCH_COUNT_COUNTER_VALUES_WITH_CAS : MEMBENCH_COUNT_COUNTER_VALUES, 1);
	return message | KIND_RETRIEVAL | VALUE;
}

/* Two letters alone, or before flags. */
static __always_inline int is_code(__u64 head, __u8 a, __u8 b)
{
	return FIRST(head, 2) == W2(a, b) && ((head >> 16 & 0xff) == ' ' || (head >> 16 & 0xff) == '\r');
}

static __always_inline __u64 meta_answer(struct window *w, __u32 mode)
{
	const __u64 done = KIND_META | COMPLETE;
	__u64 head = w->head;

	if (is_code(head, 'V', 'A')) {
		__u64 message = with_value(w, 1, mode, MEMBENCH_COUNT_SIZES_OUT);

		if (OUTCOME(message))
			return message;
		return answered(w, MEMBENCH_COUNT_ANSWER_VA, mode, message | done);
	}
#define CODE(a, b, word)         \
	if (is_code(head, a, b)) \
		return answered(w, MEMBENCH_COUNT_ANSWER_##word, mode, w->length | done);
	CODE('H', 'D', HD)
	CODE('E', 'N', EN)
	CODE('N', 'S', NS)
	CODE('E', 'X', EX)
	CODE('N', 'F', NF)
	CODE('M', 'N', MN)
	CODE('M', 'E', ME)
#undef CODE
	return FAILED(UNKNOWN);
}

static __always_inline __u64 error_line(struct window *w, __u32 mode)
{
	__u64 message = w->length | COMPLETE | ERROR;

	if (w->head == W8('S', 'E', 'R', 'V', 'E', 'R', '_', 'E'))
		return answered(w, MEMBENCH_COUNT_ANSWER_SERVER_ERROR, mode, message);
	/*
	 * Releases disagree on what they read as commands after the others. The one that says "cannot" refuses
	 * what was understood.
	 */
	if (w->head == W8('C', 'L', 'I', 'E', 'N', 'T', '_', 'E')) {
		answered(w, MEMBENCH_COUNT_ANSWER_CLIENT_ERROR, mode, 0);
		/* "CLIENT_ERROR c": the sixth byte of the second eight. */
		if (w->length <= WINDOW && (w->words[1] >> 40 & 0xff) == 'c')
			return message;
		return FAILED(REFUSED);
	}
	if (FIRST(w->head, 5) == W5('E', 'R', 'R', 'O', 'R')) {
		answered(w, MEMBENCH_COUNT_ANSWER_ERROR, mode, 0);
		return FAILED(REFUSED);
	}
	return FAILED(UNKNOWN);
}

/* Reads the answer in the window. */
__noinline __u64 membench_answer(__u32 mode)
{
	struct window *w = window_of_cpu();
	__u64 head, message;

	if (!w)
		return FAILED(UNREADABLE);
	head = w->head;
	/* Lines of the server end with both bytes. */
	if (w->end + 2 > w->length)
		return FAILED(UNKNOWN);
	if (FIRST(head, 6) == W6('V', 'A', 'L', 'U', 'E', ' '))
		return value_line(w, mode);
#define WORD(known, kind, word) \
	if (known)              \
		return answered(w, MEMBENCH_COUNT_ANSWER_##word, mode, w->length | COMPLETE | (kind));
	WORD(FIRST(head, 4) == W4('E', 'N', 'D', '\r') && w->end == 3, KIND_RETRIEVAL, END)
	WORD(head == W8('S', 'T', 'O', 'R', 'E', 'D', '\r', '\n'), KIND_STORAGE, STORED)
	WORD(head == W8('N', 'O', 'T', '_', 'S', 'T', 'O', 'R') && w->end == 10, KIND_STORAGE, NOT_STORED)
	WORD(head == W8('E', 'X', 'I', 'S', 'T', 'S', '\r', '\n'), KIND_STORAGE, EXISTS)
	WORD(head == W8('N', 'O', 'T', '_', 'F', 'O', 'U', 'N') && w->end == 9, KIND_STORAGE | KIND_OTHER, NOT_FOUND)
	WORD(head == W8('D', 'E', 'L', 'E', 'T', 'E', 'D', '\r'), KIND_OTHER, DELETED)
	WORD(head == W8('T', 'O', 'U', 'C', 'H', 'E', 'D', '\r'), KIND_OTHER, TOUCHED)
	WORD((head & 0xff) >= '0' && (head & 0xff) <= '9' && w->words_total == 1, KIND_OTHER, NUMBER)
	WORD(head == W8('V', 'E', 'R', 'S', 'I', 'O', 'N', ' '), KIND_OTHER, VERSION)
	WORD(FIRST(head, 4) == W4('O', 'K', '\r', '\n'), KIND_OTHER, OK)
	WORD(FIRST(head, 6) == W6('R', 'E', 'S', 'E', 'T', '\r'), KIND_OTHER, RESET)
#undef WORD
	message = meta_answer(w, mode);
	return OUTCOME(message) == UNKNOWN ? error_line(w, mode) : message;
}

#endif
