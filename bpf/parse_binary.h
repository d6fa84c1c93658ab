/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* Reads frames of the binary protocol (protocol_binary.h of memcached): of data commands, and noop. */
#ifndef MEMBENCH_PARSE_BINARY_H
#define MEMBENCH_PARSE_BINARY_H

#include "parse_message.h"

#define BINARY_DELETE (BIT(0x04) | BIT(0x14))
#define BINARY_ARITHMETIC (BIT(0x05) | BIT(0x06) | BIT(0x15) | BIT(0x16))
/* Those with a time to live: touch, gat and its forms. */
#define BINARY_TOUCH (BIT(0x1c) | BIT(0x1d) | BIT(0x1e) | BIT(0x23) | BIT(0x24))
/* get, getk and their quiet forms. */
#define BINARY_GET_ONLY (BIT(0x00) | BIT(0x09) | BIT(0x0c) | BIT(0x0d))
#define BINARY_NOOP BIT(0x0a)
#define BINARY_STORAGE (BINARY_SET | BINARY_APPEND)
#define BINARY_DATA (BINARY_STORAGE | BINARY_DELETE | BINARY_ARITHMETIC | BINARY_TOUCH | BINARY_GET_ONLY)

/* Most bytes of extras, of an incr or decr. */
#define EXTRAS_MAX 20

/* Whether a request of a command has parts of these sizes. */
static __always_inline int fits_request(__u64 bit, __u32 extras, __u32 key, __u32 value)
{
	if (bit & BINARY_NOOP)
		return !extras && !key && !value;
	if (!(bit & BINARY_DATA) || !key || (value && !(bit & BINARY_STORAGE)))
		return 0;
	if (bit & BINARY_SET)
		return extras == 8;
	if (bit & BINARY_ARITHMETIC)
		return extras == 20;
	if (bit & BINARY_TOUCH)
		return extras == 4;
	return !extras;
}

/* Whether an answer does; those to other commands than these are not known to have no name or secret. */
static __always_inline int fits_answer(__u64 bit, __u32 extras, __u32 key)
{
	if (bit & BINARY_GET)
		return !extras || extras == 4;
	return bit & (BINARY_DATA | BINARY_NOOP) && !extras && !key;
}

/* Reads a frame, as `membench_text` a line. */
__noinline __u64 membench_frame(__u32 from, __u32 size, __u32 out)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct gathering *g = bpf_map_lookup_elem(&gatherings, &cpu);
	__u32 opcode, key_size, extras, body, line, put = MESSAGE_HEAD;
	__u64 zero, first, bit, value;
	const __u8 *p;
	__u8 *to;

	if (!g || size < BINARY_HEADER)
		return 0;
	zero = g->zero;
	p = g->bytes + (from & (GATHERED - 1));
	first = *(const __u64 *)p;
	opcode = first >> 8 & 0xff;
	key_size = bpf_ntohs(first >> 16 & 0xffff);
	extras = first >> 32 & 0xff;
	body = bpf_ntohl(*(const __u32 *)(p + 8));
	/* The data type, which is not used. */
	if (opcode >= 64 || first >> 40 & 0xff)
		return 0;
	if (key_size > MEMBENCH_KEY_MAX || extras > EXTRAS_MAX || body < extras + key_size || body > VALUE_MAX)
		return 0;
	bit = BIT(opcode);
	value = body - extras - key_size;
	if ((first & 0xff) == 0x80) {
		/* Nor is the bucket. */
		if (first >> 48 || !fits_request(bit, extras, key_size, value))
			return 0;
	} else if ((first & 0xff) != 0x81 || !fits_answer(bit, extras, key_size)) {
		return 0;
	}
	line = BINARY_HEADER + extras;
	if (line + key_size > size)
		return 0;
	to = message_at(g, out);
	put_head(to, MEMBENCH_MESSAGE_FORM_BINARY, key_size, line, line, value);
	if (key_size) {
		*(__u64 *)(to + MESSAGE_HEAD) = membench_key_hash(from + line, key_size);
		put = KEYED;
	}
	to += (put + zero) & 31;
	((__u64 *)to)[0] = first;
	((__u64 *)to)[1] = *(const __u64 *)(p + 8);
	((__u64 *)to)[2] = *(const __u64 *)(p + 16);
	if (extras) {
		((__u64 *)to)[3] = *(const __u64 *)(p + 24) & low_bytes(extras);
		((__u64 *)to)[4] = extras > 8 ? *(const __u64 *)(p + 32) : 0;
		((__u64 *)to)[5] = extras > 8 ? *(const __u64 *)(p + 40) & low_bytes(extras - 16) : 0;
	}
	return (line + key_size) | (value ? READ_VALUE | READ_BINARY : 0) | READ_PUT(put + ((line + 7) & ~7)) |
	       READ_SIZE(value);
}

#endif
