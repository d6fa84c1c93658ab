/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Hashes keys by SipHash-2-4 under the secret of the run, as assembly/hash.ts does. Offsets are constants, and no
 * loop is left, for the reasons in count_maps.h and count_walk.h.
 */
#ifndef MEMBENCH_COUNT_KEY_H
#define MEMBENCH_COUNT_KEY_H

#include "count_text.h"
#include "sip.h"

/* Bytes that are loaded to read a key: the longest one, and what ends it. */
#define KEY_WORDS 32
#define KEY_LOADED (KEY_WORDS * 8)

/* A key that is being read, and where the others of its line are. One for each CPU, as `windows`. */
struct key {
	__u64 words[KEY_WORDS];
	__u64 hash;
	__u32 size;
	/* Number of the request in its connection. */
	__u32 number;
	/* Where the line is, as `membench_key` takes it; its bytes; and where its next word is in it. */
	__u32 from;
	__u32 length;
	__u32 at;
	/* Words that are passed over before the first key, and keys that are still to be read. */
	__u32 passed;
	__u32 left;
	__u32 pad;
	/* The request, and what is said of it. Here, because the stack is short. */
	__u64 message;
	struct membench_key_record record;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct key);
} keys SEC(".maps");

static __always_inline struct key *key_of_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&keys, &cpu);
}

/* Loads what is in the window from `at` on: a line that began in an earlier packet. */
__noinline int membench_key_from_window(__u32 at)
{
	struct window *w = window_of_cpu();
	struct key *k = key_of_cpu();

	if (!w || !k)
		return 0;
#pragma unroll
	for (__u32 i = 0; i < WINDOW / 8; i++)
		k->words[i] = bytes_before(w, at + 8 * i + 8);
	return 1;
}

/* Loads `size` bytes of a packet, at most KEY_LOADED. The verifier must see that bound in full width. */
static __always_inline int load_key(struct __sk_buff *skb, __u32 offset, struct key *k, __u64 size)
{
	__u64 last = (size > KEY_LOADED ? KEY_LOADED : size) - 1;

	asm volatile("" : "+r"(last));
	if (last >= KEY_LOADED)
		return 0;
	return bpf_skb_load_bytes(skb, offset, k->words, last + 1) == 0;
}

/* Bytes of the loaded word, which ends with a space or its line; KEY_LOADED where that is not loaded. */
static __always_inline __u32 word_size(struct key *k)
{
	__u64 before = 0;

#pragma unroll
	for (__u32 i = 0; i < KEY_WORDS; i++) {
		__u64 word = k->words[i];
		__u64 ends = find_byte(word, '\n');
		__u64 stops = ends | find_byte(word, ' ');

		if (stops) {
			__u32 at = first_byte(stops);
			__u32 previous = at ? word >> (8 * at - 8) & 0xff : before >> 56;
			int line = ends && first_byte(ends) == at;

			return 8 * i + at - (line && previous == '\r');
		}
		before = word;
	}
	return KEY_LOADED;
}

/* Hash of the loaded key. */
__noinline __u64 membench_key_hash(__u32 size)
{
	struct key *k = key_of_cpu();
	__u64 v0, v1, v2, v3, word = 0;

	if (!k)
		return 0;
	SIP_BEGIN(settings.key0, settings.key1);
#pragma unroll
	for (__u32 i = 0; i < KEY_WORDS; i++) {
		word = k->words[i];
		if (size < 8 * i + 8)
			break;
		SIP_TAKE(word);
	}
	word = (__u64)size << 56 | (word & bits_below(8 * (size & 7)));
	SIP_TAKE(word);
	SIP_END;
	return v0 ^ v1 ^ v2 ^ v3;
}

/* What `membench_key` returns. */
#define KEY_EMPTY 0
#define KEY_UNREAD 1
#define KEY_OTHER 2
#define KEY_SAMPLED 3

/* In what `membench_key` takes: the offset is one in the window. */
#define IN_WINDOW (1u << 31)
/* The size of the key is known. */
#define KNOWN_SIZE (1u << 30)

/*
 * Reads the word at an offset as a key and tells whether it belongs to the sample.
 *
 * @left: bytes from there to the end of the line; or with KNOWN_SIZE those of the key
 */
__noinline int membench_key(struct __sk_buff *skb, __u32 offset, __u32 left)
{
	struct key *k = key_of_cpu();
	__u32 size = left & ~KNOWN_SIZE;

	if (!k)
		return KEY_UNREAD;
	if (offset & IN_WINDOW)
		membench_key_from_window(offset & ~IN_WINDOW);
	else if (!load_key(skb, offset, k, size))
		return KEY_UNREAD;
	if (!(left & KNOWN_SIZE))
		size = word_size(k);
	k->size = size;
	if (!size)
		return KEY_EMPTY;
	if (size > MEMBENCH_KEY_MAX)
		return KEY_UNREAD;
	k->hash = membench_key_hash(size);
	return k->hash >> 32 < settings.key_limit ? KEY_SAMPLED : KEY_OTHER;
}

#endif
