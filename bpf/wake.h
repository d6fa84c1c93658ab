/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* The time of a packet, and when the worker of its ring is woken. */
#ifndef MEMBENCH_WAKE_H
#define MEMBENCH_WAKE_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps.h"

/*
 * When the packet was sent, where a local sender's stack has stamped it by the monotonic clock: reading that
 * costs nothing, reading the clock a third of this program. The sender may choose its stamp (SO_TXTIME), and
 * pacing puts it into the future; so a stamp is taken only near the last wake-up, whose time is the clock's.
 * No packet's time is then far from the truth, and none disturbs that of others or the wake-ups. The kernel
 * knows the field from 5.18 on; before, the verifier never sees this branch.
 */
static __always_inline __u64 time_of(struct __sk_buff *skb, struct wake *wake)
{
	if (settings.stamps && skb->tstamp_type == BPF_SKB_TSTAMP_DELIVERY_MONO && wake) {
		__u64 stamp = skb->tstamp;
		__s64 elapsed = stamp - wake->at;

		/* Before the first wake-up there is no time to compare with. */
		if (wake->at && elapsed < (__s64)settings.wake_interval && elapsed > -(__s64)settings.wake_interval)
			return stamp;
	}
	return bpf_ktime_get_ns();
}

/*
 * Wakes a worker at the first packet after an interval, not at every packet, as in the interrupt moderation of
 * network cards. The worker finds packets in between at its next wake-up, or by polling. A race between CPUs may
 * cost a wake-up, but never a packet.
 */
static __always_inline __u64 wake_flag(struct wake *wake, __u64 now)
{
	if (!wake)
		return BPF_RB_FORCE_WAKEUP;
	if ((__s64)(now - wake->at) < (__s64)settings.wake_interval)
		return BPF_RB_NO_WAKEUP;
	wake->at = settings.stamps ? bpf_ktime_get_ns() : now;
	return BPF_RB_FORCE_WAKEUP;
}

#endif
