// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Moves the sequence number of a segment on by its payload, then runs another program on it, so that runs of
 * one frame are a stream. See count_run.c.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Offset of the sequence number behind Ethernet and IPv4 headers. */
#define SEQUENCE 38

struct stream {
	__u32 seq;
	__u32 step;
	/* Whether the other program runs. */
	__u32 goes_on;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stream);
} stream SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} then SEC(".maps");

SEC("tc")
int advance(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct stream *s = bpf_map_lookup_elem(&stream, &zero);
	__be32 seq;

	if (!s)
		return -1;
	seq = bpf_htonl(s->seq);
	s->seq += s->step;
	bpf_skb_store_bytes(skb, SEQUENCE, &seq, sizeof(seq), 0);
	if (s->goes_on)
		bpf_tail_call(skb, &then, 0);
	return -1;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
