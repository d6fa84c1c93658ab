/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* Follows one direction of a connection through a segment with payload, and counts what it holds. */
#ifndef MEMBENCH_COUNT_SEGMENT_H
#define MEMBENCH_COUNT_SEGMENT_H

#include "count_answer.h"
#include "count_binary.h"
#include "count_flow.h"

/* Sequence numbers wrap around (RFC 9293, 3.4). */
static __always_inline __s32 ahead(__u32 a, __u32 b)
{
	return (__s32)(a - b);
}

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
	answered(MEMBENCH_COUNT_ANSWER_END, mode, 0);
	return 1;
}

/*
 * Messages that are read by one call. No loop is left to the verifier: where the process has no CAP_PERFMON, it
 * follows speculative execution beyond the last turn, without end.
 */
#define STRIDE 16

/* Reads the next messages of a segment. Returns the outcome, TOO_MANY where there is more to read. */
__noinline int membench_walk(struct __sk_buff *skb, __u32 offset, __u32 length, __u32 mode)
{
	struct window *w = window_of_cpu();

	if (!w)
		return UNREADABLE;
#pragma unroll
	for (__u32 i = 0; i < STRIDE; i++) {
		struct walk *k = &w->walk;
		__u64 m = membench_message(skb, offset + k->at, length - k->at, mode | MODE_HELD(k->held));

		if (OUTCOME(m))
			return OUTCOME(m);
		k->at += (__u32)m - k->held;
		k->held = 0;
		k->complete += m >> 41 & 1;
		k->values += m >> 42 & 1;
		k->keys += m >> 48;
		k->flags |= m;
		if (!k->first)
			k->first = m;
		if (m & VALUE && length - k->at == END_SIZE && membench_ends(skb, offset + k->at, mode)) {
			k->at += END_SIZE;
			k->complete++;
		}
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
		if (outcome != TOO_MANY)
			break;
	}
	return outcome;
}

static __always_inline __u64 tally_plus(__u64 tally, __u32 high, __u32 low)
{
	return ((tally >> 32) + high) << 32 | (__u32)(tally + low);
}

/* After requests: times one in a sample, where its connection has nothing else outstanding. */
static __always_inline void after_requests(struct flow *f, struct walk *k)
{
	__u64 tally = f->requests.tally;

	if (k->flags & MAYBE)
		f->flags |= FLAG_MAYBE;
	/* Multiplied by 2^32 over the golden ratio, sequence numbers are spread evenly (Knuth, 6.4). */
	if (k->complete && !(f->requests.next * 0x9e3779b1u >> 16 & settings.latency_mask) && !(f->flags & FLAG_MAYBE) &&
	    tally >> 32 == f->answers.tally >> 32) {
		f->answer_at = f->answers.next;
		f->asked_at = bpf_ktime_get_ns();
	}
	f->requests.tally = tally_plus(tally, k->complete, k->keys);
}

/*
 * After answers: where nothing is outstanding any more, the keys without a value were misses. Returns 0 where
 * the answers cannot be those of the requests.
 */
static __always_inline int after_answers(struct flow *f, struct walk *k)
{
	__u64 asked = f->requests.tally;
	__u64 done = tally_plus(f->answers.tally, k->complete, 0);
	__u32 values = f->values + k->values;
	__u32 misses = (__u32)asked - (__u32)done - values;

	if (f->flags & FLAG_MAYBE)
		return 1;
	/* Which keys an error is the answer for is not known. */
	if (k->flags & ERROR && (__u32)asked != (__u32)done)
		return 0;
	if (asked >> 32 == done >> 32) {
		if (misses > KEYS_MAX * MEMBENCH_COUNT_MESSAGES)
			return 0;
		if (misses)
			add(MEMBENCH_COUNT_COUNTER_KEY_MISSES, misses);
		done = asked;
		values = 0;
	}
	f->answers.tally = done;
	f->values = values;
	return 1;
}

static __always_inline void measure_latency(struct flow *f, __u32 seq, __u32 end)
{
	__u64 elapsed;

	if (!f->asked_at || ahead(f->answer_at, seq) < 0 || ahead(f->answer_at, end) >= 0)
		return;
	elapsed = bpf_ktime_get_ns() - f->asked_at;
	if (elapsed >> 32)
		elapsed = 0xffffffff;
	add(MEMBENCH_COUNT_LATENCY + bucket_of(elapsed, 3), 1);
	f->asked_at = 0;
}

