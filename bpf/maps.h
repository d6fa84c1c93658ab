/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* What the programs share with user space. Sizes are set by the loader (src/source/ebpf/). */
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

/* Bit n of byte n / 8: port n is a server's. */
const volatile __u8 ports[MEMBENCH_PORT_BITMAP] SEC(".rodata.ports") = {};

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
 * When each ring's worker was last woken, and where the ring's end was then: a cache line of its own, which
 * is only read by most packets, so that CPUs do not take it from each other.
 */
struct wake {
	__u64 at;
	__u64 position;
	__u64 pad[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct wake);
} wakes SEC(".maps");

struct counters {
	__u64 of[MEMBENCH_KERNEL_COUNTERS];
};

/*
 * Element cpu * (rings + 1) + ring, the last of each CPU for packets that reached no ring. Only its own
 * CPU writes an element, always with bottom halves off, so plain additions do. User space maps it: reading
 * then needs no system call, and so no right.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

/*
 * Adds one at an offset that is a constant for the verifier: what it would have to compute, a process
 * without CAP_PERFMON may not add to a pointer. Assembly, because clang would join the cases again.
 */
#define COUNT(counter)                                                                         \
	case counter:                                                                          \
		asm volatile("r0 = *(u64 *)(%[c] + %[offset])\n"                               \
			     "r0 += 1\n"                                                       \
			     "*(u64 *)(%[c] + %[offset]) = r0\n"                               \
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
	}
	return 0;
}

_Static_assert(MEMBENCH_KERNEL_COUNTER_COUNT == 11, "a counter without a case");
_Static_assert(MEMBENCH_KERNEL_COUNTER_COUNT <= MEMBENCH_KERNEL_COUNTERS, "counters do not fit");

#endif
