/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Reads a TCP segment that is wholly made of complete lines or binary frames, and puts a message record into the ring
 * in its place: without values, and with hashes instead of keys. It knows no more than this one segment; the parser
 * takes the record only where that direction of its flow stands at its first byte, and asks for whole packets
 * of the flow where it cannot (assembly/flow/uncut.ts). Everything else is copied as a packet.
 *
 * A value that is longer than the rest of the segment is its last. What comes in later segments begins within it and is
 * no line, or only looks like one.
 */
#ifndef MEMBENCH_PARSE_H
#define MEMBENCH_PARSE_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "headers.h"
#include "layout.h"
#include "maps.h"
#include "parse_binary.h"
#include "parse_line.h"
#include "parse_login.h"
#include "parse_message.h"
#include "parse_text.h"
#include "values.h"
#include "wake.h"

/* The segment is no message record. */
#define NOT_PARSED (-1)

/* Bytes that are loaded at a time, from the IP header or a message on. */
#define LOADED 512
/* Fewest bytes that are read of, if the segment has them: a line has no more. */
#define LINE_LEAST WINDOW
/* Bytes of `END` and its line end. */
#define END_SIZE 5
#define TCP_ACK 0x10

/* Loads the segment from `offset` of the packet on, for the next message. */
static __always_inline int load_on(struct __sk_buff *skb, struct gathering *g)
{
	struct parsing *k = &g->parsing;
	__u32 size = k->left < LOADED ? k->left : LOADED;

	k->from = 0;
	k->size = size;
	return append(skb, k->offset, g, 0, size);
}

static __always_inline void advance(struct parsing *k, __u32 bytes)
{
	k->from += bytes;
	k->offset += bytes;
	k->size -= bytes < k->size ? bytes : k->size;
	k->left -= bytes;
}

/* Takes the value of the message that was put at `out`. Returns whether that is understood. */
__noinline int membench_value(struct __sk_buff *skb, __u64 read, __u32 out)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	__u32 value = READ_SIZE_OF(read);
	struct parsing *k;
	const __u8 *p;

	if (!g)
		return 0;
	k = &g->parsing;
	if (read & READ_BINARY) {
		advance(k, value < k->left ? value : k->left);
		return 1;
	}
	/* Its line end must be in the segment, or the end of the segment in the value. */
	if (value + 2 > k->left && value <= k->left)
		return 0;
	if (read & READ_SET && value <= LOGIN_MAX) {
		__u32 at = k->from;

		if (value > k->left)
			return 0;
		if (value > k->size) {
			at = LOADED;
			if (!append(skb, k->offset, g, at, value))
				return 0;
		}
		if (membench_login(at, value))
			*message_at(g, out) |= MEMBENCH_MESSAGE_LOGIN;
	}
	if (value > k->left) {
		advance(k, k->left);
		return 1;
	}
	advance(k, value);
	if (k->size < 2 + END_SIZE && k->size < k->left && !load_on(skb, g))
		return 0;
	p = g->bytes + ((k->from + g->zero) & (GATHERED - 1));
	if (*(const __u16 *)p != CRLF)
		return 0;
	if (read & READ_ENDS && k->left >= 2 + END_SIZE && *(const __u32 *)(p + 2) == WORD4('E', 'N', 'D', '\r') &&
	    p[6] == '\n') {
		*message_at(g, out) |= MEMBENCH_MESSAGE_END;
		advance(k, END_SIZE);
	}
	advance(k, 2);
	/* Of a line without a value the parser learns only from the next one, or the end, that one was read. */
	return value || !k->left || *message_at(g, out) != MEMBENCH_MESSAGE_FORM_LINE;
}

/* Reads a message that is no further key, as `membench_text` does. */
static __always_inline __u64 read_message(struct gathering *g, __u32 from, __u32 size, __u32 out)
{
	__u64 read;

	if (g->bytes[(from + g->zero) & (GATHERED - 1)] & 0x80)
		return membench_frame(from, size, out);
	read = membench_text(from, size, out);
	return read ? read : membench_other(from, size, out);
}

/* Goes on behind the message that was put at `out`, and behind its value. Returns whether that is understood. */
static __always_inline int take(struct __sk_buff *skb, struct parsing *k, __u64 read, __u32 out)
{
	k->keys = (read & READ_KEYS) != 0;
	k->out = out + READ_PUT_OF(read);
	advance(k, READ_LINE(read));
	return read & READ_VALUE ? membench_value(skb, read, out) : 1;
}

