/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* Takes a segment with payload, of a connection in step or of one that has yet to prove where its lines begin. */
#ifndef MEMBENCH_COUNT_SEGMENT_H
#define MEMBENCH_COUNT_SEGMENT_H

#include "count_step.h"

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

/*
 * Before the messages of a segment are read: how they are numbered, and which answers are awaited. None is where it is
 * open which requests are answered.
 */
static __always_inline void begin_sample(struct flow *f, struct walk *k, __u64 hash, const int answer)
{
	if (!settings.key_limit)
		return;
	k->flow = tag_of(hash);
	k->number = (answer ? f->answers.tally : f->requests.tally) >> 32;
	k->unpaired = f->flags & (FLAG_MAYBE | FLAG_EARLY);
	k->awaited = k->unpaired ? k->number : f->awaited;
	k->asked = f->requests.tally >> 32;
	k->early = 0;
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
	begin_sample(f, &w->walk, hash, answer);
	outcome = walk_messages(skb, &w->walk, span, mode, held);
	if (mode & MODE_COUNT)
		followed(f, &w->walk, hash, start, end, outcome, answer);
	else
		proved(f, &w->walk, numbers, start, outcome, answer);
	if (settings.key_limit) {
		if (!answer)
			f->awaited = w->walk.awaited;
		else if (w->walk.early)
			f->flags |= FLAG_EARLY;
	}
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
