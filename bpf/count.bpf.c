// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Counts requests and answers of the server ports in the kernel. No byte of a packet reaches user space, only
 * the counters. It changes nothing and passes every packet on, so that other attached programs see it, too.
 *
 * What it cannot read is counted by reason and never guessed.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "headers.h"
#include "count_segment.h"

/* Value of both TCX_NEXT and TC_ACT_UNSPEC (linux/bpf.h, linux/pkt_cls.h): the next program decides. */
#define PASS (-1)

#define TCP_ACK 0x10

/* The start of a connection: both directions are in step from its first byte on. */
static __always_inline void open_flow(__u64 hash, __u32 seq, __u32 ack, int answer)
{
	struct flow *f = flow_at(hash);

	if (!f)
		return;
	if (answer) {
		if (f->tag != tag_of(hash) || !(f->flags & FLAG_OPENING) || f->requests.next != ack)
			return;
		f->answers.next = seq + 1;
		f->answers.seen = seq + 1;
		f->flags &= ~FLAG_OPENING;
		return;
	}
	/* A SYN that is sent again. */
	if (f->tag == tag_of(hash) && f->belief == IN_STEP && f->requests.next == seq + 1)
		return;
	add(MEMBENCH_COUNT_COUNTER_CONNECTIONS, 1);
	if (!claim(f, hash))
		return;
	f->closed[0] = 0;
	f->closed[1] = 0;
	f->requests.next = seq + 1;
	enter_step(f);
	f->flags = FLAG_OPENING;
}

/* The end of a connection, after its data. */
static __always_inline void close_flow(__u64 hash, __u32 end, int reset, const int answer)
{
	struct flow *f = flow_at(hash);

	if (!f || f->tag != tag_of(hash))
		return;
	/* A reset elsewhere is ignored by the receiver, too (RFC 5961). */
	if (reset && f->known[answer] && (answer ? f->answers.seen : f->requests.seen) != end)
		return;
	f->closed[answer] = 1;
	if (reset || f->closed[!answer])
		f->tag = 0;
}

/* Words of a TCP header (RFC 9293): ports, sequence and acknowledgement numbers, offset and flags. */
static __always_inline void count_tcp(struct __sk_buff *skb, struct headers *h, __u32 l3, __u32 l4)
{
	__u32 tcp[4];
	__u32 source, destination, header, flags, length, seq, ack;
	__u64 hash, span, numbers;
	int answer;

	if (!read_at(skb, l4, tcp, sizeof(tcp)))
		return add(MEMBENCH_COUNT_COUNTER_SKIPPED_CUT_HEADER, 1);
	source = bpf_ntohl(tcp[0]) >> 16;
	destination = bpf_ntohl(tcp[0]) & 0xffff;
	answer = is_server(source);
	if (is_server(destination)) {
		if (answer)
			return add(MEMBENCH_COUNT_COUNTER_SKIPPED_BOTH_PORTS, 1);
	} else if (!answer) {
		return;
	}
	seq = bpf_ntohl(tcp[1]);
	ack = bpf_ntohl(tcp[2]);
	flags = bpf_ntohl(tcp[3]) >> 16;
	header = (flags >> 12) * 4;
	if (header < 20)
		return add(MEMBENCH_COUNT_COUNTER_SKIPPED_MALFORMED, 1);
	/* The frame may be padded, so the length in the IP header is used where it is set. */
	length = skb->len - l3;
	if (h->ip_length && h->ip_length < length)
		length = h->ip_length;
	header += h->l4_offset;
	length = length > header ? length - header : 0;
	if (!length && !(flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		return;
	hash = endpoint_hash(settings.seed, h->source, source) +
	       endpoint_hash(settings.seed, h->destination, destination);
	if (flags & TCP_SYN) {
		if (!answer == !(flags & TCP_ACK))
			open_flow(hash, seq, ack, answer);
		/* Data on a SYN is sent again, or begins the stream. */
		seq++;
	}
	if (length) {
		span = (__u64)(l3 + header) << 32 | length;
		numbers = (__u64)seq << 32 | ack;
		if (answer)
			membench_answers(skb, hash, span, numbers);
		else
			membench_requests(skb, hash, span, numbers);
	}
	if (flags & (TCP_FIN | TCP_RST)) {
		if (answer)
			close_flow(hash, seq + length, flags & TCP_RST, 1);
		else
			close_flow(hash, seq + length, flags & TCP_RST, 0);
	}
}

/* UDP is not read; only that it was there is counted. */
static __always_inline void count_udp(struct __sk_buff *skb, __u32 l4)
{
	__be16 port[2];

	if (read_at(skb, l4, port, sizeof(port)) && (is_server(bpf_ntohs(port[0])) || is_server(bpf_ntohs(port[1]))))
		add(MEMBENCH_COUNT_COUNTER_SKIPPED_UDP, 1);
}

/* Takes one packet with its IP header at `l3`; where that is a constant, the code is faster. */
static __always_inline void count_packet(struct __sk_buff *skb, __u32 l3)
{
	struct headers h = {};
	__u8 version;
	int outcome;

	if (!read_at(skb, l3, &version, sizeof(version)))
		return;
	if (version >> 4 == 4)
		outcome = read_ipv4(skb, &h, l3);
	else if (version >> 4 == 6)
		outcome = read_ipv6(skb, &h, l3, settings.seed);
	else
		return;
	/* Whether a fragment is of the ports is not known. */
	if (outcome == MEMBENCH_KERNEL_COUNTER_SKIPPED_FRAGMENT)
		add(MEMBENCH_COUNT_COUNTER_SKIPPED_FRAGMENT, 1);
	if (outcome != TAKEN)
		return;
	if (h.protocol == IPPROTO_TCP) {
		/* Without options the offset is a constant, too. */
		if (h.l4_offset == 20)
			count_tcp(skb, &h, l3, l3 + 20);
		else
			count_tcp(skb, &h, l3, l3 + h.l4_offset);
	} else if (h.protocol == IPPROTO_UDP) {
		count_udp(skb, l3 + h.l4_offset);
	}
}

/*
 * Takes one packet behind an Ethernet header. A function of its own, so that the stack of the program does not
 * have room for both ways.
 */
__noinline int membench_untagged(struct __sk_buff *skb)
{
	count_packet(skb, ETH_HLEN);
	return 0;
}

/* Takes one packet with VLAN tags in it. */
__noinline int membench_tagged(struct __sk_buff *skb, __u32 l3)
{
	count_packet(skb, l3);
	return 0;
}

/* The program for devices with an Ethernet header. */
SEC("tc")
int membench_l2(struct __sk_buff *skb)
{
	__u32 l3 = 0;

	if (read_ethernet(skb, &l3) != TAKEN)
		return PASS;
	if (l3 == ETH_HLEN)
		membench_untagged(skb);
	else
		membench_tagged(skb, l3);
	return PASS;
}

/* The program for devices without a link header: tun, wireguard, tunnels. */
SEC("tc")
int membench_l3(struct __sk_buff *skb)
{
	count_packet(skb, 0);
	return PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
