/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Hands the requests of a sample of keys to user space, and their answers: hashes and sizes, never a key. An answer
 * is told by the number of its request in the connection. Answers are read only where a request of the sample waits.
 */
#ifndef MEMBENCH_COUNT_SAMPLE_H
#define MEMBENCH_COUNT_SAMPLE_H

#include "count_binary.h"
#include "count_key.h"

/* The loader sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} key_ring SEC(".maps");

/*
 * Words of a line that are read by one call, and those of a request that are read at all: few calls are in the code
 * for each message, because the kernel follows every path of calls when it checks the stack.
 */
#define WORDS_STRIDE 4
#define WORDS_READ 256

/* Bytes of the extras and of the key of a binary message. */
#define EXTRAS(head) ((__u32)((head) >> 32 & 0xff))
#define KEY_SIZE(head) ((__u32)(((head) >> 16 & 0xff) << 8 | ((head) >> 24 & 0xff)))

#define NO_TTL (1ll << 32)

/* The TTL at a position of the window, of at most ten digits; below 0 it is -1. */
__noinline __s64 membench_ttl(__u32 start)
{
	struct window *w = window_of_cpu();
	__u32 size, high = 0, low;
	__u64 seconds;

	if (!w || start >= WINDOW)
		return NO_TTL;
	if (bytes_before(w, start + 1) >> 56 == '-')
		return -1;
	size = word_size_at(w, start);
	if (size > 8) {
		high = digits_at(w, start, size - 8);
		start += size - 8;
		size = 8;
	}
	low = digits_at(w, start, size);
	if (high == NO_NUMBER || low == NO_NUMBER)
		return NO_TTL;
	seconds = high * 100000000ull + low;
	return seconds >> 31 ? NO_TTL : (__s64)seconds;
}

static __always_inline void set_ttl(struct membench_key_record *r, __u32 start)
{
	__s64 ttl = membench_ttl(start);

	if (ttl == NO_TTL)
		return;
	r->ttl = ttl;
	r->bits |= MEMBENCH_KEY_HAS_TTL;
}

static __always_inline void set_size(struct membench_key_record *r, __u32 n)
{
	r->value_size = membench_number(n);
	r->bits |= MEMBENCH_KEY_HAS_VALUE;
}

/* Client flags: word `n`. */
static __always_inline void set_flags(struct membench_key_record *r, __u32 n)
{
	if (membench_number(n))
		r->bits |= MEMBENCH_KEY_HAS_FLAGS;
}

/* Client flags behind a letter of a meta request or answer, one of its words from number `n` on. */
static __always_inline void set_meta_flags(struct window *w, struct membench_key_record *r, __u32 n, __u8 letter)
{
	__u32 at = lowest_bit(membench_flag(n, letter));

	if (at < WINDOW && digits_at(w, at + 1, word_size_at(w, at + 1)))
		r->bits |= MEMBENCH_KEY_HAS_FLAGS;
}

static __always_inline void of_meta(struct window *w, struct membench_key_record *r, __u32 op, __u32 n)
{
	__u32 at;

	if (op == MEMBENCH_OP_MS) {
		set_size(r, 2);
		set_meta_flags(w, r, n, 'F');
	}
	at = lowest_bit(membench_flag(n, 'T'));
	if (at < WINDOW)
		set_ttl(r, at + 1);
	at = lowest_bit(membench_flag(n, 'M'));
	if (at < WINDOW)
		r->mode = bytes_before(w, at + 2) >> 56;
}

static __always_inline void of_binary(struct window *w, struct membench_key_record *r, __u32 op, __u64 message)
{
	__u32 extras = EXTRAS(w->head), key = KEY_SIZE(w->head);

	if (stores(op)) {
		r->value_size = (__u32)message - BINARY_HEADER - extras - key;
		r->bits |= MEMBENCH_KEY_HAS_VALUE;
		/* Client flags, and the TTL. */
		if (extras == 8) {
			if ((__u32)w->words[3])
				r->bits |= MEMBENCH_KEY_HAS_FLAGS;
			r->ttl = __builtin_bswap32(w->words[3] >> 32);
			r->bits |= MEMBENCH_KEY_HAS_TTL;
		}
	} else if (extras == 4 && (op == MEMBENCH_OP_TOUCH || op == MEMBENCH_OP_GAT)) {
		r->ttl = __builtin_bswap32(w->words[3]);
		r->bits |= MEMBENCH_KEY_HAS_TTL;
	}
}

