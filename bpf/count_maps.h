/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* Maps and counters of the counting program. The loader sets sizes and read-only data (src/count/). */
#ifndef MEMBENCH_COUNT_MAPS_H
#define MEMBENCH_COUNT_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "layout.h"

const volatile struct membench_count_settings settings SEC(".rodata") = {
	.layout_hash = MEMBENCH_LAYOUT_HASH,
};

/*
 * A process without CAP_PERFMON may add a computed value to a pointer only at the price of a verifier that
 * finds no two states alike. So nothing here is indexed but by the key of a map.
 */

/* Bitmap of server ports: port n is bit n % 32 of element n / 32. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536 / 32);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

static __always_inline int is_server(__u32 port)
{
	__u32 key = port >> 5;
	__u32 *bits = bpf_map_lookup_elem(&ports, &key);

	return bits && *bits >> (port & 31) & 1;
}

/*
 * Counters by element cpu * COUNT_COUNTERS + counter. Only the element's CPU writes it, always with bottom
 * halves disabled, so that plain additions suffice. User space maps it, so that reading needs no system call
 * and no right.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MEMBENCH_COUNT_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void add(__u32 counter, __u64 n)
{
	__u32 key = bpf_get_smp_processor_id() * MEMBENCH_COUNT_COUNTERS + counter;
	__u64 *value = bpf_map_lookup_elem(&counters, &key);

	if (value)
		*value += n;
}

/* Index of the highest bit that is set; 0 for 0. */
static __always_inline __u32 log2_of(__u32 n)
{
	__u32 log = 0;

#define HALVE(bits)                   \
	if (n >> (bits)) {            \
		n >>= (bits);         \
		log += (bits);        \
	}
	HALVE(16)
	HALVE(8)
	HALVE(4)
	HALVE(2)
	HALVE(1)
#undef HALVE
	return log;
}

/* Bucket of a value in a histogram with 2^bits buckets for each doubling, as in src/analyze/histogram.ts. */
static __always_inline __u32 bucket_of(__u32 value, const __u32 bits)
{
	__u32 shift = log2_of(value);

	if (shift <= bits)
		return value;
	shift -= bits;
	return (shift << bits) + (value >> shift);
}

/* Longest line that is read in one piece, and the size of the masks of its bytes. */
#define WINDOW 64

/* Longest beginning of a line that is held: headers of IPv4 and TCP have as many bytes at least. */
#define HELD_MAX 40

/* What a segment holds from a line border on, as far as it is read. */
struct walk {
	/* Bytes to the next border, which may lie behind the segment. */
	__u32 at;
	/* Bytes of the first line that were held, HELD_MAX at most; and the line as far as it had come. */
	__u32 held;
	__u32 complete;
	__u32 keys;
	__u32 values;
	/* With a key sample: the connection, by a hash; and as in struct flow, which answers are awaited. */
	__u32 flow;
	__u32 awaited;
	/* Number of the first request, or that of the first answer's. */
	__u32 number;
	/* It cannot be told what answers the requests. */
	__u32 unpaired;
	/* Of answers: number of the next request, and whether one came before its request. */
	__u32 asked;
	__u32 early;
	__u32 pad;
	/* Flags of all messages, and those of the first one. */
	__u64 flags;
	__u64 first;
	__u64 begun[WINDOW / 8];
};

/*
 * Bytes of a packet that are being read, and what is known of the line in them. One for each CPU: the program
 * is not interrupted by itself.
 */
struct window {
	__u64 words[WINDOW / 8];
	/* First bytes of the line, which may lie before the window. */
	__u64 head;
	/* Bit n is set where a word begins at byte n, and where byte n is a space. */
	__u64 starts;
	__u64 spaces;
	/* Bytes of the line in the window, without its end; and all of it, with its end. */
	__u32 end;
	__u32 length;
	/* Words of the line. */
	__u32 words_total;
	/* What `form_of` says of a request; of an answer enum count_answer. */
	__u32 form;
	struct walk walk;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct window);
} windows SEC(".maps");

static __always_inline struct window *window_of_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&windows, &cpu);
}

/* Keeps the form of a binary request or answer, where there is a key sample. */
static __always_inline void keep_form(__u32 form)
{
	struct window *w = settings.key_limit ? window_of_cpu() : 0;

	if (w)
		w->form = form;
}

#endif
