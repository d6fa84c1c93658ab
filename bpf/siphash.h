/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* SipHash-2-4 (Aumasson and Bernstein, 2012) of a key, under the secret of the run; as assembly/hash.ts. */
#ifndef MEMBENCH_SIPHASH_H
#define MEMBENCH_SIPHASH_H

#include "headers.h"
#include "layout.h"
#include "maps.h"
#include "sip.h"

/* The offsets of a key's words are kept below this, for the verifier. */
#define KEY_MASK 255

/*
 * Hash of the `size` bytes at `from` of those gathered. Calls of bpf_loop would cost more, and a loop that is not
 * unrolled is endless for the verifier where it follows mispredicted branches, without CAP_PERFMON.
 */
__noinline __u64 membench_key_hash(__u32 from, __u32 size)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	__u64 v0, v1, v2, v3, word, zero;
	__u32 tail, rest = size & 7;
	const __u8 *p;

	if (!g)
		return 0;
	zero = g->zero;
	p = g->bytes + (from & (GATHERED - 1));
	/* Of the same bounds on all ways out of the loop. */
	tail = (size + zero) & (KEY_MASK & ~7);
	whole(tail);
	SIP_BEGIN(settings.key0, settings.key1);
#pragma unroll
	for (__u32 i = 0; i < MEMBENCH_KEY_MAX / 8; i++) {
		if (8 * i + 8 > size)
			break;
		word = *(const __u64 *)(p + 8 * i);
		SIP_TAKE(word);
	}
	word = *(const __u64 *)(p + tail);
	word = (__u64)size << 56 | (word & ((1ull << 8 * rest) - 1));
	SIP_TAKE(word);
	SIP_END;
	return v0 ^ v1 ^ v2 ^ v3;
}

#endif
