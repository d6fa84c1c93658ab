/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* Reads the messages of a segment, from a line border on. */
#ifndef MEMBENCH_COUNT_WALK_H
#define MEMBENCH_COUNT_WALK_H

#include "count_answer.h"
#include "count_sample.h"

/* Puts what is held of a line before its rest. */
__noinline int membench_put_held(__u32 held)
{
	struct window *w = window_of_cpu();

	if (!w)
		return 0;
#pragma unroll
	for (__u32 i = 0; i < HELD_MAX / 8; i++) {
		__u64 mask = 0;

		if (held >= 8 * i + 8)
			mask = ~0ull;
		else if (held > 8 * i)
			mask = bits_below(8 * (held - 8 * i));
		w->words[i] = (w->walk.begun[i] & mask) | (w->words[i] & ~mask);
	}
	return 0;
}

/*
 * Reads the request or answer that begins at `offset`, with `left` bytes of the packet from there on.
 *
 * @mode: MODE_*; with bytes of the line held, its rest begins at `offset`
 */
__noinline __u64 membench_message(struct __sk_buff *skb, __u32 offset, __u32 left, __u32 mode)
{
	struct window *w = window_of_cpu();
	__u32 held = mode >> 8 & (WINDOW - 1);
	__u32 size = left < WINDOW - held ? left + held : WINDOW;
	__u64 spaces;
	__u32 end, returns = 0;

	if (!w)
		return FAILED(UNREADABLE);
	/* What is held has room where the headers end. */
	if (held > offset || !load(skb, offset - held, w->words, size))
		return FAILED(UNREADABLE);
	if (held)
		membench_put_held(held);
	w->head = w->words[0];
	if ((w->head & 0xff & ~1) == MAGIC_REQUEST)
		return size < BINARY_HEADER ? FAILED(SPLIT) : membench_binary(w->head, w->words[1], mode);
	end = find_line_end(w, size, &spaces, &returns);
	if (end != NO_LINE) {
		keep_line(w, end, spaces, returns, 1);
		w->length = end + 1;
		w->words_total = bits_in(w->starts);
	} else {
		__u64 line;

		if (size < WINDOW)
			return FAILED(SPLIT);
		if (held)
			return FAILED(LONG_LINE);
		line = membench_long_line(skb, offset, left);
		if (!line || (__u32)line <= WINDOW)
			return FAILED(LONG_LINE);
		w->length = line;
		if (!load(skb, offset + w->length - WINDOW, w->words, WINDOW))
			return FAILED(UNREADABLE);
		end = find_line_end(w, WINDOW, &spaces, &returns);
		if (end != WINDOW - 1)
			return FAILED(LONG_LINE);
		keep_line(w, end, spaces, returns, 0);
		/* A carriage return behind a space was counted as a word. */
		w->words_total = LONG_WORDS(line) - (returns && w->spaces >> (end - 2) & 1);
	}
	return mode & MODE_ANSWER ? membench_answer(mode) : membench_request(mode);
}

/* The end of most answers. */
#define END_LINE (W5('E', 'N', 'D', '\r', '\n'))
#define END_SIZE 5

/* Whether the last bytes of a segment are the end of an answer, which is shorter to find out than to read it. */
__noinline int membench_ends(struct __sk_buff *skb, __u32 offset, __u32 mode)
{
	__u64 line = 0;

	if (bpf_skb_load_bytes(skb, offset, &line, END_SIZE) || line != END_LINE)
		return 0;
	if (mode & MODE_COUNT)
		add(MEMBENCH_COUNT_ANSWERS + MEMBENCH_COUNT_ANSWER_END, 1);
	return 1;
}

/*
 * Messages that are read by one call. No loop is left to the verifier: where the process has no CAP_PERFMON, it
 * follows speculative execution beyond the last turn, without end.
 */
#define STRIDE 16

/*
 * Reads the next messages of a segment. Returns the outcome; TOO_MANY where there is more to read, MORE_KEYS where
 * further keys of the last request are to be read first.
 */
__noinline int membench_walk(struct __sk_buff *skb, __u32 offset, __u32 length, __u32 mode)
{
	struct window *w = window_of_cpu();
	int more = 0;

	if (!w)
		return UNREADABLE;
#pragma unroll
	for (__u32 i = 0; i < STRIDE; i++) {
		struct walk *k = &w->walk;
		__u64 m = membench_message(skb, offset + k->at, length - k->at, mode | MODE_HELD(k->held));

		if (OUTCOME(m))
			return OUTCOME(m);
		if (settings.key_limit && mode & MODE_COUNT &&
		    membench_sample(skb, offset + k->at - k->held, m, mode | MODE_HELD(k->held)))
			more = MORE_KEYS;
		k->at += (__u32)m - k->held;
		k->held = 0;
		k->complete += m >> 41 & 1;
		k->values += m >> 42 & 1;
		k->keys += m >> 48;
		k->flags |= m;
		if (!k->first)
			k->first = m;
		if (m & VALUE && length - k->at == END_SIZE && !(settings.key_limit && awaits(k)) &&
		    membench_ends(skb, offset + k->at, mode)) {
			k->at += END_SIZE;
			k->complete++;
		}
		if (more)
			return more;
		if (k->at >= length)
			return UNDERSTOOD;
	}
	return TOO_MANY;
}

/* Reads the messages of a segment, with so many bytes of the first line held. Returns the outcome. */
static __always_inline int walk_messages(struct __sk_buff *skb, struct walk *k, __u64 span, __u32 mode, __u32 held)
{
	int outcome = TOO_MANY;

	k->at = 0;
	k->held = held;
	k->complete = 0;
	k->keys = 0;
	k->values = 0;
	k->flags = 0;
	k->first = 0;
#pragma unroll
	for (__u32 i = 0; i < MEMBENCH_COUNT_MESSAGES / STRIDE; i++) {
		outcome = membench_walk(skb, span >> 32, span, mode);
		if (settings.key_limit && !(mode & MODE_ANSWER) && outcome == MORE_KEYS) {
			membench_say_others(skb);
			outcome = k->at >= (__u32)span ? UNDERSTOOD : TOO_MANY;
		}
		if (outcome != TOO_MANY)
			break;
	}
	return outcome;
}

#endif
