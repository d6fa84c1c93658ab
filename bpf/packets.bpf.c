// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Copies the packets of the chosen ports into the ring of the worker that owns their flow. It reads, counts
 * and passes on: nothing is changed, and whatever else is attached still sees every packet.
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

/* TCX_NEXT and TC_ACT_UNSPEC alike (linux/bpf.h, linux/pkt_cls.h): the next program decides. */
#define PASS (-1)

#define HEAD sizeof(struct membench_ring_record)

/* Keeps clang from narrowing a bound the verifier has to see on the whole register. */
#define whole(x) asm volatile("" : "+r"(x))

struct packet {
	struct headers h;
	__u32 hash;
	__u32 captured;
};

static __always_inline int is_server(__u32 port)
{
	return (ports[(port >> 3) & (MEMBENCH_PORT_BITMAP - 1)] >> (port & 7)) & 1;
}

/*
 * Fills a reserved record of SIZE bytes. Its size must be a constant, hence the classes below: each is a
 * copy of this with its own bound.
 */
static __always_inline __u32 fill(struct __sk_buff *skb, struct packet *p, void *ring, const __u32 size)
{
	struct membench_ring_record *r = bpf_ringbuf_reserve(ring, size, 0);
	/* Less one, so that both ends of what the copy may take are one comparison the verifier follows. */
	__u64 last = (__u64)p->captured - 1;

	if (!r)
		return MEMBENCH_KERNEL_COUNTER_LOST_RING_FULL;
	whole(last);
	if (last >= size - HEAD || bpf_skb_load_bytes(skb, p->h.l3, r + 1, last + 1))
		goto failed;
	r->time = bpf_ktime_get_ns();
	r->length = skb->len;
	r->captured = p->captured;
	r->hash = p->hash;
	r->ifindex = skb->ifindex;
	r->l4_offset = p->h.l4_offset;
	r->family = p->h.family;
	r->protocol = p->h.protocol;
	r->link_size = p->h.l3;
	bpf_ringbuf_submit(r, 0);
	return MEMBENCH_KERNEL_COUNTER_SUBMITTED;

failed:
	/* What lies in the ring is an older packet's: it must not be taken for this one's. */
	bpf_ringbuf_discard(r, 0);
	return MEMBENCH_KERNEL_COUNTER_LOST_COPY_FAILED;
}

static __always_inline __u32 submit(struct __sk_buff *skb, struct packet *p, void *ring)
{
	__u32 need = p->captured + HEAD;

	/* Ring records have a head of 8 bytes and start at multiples of 8. */
#define CLASS(size)       \
	if (need <= size) \
		return fill(skb, p, ring, size)
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
	return fill(skb, p, ring, MEMBENCH_RING_CAPTURE_MAX + HEAD);
}

/* Reads the transport header. Returns TAKEN, or the counter of why not. */
static __always_inline int read_transport(struct __sk_buff *skb, struct packet *p)
{
	__u32 l4 = p->h.l3 + p->h.l4_offset;
	__u32 source, destination;
	__be16 port[2];

	if (p->h.protocol != IPPROTO_TCP && p->h.protocol != IPPROTO_UDP)
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_OTHER_PROTOCOL;
	if (!read_at(skb, l4, port, sizeof(port)))
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER;
	source = bpf_ntohs(port[0]);
	destination = bpf_ntohs(port[1]);
	if (!is_server(destination) && !is_server(source))
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_OTHER_PORT;
	__u64 sum = endpoint_hash(settings.seed, p->h.source, source) +
		    endpoint_hash(settings.seed, p->h.destination, destination);
	p->hash = sum ^ (sum >> 32);
	if (p->h.protocol == IPPROTO_TCP) {
		/* Data offset and flags, bytes 12 and 13 (RFC 9293). */
		__u8 tcp[2];
		__u32 header, length;

		if (!read_at(skb, l4 + 12, tcp, sizeof(tcp)))
			return MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER;
		header = (tcp[0] >> 4) * 4;
		if (header < 20)
			return MEMBENCH_KERNEL_COUNTER_SKIPPED_MALFORMED;
		/* The frame may be padded: its IP header knows better, where it says anything. */
		length = skb->len - p->h.l3;
		if (p->h.ip_length && p->h.ip_length < length)
			length = p->h.ip_length;
		if (!settings.keep_empty && length <= p->h.l4_offset + header &&
		    !(tcp[1] & (TCP_SYN | TCP_FIN | TCP_RST)))
			return MEMBENCH_KERNEL_COUNTER_SKIPPED_NO_PAYLOAD;
	}
	return TAKEN;
}

/* One packet whose IP header begins at `p->h.l3`. */
static __always_inline void record(struct __sk_buff *skb, struct packet *p, __u32 *ring, int *outcome)
{
	__u8 version;

	if (!read_at(skb, p->h.l3, &version, sizeof(version))) {
		*outcome = MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER;
		return;
	}
	if (version >> 4 == 4)
		*outcome = read_ipv4(skb, &p->h);
	else if (version >> 4 == 6)
		*outcome = read_ipv6(skb, &p->h);
	else
		*outcome = MEMBENCH_KERNEL_COUNTER_SKIPPED_MALFORMED;
	if (*outcome != TAKEN)
		return;
	*outcome = read_transport(skb, p);
	if (*outcome != TAKEN && *outcome != MEMBENCH_KERNEL_COUNTER_SKIPPED_NO_PAYLOAD)
		return;
	*ring = ((__u64)p->hash * settings.rings) >> 32;
	if (*outcome != TAKEN)
		return;
	void *inner = bpf_map_lookup_elem(&rings, ring);
	if (!inner) {
		*outcome = MEMBENCH_KERNEL_COUNTER_LOST_RING_FULL;
		return;
	}
	p->captured = skb->len - p->h.l3;
	if (p->captured > settings.snaplen)
		p->captured = settings.snaplen;
	*outcome = submit(skb, p, inner);
}

/* Devices with an Ethernet header. */
SEC("tc")
int membench_l2(struct __sk_buff *skb)
{
	struct packet p = {};
	__u32 ring = settings.rings;
	int outcome = read_ethernet(skb, &p.h.l3);

	if (outcome == TAKEN)
		record(skb, &p, &ring, &outcome);
	count(ring, outcome);
	return PASS;
}

/* Devices without a link header: tun, wireguard, tunnels. */
SEC("tc")
int membench_l3(struct __sk_buff *skb)
{
	struct packet p = {};
	__u32 ring = settings.rings;
	int outcome;

	record(skb, &p, &ring, &outcome);
	count(ring, outcome);
	return PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
