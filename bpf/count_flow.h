/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * The connections that are followed: where the next line of each direction begins. Bytes of a value are never
 * taken for a line, because nothing is read but at such a place.
 */
#ifndef MEMBENCH_COUNT_FLOW_H
#define MEMBENCH_COUNT_FLOW_H

#include "count_maps.h"
#include "count_message.h"

/* Answers in a row that must fit their requests before a connection that was joined later is counted. */
#define FITS 3
/* Belief in a connection that is in step: every line border is known. */
#define IN_STEP 4

/* Packets of other connections after which a silent one loses its entry. */
#define CREDIT 4

/* A request waits for the answer that would fit. */
#define FLAG_WAITING 1
/* The client's SYN was seen, and the server's not yet. */
#define FLAG_OPENING 2
/* Some requests are answered or not: what is outstanding is not known. */
#define FLAG_MAYBE 4
/* With a key sample: an answer came before its request, so that a part of it would be missed. */
#define FLAG_EARLY 8

/* One direction of a connection. Only packets of that direction write it. */
struct side {
	/* Sequence numbers: of the next line, and of the first byte not seen yet. */
	__u32 next;
	__u32 seen;
	/*
	 * Requests or complete answers in the high half, keys asked for or done in the low one. Requests are numbered
	 * from the sequence number on where the connection came into step, so that no number comes twice.
	 */
	__u64 tally;
};

/* A cache line. */
struct flow {
	__u32 tag;
	/* Values in answers since nothing was outstanding. */
	__u32 values;
	struct side requests;
	struct side answers;
	/* When the request was seen whose answer begins at answer_at; 0 where none is timed. */
	__u64 asked_at;
	__u32 answer_at;
	__u8 belief;
	__u8 flags;
	__u8 credit;
	/* Kinds of the request that waits. */
	__u8 kinds;
	/* Whether `seen` of a direction is set. */
	__u8 known[2];
	__u8 closed[2];
	/* With a key sample: answers to requests before this number are awaited. */
	__u32 awaited;
};

_Static_assert(sizeof(struct flow) == 64, "a flow is one cache line");

/*
 * By the low bits of the hash, in one of two entries beside each other. A connection that finds both taken is not
 * followed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MEMBENCH_COUNT_FLOWS);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

/* Beginnings of lines whose rest comes in the next packet, of any connection. */
#define HELD_LINES 8192

struct held {
	/* Hash of the connection and its direction. */
	__u64 owner;
	__u64 words[WINDOW / 8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HELD_LINES);
	__type(key, __u32);
	__type(value, struct held);
} held_lines SEC(".maps");

static __always_inline struct held *held_line(__u64 owner)
{
	__u32 index = (owner >> 8) & (HELD_LINES - 1);

	return bpf_map_lookup_elem(&held_lines, &index);
}

static __always_inline __u32 tag_of(__u64 hash)
{
	/* Not 0, which marks a free entry. */
	return (hash >> 32) | 1;
}

/* The entry of a connection, or the one it would get. */
static __always_inline struct flow *flow_at(__u64 hash)
{
	__u32 index = hash & (MEMBENCH_COUNT_FLOWS - 1);
	struct flow *first = bpf_map_lookup_elem(&flows, &index), *second;

	if (!first || first->tag == tag_of(hash))
		return first;
	index ^= 1;
	second = bpf_map_lookup_elem(&flows, &index);
	if (second && (second->tag == tag_of(hash) || (first->tag && !second->tag)))
		return second;
	return first;
}

/* Starts to follow a connection, of which nothing is known yet. */
static __always_inline void forget(struct flow *f)
{
	f->belief = 0;
	f->flags = 0;
	f->asked_at = 0;
	f->known[0] = 0;
	f->known[1] = 0;
}

/* Whether the entry is this connection's, now or already. */
static __always_inline int claim(struct flow *f, __u64 hash)
{
	if (f->tag == tag_of(hash)) {
		if (f->credit != CREDIT)
			f->credit = CREDIT;
		return 1;
	}
	if (f->tag && f->credit) {
		f->credit--;
		return 0;
	}
	f->tag = tag_of(hash);
	f->credit = CREDIT;
	f->closed[0] = 0;
	f->closed[1] = 0;
	forget(f);
	return 1;
}

/* Every border is known from here on, and nothing is outstanding. */
static __always_inline void enter_step(struct flow *f)
{
	f->belief = IN_STEP;
	f->flags = 0;
	f->requests.seen = f->requests.next;
	f->answers.seen = f->answers.next;
	f->known[0] = 1;
	f->known[1] = 1;
	f->requests.tally = (__u64)f->requests.next << 32;
	f->answers.tally = f->requests.tally;
	f->awaited = f->requests.next;
	f->values = 0;
	f->asked_at = 0;
}

/* A border is lost: the connection is not believed until it has proved itself again. */
static __always_inline void leave_step(struct flow *f, __u32 reason)
{
	forget(f);
	add(reason, 1);
}

/* The counter of the reason why a message was not read. */
static __always_inline __u32 reason_of(__u32 outcome)
{
	switch (outcome) {
	case SPLIT:
		return MEMBENCH_COUNT_COUNTER_SKIPPED_SPLIT_LINE;
	case LONG_LINE:
		return MEMBENCH_COUNT_COUNTER_SKIPPED_LONG_LINE;
	case LONG_NUMBER:
		return MEMBENCH_COUNT_COUNTER_SKIPPED_LONG_NUMBER;
	case UNREADABLE:
		return MEMBENCH_COUNT_COUNTER_SKIPPED_UNREADABLE;
	case REFUSED:
		return MEMBENCH_COUNT_COUNTER_SKIPPED_REFUSED;
	case TOO_MANY:
		return MEMBENCH_COUNT_COUNTER_SKIPPED_TOO_MANY;
	}
	return MEMBENCH_COUNT_COUNTER_SKIPPED_UNKNOWN_LINE;
}

#endif
