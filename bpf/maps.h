/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* Maps that the programs share with user space. The loader sets their sizes (src/source/ebpf/). */
#ifndef MEMBENCH_MAPS_H
#define MEMBENCH_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "layout.h"

const volatile struct membench_kernel_settings settings SEC(".rodata") = {
	.layout_hash = MEMBENCH_LAYOUT_HASH,
	.rings = 1,
	.snaplen = MEMBENCH_RING_CAPTURE_MAX,
};

/* Bitmap of server ports: port n is bit n % 8 of byte n / 8. */
const volatile __u8 ports[MEMBENCH_PORT_BITMAP] SEC(".rodata.ports") = {};

/*
 * Whether packets are taken: user space sets it after the programs are attached, and clears it before they are detached.
 * Each of that takes milliseconds; without this, what a connection sent one way in between would be missing, though the
 * other way acknowledged it.
 */
volatile __u32 taking = 0;

/* A kernel before 5.8 would refuse an object with a BPF ring in it. */
#ifndef MEMBENCH_PERF
/* One ring for each worker. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_RINGBUF);
		__uint(max_entries, 262144);
	});
} rings SEC(".maps");

/*
 * Time of the last wake-up of each ring's worker. Each has a cache line of its own, which most packets only read,
 * so that it can stay in the caches of all CPUs.
 */
struct wake {
	__u64 at;
	__u64 pad[7];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct wake);
} wakes SEC(".maps");
#endif

struct counters {
	__u64 of[MEMBENCH_KERNEL_COUNTERS];
};

/*
 * Counters by element cpu * (rings + 1) + ring; the last element of each CPU is for packets that reached no
 * ring. Only the element's CPU writes it, and at TC with bottom halves disabled, so that plain additions
 * suffice there. User space maps it, so that reading needs no system call and no right.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

/*
 * Bitmap of the flows whose packets are copied whole; the parser sets it (assembly/flow/uncut.ts). User space maps
 * it, as above.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MEMBENCH_UNCUT_BITMAP / 8);
	__type(key, __u32);
	__type(value, __u64);
} uncut SEC(".maps");

/* Most bytes gathered before the last piece of a packet, a power of two, and most of that piece. */
#define GATHERED 4096
#define REST_MAX 4096

/* Bytes of a message record after which no message is added, a power of two, and the most that one has. */
#define PARSED 2048
#define MESSAGE_ROOM 128

/* Where the parser stands in a segment (parse.h). */
struct parsing {
	/* Its next message: among the bytes gathered, and in the packet. */
	__u32 from;
	__u32 offset;
	/* Bytes from there on: of those gathered, and of the segment. */
	__u32 size;
	__u32 left;
	/* Bytes of the record so far. */
	__u32 out;
	/* 1: keys of a retrieval go on. */
	__u32 keys;
};

/* A record while it is put together (values.h, parse.h); one for each CPU. */
struct gathering {
#ifdef MEMBENCH_CGROUP
	/* 1 while a program uses it. */
	__u64 busy;
#endif
	/* Stays 0; unknown to the verifier. */
	__u64 zero;
	struct membench_ring_record record;
	struct membench_ring_hole holes[MEMBENCH_HOLES_MAX];
	__u8 bytes[GATHERED + REST_MAX];
	struct parsing parsing;
	/* A message record. */
	__u8 parsed[PARSED + MESSAGE_ROOM];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gathering);
} gatherings SEC(".maps");

#ifdef MEMBENCH_CGROUP
/* What a cgroup sends comes by there with bottom halves enabled: another packet may come in between. */
#define INCREMENT                                      \
	"r0 = 1\n"                                     \
	"lock *(u64 *)(%[c] + %[offset]) += r0\n"
#else
#define INCREMENT                                      \
	"r0 = *(u64 *)(%[c] + %[offset])\n"            \
	"r0 += 1\n"                                    \
	"*(u64 *)(%[c] + %[offset]) = r0\n"
#endif

/*
 * Adds one at an offset that is a constant for the verifier, because a process without CAP_PERFMON may not
 * add a computed value to a pointer. Written in assembly, because clang would merge the cases again.
 */
#define COUNT(counter)                                                                         \
	case counter:                                                                          \
		asm volatile(INCREMENT                                                         \
			     :                                                                 \
			     : [c] "r"(c), [offset] "i"((counter) * sizeof(__u64))             \
			     : "r0", "memory");                                                \
		break

__noinline int membench_count(__u32 ring, __u32 counter)
{
	__u32 index = bpf_get_smp_processor_id() * (settings.rings + 1) + ring;
	struct counters *c = bpf_map_lookup_elem(&counters, &index);

	if (!c)
		return 0;
	switch (counter) {
		COUNT(MEMBENCH_KERNEL_COUNTER_SUBMITTED);
		COUNT(MEMBENCH_KERNEL_COUNTER_LOST_RING_FULL);
		COUNT(MEMBENCH_KERNEL_COUNTER_LOST_COPY_FAILED);
		COUNT(MEMBENCH_KERNEL_COUNTER_SKIPPED_NOT_IP);
		COUNT(MEMBENCH_KERNEL_COUNTER_SKIPPED_OTHER_PROTOCOL);
		COUNT(MEMBENCH_KERNEL_COUNTER_SKIPPED_OTHER_PORT);
		COUNT(MEMBENCH_KERNEL_COUNTER_SKIPPED_FRAGMENT);
		COUNT(MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER);
		COUNT(MEMBENCH_KERNEL_COUNTER_SKIPPED_MALFORMED);
		COUNT(MEMBENCH_KERNEL_COUNTER_SKIPPED_NO_PAYLOAD);
		COUNT(MEMBENCH_KERNEL_COUNTER_SKIPPED_SAMPLED);
		COUNT(MEMBENCH_KERNEL_COUNTER_SUBMITTED_PARSED);
	}
	return 0;
}

_Static_assert(MEMBENCH_KERNEL_COUNTER_COUNT == 12, "a counter without a case");
_Static_assert(MEMBENCH_KERNEL_COUNTER_COUNT <= MEMBENCH_KERNEL_COUNTERS, "counters do not fit");

#endif