/* Keeps the beginning of a line, which is in the window, for the next segment. */
static __always_inline void hold_line(__u64 owner)
{
	struct window *w = window_of_cpu();
	struct held *h = held_line(owner);

	if (!w || !h)
		return;
	h->owner = owner;
#pragma unroll
	for (int i = 0; i < WINDOW / 8; i++)
		h->words[i] = w->words[i];
}

static __always_inline int take_line(__u64 owner)
{
	struct window *w = window_of_cpu();
	struct held *h = held_line(owner);

	if (!w || !h || h->owner != owner)
		return 0;
	h->owner = 0;
#pragma unroll
	for (int i = 0; i < WINDOW / 8; i++)
		w->walk.begun[i] = h->words[i];
	return 1;
}

/* Nothing of the segment is to be read. */
#define NOTHING 0xffffffffu

/*
 * Where reading a segment of a connection in step begins: a sequence number in `start`. Returns the bytes of
 * the line there that are held, or NOTHING.
 */
static __always_inline __u32 follow(struct flow *f, __u64 owner, __u32 seq, __u32 end, __u32 *start, const int answer)
{
	struct side *side = answer ? &f->answers : &f->requests;
	__u32 next = side->next;
	__s32 held = ahead(side->seen, next);

	*start = next;
	if (answer && f->flags & FLAG_OPENING) {
		leave_step(f, MEMBENCH_COUNT_COUNTER_SKIPPED_GAP);
		return NOTHING;
	}
	if (answer)
		measure_latency(f, seq, end);
	if (ahead(end, next) <= 0) {
		/* Inside a value. Its last byte is that of the request. */
		side->seen = end;
		if (!answer && end == next && f->asked_at)
			f->asked_at = bpf_ktime_get_ns();
		return NOTHING;
	}
	if (held > 0)
		*start = side->seen;
	if (ahead(seq, *start) > 0) {
		leave_step(f, MEMBENCH_COUNT_COUNTER_SKIPPED_GAP);
		return NOTHING;
	}
	if (held <= 0)
		return 0;
	/* A line began in the segment before. */
	if (held <= HELD_MAX && take_line(owner))
		return held;
	leave_step(f, MEMBENCH_COUNT_COUNTER_SKIPPED_SPLIT_LINE);
	return NOTHING;
}

/* After a segment of a connection in step is read. */
static __always_inline void followed(struct flow *f, struct walk *k, __u64 hash, __u32 start, __u32 end, int outcome,
				     const int answer)
{
	struct side *side = answer ? &f->answers : &f->requests;

	if (outcome != UNDERSTOOD && outcome != SPLIT)
		return leave_step(f, reason_of(outcome));
	if (!answer)
		after_requests(f, k);
	else if (!after_answers(f, k))
		return leave_step(f, MEMBENCH_COUNT_COUNTER_SKIPPED_REFUSED);
	side->seen = end;
	if (outcome == SPLIT)
		hold_line(answer ? ~hash : hash);
	/* Where nothing but a part of a line that was held already came, the line begins where it did. */
	if (k->at || ahead(start, side->next) <= 0)
		side->next = start + k->at;
}

/*
 * Where reading a segment begins of a connection that is not in step: a sequence number in `start`, or NOTHING.
 * Nothing in it is counted, but three requests and answers in a row whose bytes meet exactly prove where lines
 * begin.
 */
static __always_inline __u32 prove(struct flow *f, __u64 numbers, __u32 end, __u32 *start, const int answer)
{
	__u32 seq = numbers >> 32, ack = numbers;

	*start = seq;
	if (!answer) {
		/* The value of the request that waits. */
		if (f->flags & FLAG_WAITING && ahead(end, f->requests.next) <= 0)
			return NOTHING;
		if (!f->belief || f->flags & FLAG_WAITING || seq != f->requests.next || ack != f->answers.next)
			f->belief = 0;
		if (f->belief == FITS)
			enter_step(f);
		return 0;
	}
	if (f->flags & FLAG_WAITING) {
		if (seq == f->answers.next && ack == f->requests.next)
			return 0;
		f->belief = 0;
		f->flags = 0;
		return NOTHING;
	}
	/* The rest of an answer. */
	if (!f->belief || ahead(end, f->answers.next) <= 0)
		return NOTHING;
	*start = f->answers.next;
	if (ahead(seq, *start) <= 0)
		return 0;
	f->belief = 0;
	return NOTHING;
}