/* Takes the next message. Returns whether that is understood. */
__noinline int membench_message(struct __sk_buff *skb)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	struct parsing *k;
	__u64 read;

	if (!g)
		return 0;
	k = &g->parsing;
	if (k->size < LINE_LEAST && k->size < k->left && !load_on(skb, g))
		return 0;
	if (k->out >= PARSED)
		return 0;
	if (k->keys)
		read = membench_key(k->from, k->size, k->out);
	else
		read = read_message(g, k->from, k->size, k->out);
	return read ? take(skb, k, read, k->out) : 0;
}

/*
 * Fills the head of a message record, but for its time, from the headers of an IP packet without options. Returns
 * its bytes.
 */
static __always_inline __u32 put_segment(struct gathering *g, struct __sk_buff *skb, __u64 place, __u32 hash,
					 __u32 headers, __u32 size)
{
	struct membench_message_record *r = (void *)g->parsed;
	const __u8 *ip = g->bytes;
	const __u8 *tcp = ip + (((place >> 16) + g->zero) & 63);

	r->sequence = bpf_ntohl(*(const __u32 *)(tcp + 4));
	r->ack = bpf_ntohl(*(const __u32 *)(tcp + 8));
	r->hash = hash;
	r->ifindex = skb->ifindex;
	r->headers = (place & 0xffff) + headers;
	r->window = *(const __u16 *)(tcp + 14);
	r->size = size;
	r->family = place >> 32;
	r->protocol = MEMBENCH_MESSAGE_PROTOCOL;
	r->ports = *(const __u32 *)tcp;
	if (r->family == 4) {
		__builtin_memcpy(r + 1, ip + 12, 8);
		return sizeof(*r) + 8;
	}
	__builtin_memcpy(r + 1, ip + 8, 32);
	return sizeof(*r) + 32;
}

/* Puts the messages of a segment into the record. Returns the bytes of the record; 0 where it is none. */
static __always_inline __u32 put_messages(struct __sk_buff *skb, struct gathering *g, __u64 place, __u32 hash)
{
	__u32 l3 = place & 0xffff;
	__u32 l4_offset = place >> 16 & 0xffff;
	__u32 length = skb->len - l3;
	__u32 headers, size, out;
	struct parsing *k;
	__u64 read;

	if (is_uncut(hash) || (__u8)(place >> 40) != IPPROTO_TCP)
		return 0;
	if (l4_offset != ((__u8)(place >> 32) == 4 ? 20 : 40))
		return 0;
	k = &g->parsing;
	k->offset = l3;
	k->left = length;
	if (!load_on(skb, g))
		return 0;
	/* One of two constants, which the verifier must not tell apart. */
	l4_offset = (l4_offset + g->zero) & 63;
	headers = headers_of(g->bytes, l4_offset, length);
	size = length - headers;
	if (!headers || headers >= length || l3 + headers > 0xff || size > 0xffff)
		return 0;
	/* Every segment of a connection has it, but for the first. */
	if (!(g->bytes[l4_offset + 13] & TCP_ACK))
		return 0;
	out = put_segment(g, skb, place, hash, headers, size);
	read = read_message(g, headers, k->size - headers, out);
	if (!read)
		return 0;
	/* As most segments are: one message without a value. */
	if (READ_LINE(read) == size && !(read & (READ_VALUE | READ_KEYS)))
		return out + READ_PUT_OF(read);
	advance(k, headers);
	if (!take(skb, k, read, out))
		return 0;
#pragma unroll
	for (__u32 i = 1; i < MEMBENCH_MESSAGES_MAX; i++) {
		if (!k->left)
			return k->keys ? 0 : k->out;
		if (!membench_message(skb))
			return 0;
	}
	return 0;
}

/*
 * Puts the message record of a segment into the ring. Returns the counter of the outcome, or NOT_PARSED where the
 * packet is to be copied.
 */
__noinline int membench_parse(struct __sk_buff *skb, __u64 place, __u32 hash, __u32 index)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	void *ring = bpf_map_lookup_elem(&rings, &index);
	struct wake *last = bpf_map_lookup_elem(&wakes, &index);
	__u64 now, size;

	if (!g || !ring)
		return NOT_PARSED;
	/* Less one, so that one comparison, which the verifier follows, checks both bounds of the size. */
	size = (__u64)put_messages(skb, g, place, hash) - 1;
	whole(size);
	if (size >= sizeof(g->parsed))
		return NOT_PARSED;
	now = time_of(skb, last);
	((struct membench_message_record *)g->parsed)->time = now;
	if (bpf_ringbuf_output(ring, g->parsed, size + 1, wake_flag(last, now)))
		return MEMBENCH_KERNEL_COUNTER_LOST_RING_FULL;
	return MEMBENCH_KERNEL_COUNTER_SUBMITTED_PARSED;
}

#endif
