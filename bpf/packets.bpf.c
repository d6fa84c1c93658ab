// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Copies the packets of the server ports into the ring of the worker that owns their flow. It changes nothing
 * and passes every packet on, so that other attached programs see it, too.
 *
 * Compiled three times: with MEMBENCH_PERF the rings are those of the BPF perf buffer; with MEMBENCH_CGROUP the
 * packets are those of a cgroup, and else of interfaces.
 *
 * seen = submitted + lost(reason) + skipped(reason), exactly, on every CPU.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "headers.h"
#include "layout.h"
#include "maps.h"
#include "values.h"

/* Value of both TCX_NEXT and TC_ACT_UNSPEC (linux/bpf.h, linux/pkt_cls.h): the next program decides. */
#define PASS (-1)
/* Of a cgroup's program: the packet goes on. */
#define LET_PASS 1

#define HEAD sizeof(struct membench_ring_record)

/* Offsets in a packet, in one word, so that functions can pass them as one argument. */
#define PLACE(l3, l4_offset, family, protocol) \
	((__u64)(l3) | (__u64)(l4_offset) << 16 | (__u64)(family) << 32 | (__u64)(protocol) << 40)

static __always_inline int is_server(__u32 port)
{
	return (ports[(port >> 3) & (MEMBENCH_PORT_BITMAP - 1)] >> (port & 7)) & 1;
}

/* Fills the head of a record without holes. */
static __always_inline void describe(struct membench_ring_record *r, struct __sk_buff *skb, __u64 place,
				     __u32 hash, __u32 captured, __u64 now)
{
	r->time = now;
	r->length = skb->len;
	r->captured = captured;
	r->hash = hash;
	r->ifindex = skb->ifindex;
	r->l4_offset = place >> 16;
	r->family = place >> 32;
	r->protocol = place >> 40;
	/* With it `holes`, which becomes 0: the IP header begins within the first 256 bytes. */
	*(__u16 *)&r->link_size = place;
}

#ifdef MEMBENCH_PERF
#include "perf.h"
#else
#include "ring.h"
#endif

/* What the transport header of a packet of the server ports says. */
struct segment {
	__u32 source;
	__u32 destination;
	/* Bytes of the TCP header, and its flags; 0 of UDP. */
	__u32 header;
	__u32 flags;
};

/* Reads the transport header at `l4`. Returns TAKEN, or the counter of the reason to skip the packet. */
static __always_inline int read_transport(struct __sk_buff *skb, struct headers *h, __u32 l4, struct segment *s)
{
	__be16 port[2];
	/* Data offset and flags, bytes 12 and 13 (RFC 9293). */
	__u8 tcp[2] = {};

	if (h->protocol != IPPROTO_TCP && h->protocol != IPPROTO_UDP)
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_OTHER_PROTOCOL;
	if (!read_at(skb, l4, port, sizeof(port)))
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER;
	s->source = bpf_ntohs(port[0]);
	s->destination = bpf_ntohs(port[1]);
	if (!is_server(s->destination) && !is_server(s->source))
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_OTHER_PORT;
	if (h->protocol == IPPROTO_TCP) {
		if (!read_at(skb, l4 + 12, tcp, sizeof(tcp)))
			return MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER;
		s->header = (tcp[0] >> 4) * 4;
		s->flags = tcp[1];
		if (s->header < 20)
			return MEMBENCH_KERNEL_COUNTER_SKIPPED_MALFORMED;
	}
	return TAKEN;
}

/*
 * Reads all headers of the usual packet by one check of its bounds: TCP of the server ports over IPv4 without
 * options, in the linear part, with the IP header at a constant offset. Returns whether it was one.
 */
static __always_inline int read_usual(struct __sk_buff *skb, struct headers *h, __u32 l3, struct segment *s)
{
	void *data = (void *)(long)skb->data;
	const __u8 *ip = data + l3;
	const __u8 *tcp = ip + 20;

	if (!__builtin_constant_p(l3) || data + l3 + 40 > (void *)(long)skb->data_end)
		return 0;
	/* Version and size of the header (RFC 791), no fragment. */
	if (ip[0] != 0x45 || ip[9] != IPPROTO_TCP || *(__u16 *)(ip + 6) & bpf_htons(0x3fff))
		return 0;
	s->source = bpf_ntohs(*(__u16 *)tcp);
	s->destination = bpf_ntohs(*(__u16 *)(tcp + 2));
	s->header = (tcp[12] >> 4) * 4;
	s->flags = tcp[13];
	if (s->header < 20 || (!is_server(s->destination) && !is_server(s->source)))
		return 0;
	h->l4_offset = 20;
	h->ip_length = bpf_ntohs(*(__u16 *)(ip + 2));
	h->family = 4;
	h->protocol = IPPROTO_TCP;
	h->source = *(__u32 *)(ip + 12);
	h->destination = *(__u32 *)(ip + 16);
	return 1;
}

/*
 * Tells what becomes of a packet of the server ports: TAKEN, or the counter of the reason to skip it. Sets the hash
 * of the flow, and the hash that all duplicates of a connection share.
 */
