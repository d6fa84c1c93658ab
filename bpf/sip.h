/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * The parts of SipHash-2-4 (Aumasson and Bernstein, 2012) on variables v0 to v3 of the caller: programs differ in how
 * they come by the words of a key.
 */
#ifndef MEMBENCH_SIP_H
#define MEMBENCH_SIP_H

#define ROTATE(x, bits) ((x) << (bits) | (x) >> (64 - (bits)))

#define SIP_ROUND                      \
	do {                           \
		v0 += v1;              \
		v1 = ROTATE(v1, 13);   \
		v1 ^= v0;              \
		v0 = ROTATE(v0, 32);   \
		v2 += v3;              \
		v3 = ROTATE(v3, 16);   \
		v3 ^= v2;              \
		v0 += v3;              \
		v3 = ROTATE(v3, 21);   \
		v3 ^= v0;              \
		v2 += v1;              \
		v1 = ROTATE(v1, 17);   \
		v1 ^= v2;              \
		v2 = ROTATE(v2, 32);   \
	} while (0)

#define SIP_BEGIN(key0, key1)                          \
	do {                                           \
		v0 = (key0) ^ 0x736f6d6570736575ull;   \
		v1 = (key1) ^ 0x646f72616e646f6dull;   \
		v2 = (key0) ^ 0x6c7967656e657261ull;   \
		v3 = (key1) ^ 0x7465646279746573ull;   \
	} while (0)

#define SIP_TAKE(word)        \
	do {                  \
		v3 ^= (word); \
		SIP_ROUND;    \
		SIP_ROUND;    \
		v0 ^= (word); \
	} while (0)

/* Afterwards the hash is v0 ^ v1 ^ v2 ^ v3. */
#define SIP_END            \
	do {               \
		v2 ^= 0xff; \
		SIP_ROUND; \
		SIP_ROUND; \
		SIP_ROUND; \
		SIP_ROUND; \
	} while (0)

#endif
