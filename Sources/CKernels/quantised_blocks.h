#ifndef CKERNELS_QUANTISED_BLOCKS_H
#define CKERNELS_QUANTISED_BLOCKS_H

#include <string.h>

#include "kernel_table.h"

/// Widens whole blocks of a quantised format, `count` elements, to float32 as the format defines: every operation is
/// rounded to float32 on its own.
void gq_widen_blocks(float *y, const void *source, int32_t format, size_t count);

/// Scale and minimum of group `group` of 8 out of the twelve bytes that a Q4_K block packs them into.
static inline void gq_q4_k_scale(const uint8_t *packed, int group, uint8_t *scale, uint8_t *minimum) {
    if (group < 4) {
        *scale = packed[group] & 63;
        *minimum = packed[group + 4] & 63;
    } else {
        *scale = (uint8_t)((packed[group + 4] & 15) | packed[group - 4] >> 6 << 4);
        *minimum = (uint8_t)(packed[group + 4] >> 4 | packed[group] >> 6 << 4);
    }
}

/// The 32 integers 0..<32 of a block: 16 bytes of nibbles, the low ones first, and four bytes of fifth bits.
static inline void gq_five_bits(uint8_t *integers, const uint8_t *nibbles, const uint8_t *fifth_bits) {
    uint32_t fifth;
    memcpy(&fifth, fifth_bits, sizeof fifth);
    for (int i = 0; i < 16; i++) {
        integers[i] = (uint8_t)((nibbles[i] & 15) | (fifth >> i & 1) << 4);
        integers[i + 16] = (uint8_t)(nibbles[i] >> 4 | (fifth >> (i + 16) & 1) << 4);
    }
}

#endif