/* After a segment of a connection that is not in step is read. */
static __always_inline void proved(struct flow *f, struct walk *k, __u32 ack, __u32 start, int outcome,
				   const int answer)
{
	__u32 kinds = (k->first & KINDS) >> 36;
	int fits = outcome == UNDERSTOOD && !(k->flags & (MAYBE | ERROR));

	if (answer && f->flags & FLAG_WAITING && !(f->kinds & kinds))
		fits = 0;
	if (!fits || (!answer && !k->complete)) {
		f->belief = 0;
		f->flags = 0;
		return;
	}
	if (answer) {
		f->answers.next = start + k->at;
		f->belief += f->flags & FLAG_WAITING;
		f->flags = 0;
	} else {
		f->requests.next = start + k->at;
		f->answers.next = ack;
		f->kinds = kinds;
		f->flags = FLAG_WAITING;
	}
}

/* The bytes of a segment that were not seen before; 0 where it is a copy. */
static __always_inline __u32 fresh_bytes(struct flow *f, __u32 seq, __u32 length, const int answer)
{
	__s32 beyond = ahead(seq + length, answer ? f->answers.seen : f->requests.seen);

	if (!f->known[answer])
		return length;
	if (beyond > 0)
		return beyond < (__s32)length ? (__u32)beyond : length;
	/* Where nothing is believed, this may be no copy: the next segment says where the stream is. */
	if (f->belief != IN_STEP)
		f->known[answer] = 0;
	return 0;
}

/* Takes a segment with payload. `span`: its offset and length; `numbers`: seq and ack. */
static __always_inline int segment(struct __sk_buff *skb, __u64 hash, __u64 span, __u64 numbers, const int answer)
{
	struct window *w = window_of_cpu();
	struct flow *f = flow_at(hash);
	__u32 seq = numbers >> 32, start = seq, end = seq + (__u32)span;
	__u32 mode = answer ? MODE_ANSWER : 0;
	__u32 fresh = span, held;
	int outcome;

	if (!f || !w)
		return 0;
	add(MEMBENCH_COUNT_COUNTER_PACKETS, 1);
	if (!claim(f, hash)) {
		add(MEMBENCH_COUNT_COUNTER_SKIPPED_NO_ROOM, 1);
	} else {
		fresh = fresh_bytes(f, seq, span, answer);
		if (!fresh) {
			add(MEMBENCH_COUNT_COUNTER_SKIPPED_REPEATED, 1);
			return 0;
		}
	}
	add(answer ? MEMBENCH_COUNT_COUNTER_BYTES_OUT : MEMBENCH_COUNT_COUNTER_BYTES_IN, fresh);
	if (f->tag != tag_of(hash))
		return 0;
	held = f->belief == IN_STEP ? 0 : prove(f, numbers, end, &start, answer);
	if (f->belief == IN_STEP) {
		held = follow(f, answer ? ~hash : hash, seq, end, &start, answer);
		mode |= MODE_COUNT;
	}
	if (!(mode & MODE_COUNT)) {
		if (answer)
			f->answers.seen = end;
		else
			f->requests.seen = end;
		f->known[answer] = 1;
		add(MEMBENCH_COUNT_COUNTER_SKIPPED_NOT_IN_STEP, 1);
	}
	if (held == NOTHING)
		return 0;
	/* `start` is not before the segment, unless a copy of a part of it was seen. */
	span += (__u64)(start - seq) << 32;
	span -= start - seq;
	outcome = walk_messages(skb, &w->walk, span, mode, held);
	if (mode & MODE_COUNT)
		followed(f, &w->walk, hash, start, end, outcome, answer);
	else
		proved(f, &w->walk, numbers, start, outcome, answer);
	return 0;
}

/* Verified once each, and separately. */
__noinline int membench_requests(struct __sk_buff *skb, __u64 hash, __u64 span, __u64 numbers)
{
	return segment(skb, hash, span, numbers, 0);
}

__noinline int membench_answers(struct __sk_buff *skb, __u64 hash, __u64 span, __u64 numbers)
{
	return segment(skb, hash, span, numbers, 1);
}

#endif
