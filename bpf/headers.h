/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Reads the headers between the link layer and the payload, as far as the hash of a flow needs them.
 * assembly/wire/ does the same in user space; both are tested with the same packets.
 */
#ifndef MEMBENCH_HEADERS_H
#define MEMBENCH_HEADERS_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "layout.h"

/* Bounds of the walks, as in assembly/wire/. */
#define TAGS_MAX 5
#define EXTENSIONS_MAX 8
/* IPv6 extension headers (IANA protocol numbers) that linux/in.h does not name. */
#define NEXT_HOP_BY_HOP 0
#define NEXT_ROUTING 43
#define NEXT_FRAGMENT 44
#define NEXT_AUTHENTICATION 51
#define NEXT_DESTINATION_OPTIONS 60
#define NEXT_MOBILITY 135

/* TCP flags, byte 13 of the header (RFC 9293). */
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_URG 0x20

/* A packet of the server ports, by its headers. */
struct headers {
	/* Offset of the transport header from the IP header. */
	__u32 l4_offset;
	/* Bytes of the IP packet by its header; 0 where segmentation offload does not set them. */
	__u32 ip_length;
	__u64 source;
	__u64 destination;
	__u8 family;
	__u8 protocol;
};

#define TAKEN (-1)

/* Keeps clang from narrowing a register whose bound the verifier must see in full width. */
#define whole(x) asm volatile("" : "+r"(x))

/*
 * Reads `size` bytes at `offset`: directly where the offset is a constant and the bytes are in the linear
 * part, as headers nearly always are. A process without CAP_PERFMON may add only constants to a pointer.
 */
static __always_inline int read_at(struct __sk_buff *skb, __u32 offset, void *to, const __u32 size)
{
	if (__builtin_constant_p(offset)) {
		void *data = (void *)(long)skb->data;

		if (data + offset + size <= (void *)(long)skb->data_end) {
			__builtin_memcpy(to, data + offset, size);
			return 1;
		}
	}
	return bpf_skb_load_bytes(skb, offset, to, size) == 0;
}

static __always_inline int read_ethernet(struct __sk_buff *skb, __u32 *l3)
{
	__u32 offset = ETH_HLEN - 2;

	for (int i = 0; i <= TAGS_MAX; i++) {
		__be16 type;

		if (!read_at(skb, offset, &type, sizeof(type)))
			return MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER;
		offset += 2;
		if (type == bpf_htons(ETH_P_IP) || type == bpf_htons(ETH_P_IPV6)) {
			*l3 = offset;
			return TAKEN;
		}
		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD) &&
		    type != bpf_htons(ETH_P_QINQ1))
			return MEMBENCH_KERNEL_COUNTER_SKIPPED_NOT_IP;
		offset += 2;
	}
	return MEMBENCH_KERNEL_COUNTER_SKIPPED_NOT_IP;
}

static __always_inline int read_ipv4(struct __sk_buff *skb, struct headers *h, __u32 l3)
{
	/* Words of the fixed header (RFC 791): addresses are 3 and 4. */
	__u32 ip[5];
	__u32 first;

	if (!read_at(skb, l3, ip, sizeof(ip)))
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER;
	first = bpf_ntohl(ip[0]);
	h->l4_offset = ((first >> 24) & 15) * 4;
	if (h->l4_offset < 20)
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_MALFORMED;
	/* More-fragments flag or an offset. */
	if (bpf_ntohl(ip[1]) & 0x3fff)
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_FRAGMENT;
	h->ip_length = first & 0xffff;
	h->family = 4;
	h->protocol = (bpf_ntohl(ip[2]) >> 16) & 0xff;
	h->source = ip[3];
	h->destination = ip[4];
	return TAKEN;
}

/* There is no extension header, or one that is not skipped. */
#define EXTENSION_NONE (1 << 24)

/*
 * Reads one IPv6 extension header of type `next` at `offset`. Returns its size, with the type of the next
 * header in bits 8-15 above; EXTENSION_NONE where there is none; or -1 less the counter of the reason why the
 * packet is skipped.
 */
__noinline int membench_extension(struct __sk_buff *skb, __u32 offset, __u32 next)
{
	__u8 extension[4] = {};
	__u32 size;

	if (next != NEXT_HOP_BY_HOP && next != NEXT_ROUTING && next != NEXT_FRAGMENT &&
	    next != NEXT_AUTHENTICATION && next != NEXT_DESTINATION_OPTIONS && next != NEXT_MOBILITY)
		return EXTENSION_NONE;
	if (!read_at(skb, offset, extension, sizeof(extension)))
		return -1 - MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER;
	if (next == NEXT_FRAGMENT) {
		/* An atomic fragment (RFC 6946) is a complete datagram: no offset, no more-fragments flag. */
		if (extension[2] || (extension[3] & 0xf9))
			return -1 - MEMBENCH_KERNEL_COUNTER_SKIPPED_FRAGMENT;
		size = 8;
	} else if (next == NEXT_AUTHENTICATION) {
		size = (extension[1] + 2) << 2;
	} else {
		size = (extension[1] + 1) << 3;
	}
	return size << 8 | extension[0];
}

/* Mixes the bits of a word (SplitMix64, Steele et al., 2014), as assembly/hash.ts does. */
static __always_inline __u64 mix(__u64 word)
{
	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ull;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebull;
	return word ^ (word >> 31);
}

/* Hash of one endpoint. The sum of both is the hash of the flow, the same for both directions. */
static __always_inline __u64 endpoint_hash(__u64 seed, __u64 address, __u32 port)
{
	return mix(seed + address * 0x9e3779b97f4a7c15ull + port);
}

static __always_inline int read_ipv6(struct __sk_buff *skb, struct headers *h, __u32 l3, __u64 seed)
{
	/* Words of the fixed header (RFC 8200): addresses are 1-2 and 3-4. */
	__u64 ip[5];
	__u32 offset = 40;
	__u32 next;

	if (!read_at(skb, l3, ip, sizeof(ip)))
		return MEMBENCH_KERNEL_COUNTER_SKIPPED_CUT_HEADER;
	next = (bpf_be64_to_cpu(ip[0]) >> 8) & 0xff;
	h->ip_length = (bpf_be64_to_cpu(ip[0]) >> 16) & 0xffff;
	if (h->ip_length)
		h->ip_length += 40;
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		int found = membench_extension(skb, l3 + offset, next);

		if (found < 0)
			return -1 - found;
		if (found == EXTENSION_NONE)
			break;
		offset += found >> 8;
		next = found & 0xff;
	}
	h->l4_offset = offset;
	h->family = 6;
	h->protocol = next;
	/* Folded as in assembly/hash.ts, so that nobody can choose addresses with equal hashes. */
	h->source = mix(seed + ip[1]) ^ ip[2];
	h->destination = mix(seed + ip[3]) ^ ip[4];
	return TAKEN;
}

#endif
