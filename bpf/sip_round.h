/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* One round of SipHash (Aumasson and Bernstein, 2012), of the words v0 to v3. */
#ifndef MEMBENCH_SIP_ROUND_H
#define MEMBENCH_SIP_ROUND_H

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

#endif