static __always_inline void of_binary_answer(struct window *w, struct membench_key_record *r, __u64 message)
{
	__u32 extras = EXTRAS(w->head), key = KEY_SIZE(w->head);

	/* Only an item that was found has client flags. */
	if (w->form != MEMBENCH_COUNT_ANSWER_BINARY_SUCCESS || extras != 4)
		return;
	r->value_size = (__u32)message - BINARY_HEADER - extras - key;
	r->bits |= MEMBENCH_KEY_HAS_VALUE;
	if ((__u32)w->words[3])
		r->bits |= MEMBENCH_KEY_HAS_FLAGS;
}

static __always_inline void say(struct membench_key_record *r)
{
	if (bpf_ringbuf_output(&key_ring, r, sizeof(*r), BPF_RB_NO_WAKEUP))
		add(MEMBENCH_COUNT_COUNTER_SKIPPED_KEY_RING_FULL, 1);
}

/* What both requests and answers say. */
static __always_inline void begin_record(struct window *w, struct key *k, __u64 hash, __u32 bits)
{
	struct membench_key_record *r = &k->record;

	r->time = bpf_ktime_get_ns();
	r->hash = hash;
	r->flow = w->walk.flow;
	r->number = k->number;
	r->value_size = 0;
	r->ttl = 0;
	r->what = w->form;
	r->bits = bits | (k->message & COMPLETE ? MEMBENCH_KEY_IS_COMPLETE : 0);
	r->key_size = 0;
	r->mode = 0;
}

/* Whether it is a binary get whose answer, if there is one, names no key: GETQ and GATQ. */
static __always_inline int is_nameless(struct window *w)
{
	__u32 opcode = w->head >> 8 & 0xff;

	return w->form >> 16 == BINARY && (opcode == 0x09 || opcode == 0x1e);
}

/* What a request says of the key that was read. */
static __always_inline void begin_request(struct window *w, struct key *k)
{
	int unpaired = w->walk.unpaired || (w->walk.flags | k->message) & MAYBE || is_nameless(w);

	begin_record(w, k, k->hash, unpaired ? MEMBENCH_KEY_IS_UNPAIRED : 0);
	k->record.key_size = k->size;
	if (!unpaired)
		w->walk.awaited = k->number + 1;
}

/* Says a request that has no other key. */
__noinline int membench_say_request(void)
{
	struct window *w = window_of_cpu();
	struct key *k = key_of_cpu();
	struct membench_key_record *r;
	__u32 op;

	if (!w || !k)
		return 0;
	r = &k->record;
	op = w->form & 0xff;
	begin_request(w, k);
	switch (w->form >> 16) {
	case STORAGE:
		set_flags(r, 2);
		set_ttl(r, word_at(w, 3));
		set_size(r, 4);
		break;
	case SIMPLE:
		if (op == MEMBENCH_OP_TOUCH)
			set_ttl(r, word_at(w, 2));
		break;
	case META:
		of_meta(w, r, op, w->form >> 8 & 0xff);
		break;
	case BINARY:
		of_binary(w, r, op, k->message);
	}
	say(r);
	return 0;
}

/* Says a key of a retrieval. */
__noinline int membench_say_retrieval(void)
{
	struct window *w = window_of_cpu();
	struct key *k = key_of_cpu();

	if (!w || !k)
		return 0;
	begin_request(w, k);
	/* That of gat and gats. */
	if ((w->form >> 8 & 0xff) == 2)
		set_ttl(&k->record, word_at(w, 1));
	say(&k->record);
	return 0;
}

/* Says an answer, with the hash of its key where it has one that belongs to the sample. */
__noinline int membench_say_answer(__u64 hash)
{
	struct window *w = window_of_cpu();
	struct key *k = key_of_cpu();
	struct membench_key_record *r;

	if (!w || !k)
		return 0;
	r = &k->record;
	begin_record(w, k, hash, MEMBENCH_KEY_IS_ANSWER);
	if (k->message & KIND_BINARY) {
		of_binary_answer(w, r, k->message);
	} else if (k->message & VALUE) {
		set_flags(r, 2);
		set_size(r, 3);
	} else if (w->form == MEMBENCH_COUNT_ANSWER_VA) {
		set_size(r, 1);
		set_meta_flags(w, r, 2, 'f');
	}
	say(r);
	return 0;
}