static __always_inline int choose(struct __sk_buff *skb, struct headers *h, __u32 l3, struct segment *s,
				  __u32 *hash, __u32 *shared)
{
	__u32 length, port_of_client;
	__u64 sum;

	sum = endpoint_hash(settings.seed, h->source, s->source) +
	      endpoint_hash(settings.seed, h->destination, s->destination);
	*hash = sum ^ (sum >> 32);
	/* The client's port, which duplicates share; the lower port where both are server ports. */
	port_of_client = s->source;
	if (is_server(s->source) && (!is_server(s->destination) || s->destination < s->source))
		port_of_client = s->destination;
	*shared = mix(settings.seed + port_of_client) >> 32;
	/* Sampling uses other bits than the choice of the ring. */
	if (settings.sample > 1 && (__u64)(*shared * 0x9e3779b1u) * settings.sample >> 32)
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_SAMPLED;
	if (h->protocol != IPPROTO_TCP || settings.keep_empty || s->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return TAKEN;
	/* The frame may be padded, so the length in the IP header is used where it is set. */
	length = skb->len - l3;
	if (h->ip_length && h->ip_length < length)
		length = h->ip_length;
	return length <= h->l4_offset + s->header ? MEMBENCH_KERNEL_COUNTER_SKIPPED_NO_PAYLOAD : TAKEN;
}

/* Reads the headers of any packet. Returns TAKEN, or the counter of the reason to skip it. */
static __always_inline int read_any(struct __sk_buff *skb, struct headers *h, __u32 l3, struct segment *s)
{
	__u8 version;
	int outcome;

	if (!read_at(skb, l3, &version, sizeof(version)))
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER;
	if (version >> 4 == 4)
		outcome = read_ipv4(skb, h, l3);
	else if (version >> 4 == 6)
		outcome = read_ipv6(skb, h, l3, settings.seed);
	else
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_MALFORMED;
	if (outcome != TAKEN)
		return outcome;
	/* Without options the offset is a constant, too. */
	return h->l4_offset == 20 ? read_transport(skb, h, l3 + 20, s) : read_transport(skb, h, l3 + h->l4_offset, s);
}

/* How packets are taken: whole, without values, or as messages where that can be. */
enum how { COPY, SKIP_VALUES, PARSE };

/* Takes one packet with its IP header at `l3`; where that is a constant, the code is faster. `how` is one, too. */
static __always_inline void record(struct __sk_buff *skb, __u32 l3, const enum how how)
{
	struct headers h = {};
	struct segment s = {};
	__u32 ring = settings.rings;
	__u32 hash = 0, shared = 0;
	int outcome = TAKEN;

	if (!read_usual(skb, &h, l3, &s))
		outcome = read_any(skb, &h, l3, &s);
	if (outcome == TAKEN)
		outcome = choose(skb, &h, l3, &s, &hash, &shared);
	if (outcome == TAKEN || outcome == MEMBENCH_KERNEL_COUNTER_SKIPPED_NO_PAYLOAD)
		ring = (__u64)(shared >> (32 - MEMBENCH_OWNER_BITS)) * settings.rings >> MEMBENCH_OWNER_BITS;
	if (outcome == TAKEN) {
		__u64 place = PLACE(l3, h.l4_offset, h.family, h.protocol);

		outcome = how == PARSE ? membench_parse(skb, place, hash, ring) : NOT_PARSED;
		if (outcome == NOT_PARSED)
			outcome = how == COPY ? membench_submit(skb, place, hash, ring) :
						membench_skip(skb, place, hash, ring);
	}
	membench_count(ring, outcome);
}

/* Takes a packet that begins with its IP header. */
static __always_inline void record_ip(struct __sk_buff *skb, const enum how how)
{
	if (taking)
		record(skb, 0, how);
}

#ifdef MEMBENCH_CGROUP

/* What sockets of a cgroup receive and send, from the IP header on. The second of each leaves out values. */
SEC("cgroup_skb/ingress")
int membench_in(struct __sk_buff *skb)
{
	record_ip(skb, COPY);
	return LET_PASS;
}

SEC("cgroup_skb/ingress")
int membench_in_cut(struct __sk_buff *skb)
{
	record_ip(skb, SKIP_VALUES);
	return LET_PASS;
}

SEC("cgroup_skb/egress")
int membench_out(struct __sk_buff *skb)
{
	record_ip(skb, COPY);
	return LET_PASS;
}

SEC("cgroup_skb/egress")
int membench_out_cut(struct __sk_buff *skb)
{
	record_ip(skb, SKIP_VALUES);
	return LET_PASS;
}

#else

/* Takes one packet with VLAN tags in it. */
__noinline int membench_tagged(struct __sk_buff *skb, __u32 l3)
{
	record(skb, l3, COPY);
	return 0;
}

/* The same, without values. */
__noinline int membench_tagged_cut(struct __sk_buff *skb, __u32 l3)
{
	record(skb, l3, SKIP_VALUES);
	return 0;
}

static __always_inline int record_ethernet(struct __sk_buff *skb, const enum how how)
{
	__u32 l3 = 0;
	int outcome;

	if (!taking)
		return PASS;
	outcome = read_ethernet(skb, &l3);
	if (outcome != TAKEN)
		membench_count(settings.rings, outcome);
	else if (l3 == ETH_HLEN)
		record(skb, ETH_HLEN, how);
	else if (how == COPY)
		membench_tagged(skb, l3);
	else
		membench_tagged_cut(skb, l3);
	return PASS;
}

/*
 * The programs for devices with an Ethernet header (l2) and without a link header (l3): tun, wireguard, tunnels (l3).
 * They copy packets; leave out values (cut); or read messages (parse). Only those that are used are loaded.
 */
#define PROGRAMS(suffix, how)                                 \
	SEC("tc")                                             \
	int membench_l2##suffix(struct __sk_buff *skb)        \
	{                                                     \
		return record_ethernet(skb, how);             \
	}                                                     \
	SEC("tc")                                             \
	int membench_l3##suffix(struct __sk_buff *skb)        \
	{                                                     \
		record_ip(skb, how);                          \
		return PASS;                                  \
	}

PROGRAMS(, COPY)
PROGRAMS(_cut, SKIP_VALUES)
#ifndef MEMBENCH_PERF
PROGRAMS(_parse, PARSE)
#endif

#endif

char LICENSE[] SEC("license") = "Dual MIT/GPL";
