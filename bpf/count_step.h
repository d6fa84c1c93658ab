/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* Follows a connection in step: where its next lines begin, what is outstanding, and how long it took. */
#ifndef MEMBENCH_COUNT_STEP_H
#define MEMBENCH_COUNT_STEP_H

#include "count_flow.h"
#include "count_walk.h"

/* Sequence numbers wrap around (RFC 9293, 3.4). */
static __always_inline __s32 ahead(__u32 a, __u32 b)
{
	return (__s32)(a - b);
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

#endif