/* Reads the next words of a retrieval: its keys, after those to be passed over. Returns whether there are more. */
__noinline int membench_say_keys(struct __sk_buff *skb)
{
	struct key *k = key_of_cpu();

	if (!k)
		return 0;
#pragma unroll
	for (__u32 i = 0; i < WORDS_STRIDE; i++) {
		int is;

		if (!k->left || k->at >= k->length)
			return 0;
		is = membench_key(skb, k->from + k->at, k->length - k->at);
		if (is == KEY_UNREAD) {
			add(MEMBENCH_COUNT_COUNTER_SKIPPED_KEY_UNREAD, k->left);
			return 0;
		}
		k->at += k->size + 1;
		if (is == KEY_EMPTY)
			continue;
		if (k->passed) {
			k->passed--;
			continue;
		}
		k->left--;
		if (is == KEY_SAMPLED)
			membench_say_retrieval();
	}
	return k->left;
}

/* Reads the other keys of a retrieval. */
__noinline int membench_say_others(struct __sk_buff *skb)
{
	struct key *k = key_of_cpu();

#pragma unroll
	for (__u32 i = 0; i < WORDS_READ / WORDS_STRIDE; i++) {
		if (!membench_say_keys(skb))
			break;
	}
	if (k && k->left)
		add(MEMBENCH_COUNT_COUNTER_SKIPPED_KEY_UNREAD, k->left);
	return 0;
}

/* Whether the next answer is one to a request of the sample, or comes before such a one. */
static __always_inline int awaits(struct walk *k)
{
	return (__s32)(k->awaited - k->number - k->complete) > 0;
}

/* "VALUE " */
#define VALUE_KEY 6

/* Where the key of an answer in the window is, as `membench_key` takes it; 0 where it names none. */
static __always_inline __u32 key_of_answer(struct window *w, struct key *k, __u32 *size)
{
	if (!(k->message & VALUE))
		return 0;
	if (k->message & KIND_BINARY) {
		*size = KEY_SIZE(w->head) | KNOWN_SIZE;
		return KEY_SIZE(w->head) ? BINARY_HEADER + EXTRAS(w->head) : 0;
	}
	*size = w->length - VALUE_KEY;
	return VALUE_KEY;
}

/* Likewise of a request without further keys. */
static __always_inline __u32 key_of_request(struct window *w, __u32 *size)
{
	__u32 at;

	if (w->form >> 16 == BINARY) {
		*size = KEY_SIZE(w->head) | KNOWN_SIZE;
		return KEY_SIZE(w->head) ? BINARY_HEADER + EXTRAS(w->head) : 0;
	}
	if (w->form >> 16 == ALONE || w->form >> 16 == SILENT)
		return 0;
	/* Behind the command, and in a line that is in the window behind further spaces as well. */
	at = w->length > WINDOW ? first_byte(find_byte(w->head, ' ')) + 1 : word_at(w, 1);
	*size = w->length - at;
	return at;
}

/*
 * Takes the request or answer that was just read and is in the window, at an offset of the packet, or with its first
 * bytes held in the window. Returns whether further keys are to be read by `membench_say_others`.
 */
__noinline int membench_sample(struct __sk_buff *skb, __u32 offset, __u64 message, __u32 mode)
{
	struct window *w = window_of_cpu();
	struct key *k = key_of_cpu();
	__u32 at, size = 0;
	int is = KEY_EMPTY;

	if (!w || !k)
		return 0;
	k->number = w->walk.number + w->walk.complete;
	if (mode & MODE_ANSWER && (__s32)(w->walk.asked - k->number) <= 0)
		w->walk.early = 1;
	if (mode & MODE_ANSWER && !awaits(&w->walk))
		return 0;
	k->message = message;
	/* The key of a binary message is never held: its header comes first, and is not complete before. */
	k->from = mode >> 8 && !(message & KIND_BINARY) ? IN_WINDOW : offset;
	if (!(mode & MODE_ANSWER) && w->form >> 16 == RETRIEVAL) {
		k->length = w->length;
		k->at = first_byte(find_byte(w->head, ' ')) + 1;
		k->passed = (w->form >> 8 & 0xff) - 1;
		k->left = message >> 48;
		return membench_say_keys(skb);
	}
	at = mode & MODE_ANSWER ? key_of_answer(w, k, &size) : key_of_request(w, &size);
	if (at)
		is = membench_key(skb, k->from + at, size);
	/* In base64 the key is another one on the wire. */
	if (is == KEY_SAMPLED && w->form >> 16 == META && membench_flag(w->form >> 8 & 0xff, 'b'))
		is = KEY_UNREAD;
	if (is == KEY_UNREAD)
		add(MEMBENCH_COUNT_COUNTER_SKIPPED_KEY_UNREAD, 1);
	if (mode & MODE_ANSWER) {
		if (is == KEY_SAMPLED || message & COMPLETE)
			membench_say_answer(is == KEY_SAMPLED ? k->hash : 0);
	} else if (is == KEY_SAMPLED) {
		membench_say_request();
	}
	return 0;
}

#endif
