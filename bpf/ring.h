/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Sends packets to the BPF ring of their worker. Included by packets.bpf.c, which has what describes a packet.
 *
 *   record  | ring_record | packet from its IP header on |
 *           | ring_record, holes, bytes without values   |
 */
#ifndef MEMBENCH_RING_H
#define MEMBENCH_RING_H

#include "parse.h"
#include "wake.h"

/*
 * Fills a reserved record of SIZE bytes. The size must be a constant, hence the classes below: each is a
 * copy of this with its own bound.
 */
static __always_inline __u32 fill(struct __sk_buff *skb, __u64 place, __u32 hash, __u32 captured, void *ring,
				  __u64 now, __u64 wake, const __u32 size)
{
	struct membench_ring_record *r = bpf_ringbuf_reserve(ring, size, 0);
	/* Less one, so that one comparison, which the verifier follows, checks both bounds of the size. */
	__u64 last = (__u64)captured - 1;

	if (!r)
		return MEMBENCH_KERNEL_COUNTER_LOST_RING_FULL;
	whole(last);
	if (last >= size - HEAD || bpf_skb_load_bytes(skb, place & 0xffff, r + 1, last + 1))
		goto failed;
	describe(r, skb, place, hash, captured, now);
	bpf_ringbuf_submit(r, wake);
	return MEMBENCH_KERNEL_COUNTER_SUBMITTED;

failed:
	/* The record may still have bytes of an older packet, which must not be taken for this one's. */
	bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
	return MEMBENCH_KERNEL_COUNTER_LOST_COPY_FAILED;
}

/*
 * Global functions are verified once, for any arguments (since kernel 5.6). Otherwise the verifier would
 * follow every path through the headers through all later code.
 */
__noinline int membench_submit(struct __sk_buff *skb, __u64 place, __u32 hash, __u32 index)
{
	void *ring = bpf_map_lookup_elem(&rings, &index);
	struct wake *last = bpf_map_lookup_elem(&wakes, &index);
	__u32 captured = skb->len - (place & 0xffff);
	__u64 now = time_of(skb, last);
	__u32 need;
	__u64 wake;

	if (!ring)
		return MEMBENCH_KERNEL_COUNTER_LOST_RING_FULL;
	if (captured > settings.snaplen)
		captured = settings.snaplen;
	need = captured + HEAD;
	wake = wake_flag(last, now);
	/* Ring records have a head of 8 bytes and start at multiples of 8. */
#define CLASS(size)       \
	if (need <= size) \
		return fill(skb, place, hash, captured, ring, now, wake, size)
	CLASS(96);
	CLASS(128);
	CLASS(160);
	CLASS(192);
	CLASS(256);
	CLASS(384);
	CLASS(512);
	CLASS(768);
	CLASS(1024);
	CLASS(1536);
	CLASS(2048);
	CLASS(3072);
	CLASS(4096);
	CLASS(6144);
	CLASS(8192);
	CLASS(12288);
	CLASS(16384);
	CLASS(24576);
	CLASS(32768);
	CLASS(49152);
	CLASS(65536);
	CLASS(98304);
#undef CLASS
	return fill(skb, place, hash, captured, ring, now, wake, MEMBENCH_RING_CAPTURE_MAX + HEAD);
}

/* Sends a packet without the values that begin in it; where there are none, the whole packet. */
static __always_inline int send_gathered(struct __sk_buff *skb, __u64 place, __u32 hash, __u32 index,
					 struct gathering *g, void *ring)
{
	struct wake *last = bpf_map_lookup_elem(&wakes, &index);
	__u32 gathered = membench_gather(skb, place, hash);
	__u32 captured = gathered & 0xffff;
	__u64 now, size;

	if (!captured || captured > settings.snaplen)
		return membench_submit(skb, place, hash, index);
	now = time_of(skb, last);
	describe(&g->record, skb, place, hash, captured, now);
	g->record.holes = gathered >> 16;
	size = (__u64)captured - 1;
	whole(size);
	if (size >= sizeof(g->bytes))
		return MEMBENCH_KERNEL_COUNTER_LOST_COPY_FAILED;
	size += HEAD + sizeof(g->holes) + 1;
	if (bpf_ringbuf_output(ring, &g->record, size, wake_flag(last, now)))
		return MEMBENCH_KERNEL_COUNTER_LOST_RING_FULL;
	return MEMBENCH_KERNEL_COUNTER_SUBMITTED;
}

/* As `membench_submit`, but without the values that begin in the packet. */
__noinline int membench_skip(struct __sk_buff *skb, __u64 place, __u32 hash, __u32 index)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	void *ring = bpf_map_lookup_elem(&rings, &index);
	int outcome;

	if (skb->len < HOLE_LEAST || (__u8)(place >> 40) != IPPROTO_TCP || !g || !ring)
		return membench_submit(skb, place, hash, index);
#ifdef MEMBENCH_CGROUP
	/* What was interrupted by this packet is using it. */
	if (__sync_lock_test_and_set(&g->busy, 1))
		return membench_submit(skb, place, hash, index);
#endif
	outcome = send_gathered(skb, place, hash, index, g, ring);
#ifdef MEMBENCH_CGROUP
	__sync_lock_test_and_set(&g->busy, 0);
#endif
	return outcome;
}

#endif
