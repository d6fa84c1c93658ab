/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Sends packets to the BPF perf buffer instead of a BPF ring: for kernels before 5.8, which have no such
 * rings, and for comparison. Included by packets.bpf.c in place of what fills a ring.
 *
 *   sample  | perf_event_header | size (u32) | ring_record | packet from its link header on | padding to 8 |
 *           | perf_event_header | size (u32) | ring_record, holes, bytes without values     | padding to 8 |
 *
 * The time of a record is always the clock's, so that it rises from record to record of a CPU: the worker
 * merges the rings of its CPUs by it.
 */
#ifndef MEMBENCH_PERF_H
#define MEMBENCH_PERF_H

#define ENOSPC 28

/* Nothing is parsed for the perf buffer: it has packets only. */
#define NOT_PARSED (-1)
#define membench_parse(skb, place, hash, ring) NOT_PARSED

/* A ring for each CPU and worker, by element cpu * rings + ring; the kernel lets a CPU write only to its own. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} events SEC(".maps");

/* Sends a record, and after it the first `bytes` bytes of the packet. */
static __always_inline int send(struct __sk_buff *skb, __u32 index, void *record, __u64 size, __u64 bytes)
{
	__u32 element = bpf_get_smp_processor_id() * settings.rings + index;
	/* The bytes are in BPF_F_CTXLEN_MASK. */
	long error = bpf_perf_event_output(skb, &events, element | bytes << 32, record, size);

	if (!error)
		return MEMBENCH_KERNEL_COUNTER_SUBMITTED;
	/* Else this CPU came online later and has no ring, or the helper was interrupted by itself too often. */
	return error == -ENOSPC ? MEMBENCH_KERNEL_COUNTER_LOST_RING_FULL : MEMBENCH_KERNEL_COUNTER_LOST_COPY_FAILED;
}

__noinline int membench_submit(struct __sk_buff *skb, __u64 place, __u32 hash, __u32 index)
{
	struct membench_ring_record r = {};
	__u32 l3 = place & 0xffff;
	__u32 captured = skb->len - l3;

	if (captured > settings.snaplen)
		captured = settings.snaplen;
	describe(&r, skb, place, hash, captured, bpf_ktime_get_ns());
	return send(skb, index, &r, HEAD, l3 + captured);
}

/* As `membench_submit`, but without the values that begin in the packet. */
__noinline int membench_skip(struct __sk_buff *skb, __u64 place, __u32 hash, __u32 index)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	__u32 gathered, captured;
	__u64 size;

	if (skb->len < HOLE_LEAST || (__u8)(place >> 40) != IPPROTO_TCP || !g)
		return membench_submit(skb, place, hash, index);
	gathered = membench_gather(skb, place, hash);
	captured = gathered & 0xffff;
	if (!captured || captured > settings.snaplen)
		return membench_submit(skb, place, hash, index);
	describe(&g->record, skb, place, hash, captured, bpf_ktime_get_ns());
	g->record.holes = gathered >> 16;
	size = (__u64)captured - 1;
	whole(size);
	if (size >= sizeof(g->bytes))
		return MEMBENCH_KERNEL_COUNTER_LOST_COPY_FAILED;
	return send(skb, index, &g->record, size + HEAD + sizeof(g->holes) + 1, 0);
}

#endif
