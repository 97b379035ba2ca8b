#include "quantised_blocks.h"

#include <string.h>

#include "float_formats.h"

#pragma STDC FP_CONTRACT OFF

static float scale_at(const uint8_t *p) {
    uint16_t h;
    memcpy(&h, p, sizeof h);
    return gq_from_float16(h);
}

/// f16 scale, 32 signed bytes.
static void widen_q8_0(float *y, const uint8_t *block) {
    const float scale = scale_at(block);
    for (int i = 0; i < 32; i++) y[i] = scale * (float)(int8_t)block[2 + i];
}

/// f16 scale, 16 bytes: the low nibbles are the first 16 elements, the high ones the others; 8 stands for zero.
static void widen_q4_0(float *y, const uint8_t *block) {
    const float scale = scale_at(block);
    for (int i = 0; i < 16; i++) {
        y[i] = scale * (float)((block[2 + i] & 15) - 8);
        y[i + 16] = scale * (float)((block[2 + i] >> 4) - 8);
    }
}

/// f16 scale, f16 addend, nibbles as in Q4_0.
static void widen_q4_1(float *y, const uint8_t *block) {
    const float scale = scale_at(block), addend = scale_at(block + 2);
    for (int i = 0; i < 16; i++) {
        y[i] = scale * (float)(block[4 + i] & 15) + addend;
        y[i + 16] = scale * (float)(block[4 + i] >> 4) + addend;
    }
}

/// f16 scale, 32 fifth bits, nibbles; 16 stands for zero.
static void widen_q5_0(float *y, const uint8_t *block) {
    const float scale = scale_at(block);
    uint8_t integers[32];
    gq_five_bits(integers, block + 6, block + 2);
    for (int i = 0; i < 32; i++) y[i] = scale * (float)(integers[i] - 16);
}

/// f16 scale, f16 addend, 32 fifth bits, nibbles.
static void widen_q5_1(float *y, const uint8_t *block) {
    const float scale = scale_at(block), addend = scale_at(block + 2);
    uint8_t integers[32];
    gq_five_bits(integers, block + 8, block + 4);
    for (int i = 0; i < 32; i++) y[i] = scale * (float)integers[i] + addend;
}

/// f16 scale and minimum, 12 bytes of six-bit scales and minima, in Q5_K 32 bytes of fifth bits (bit g of byte i belongs to
/// element i of group g), 4 runs of 32 bytes with two groups of low bits each.
static void widen_k(float *y, const uint8_t *block, const uint8_t *fifth_bits, const uint8_t *runs) {
    const float scale = scale_at(block), minimum = scale_at(block + 2);
    for (int group = 0; group < 8; group++) {
        uint8_t s, m;
        gq_q4_k_scale(block + 4, group, &s, &m);
        const float step = scale * (float)s, offset = minimum * (float)m;
        const uint8_t *run = runs + group / 2 * 32;
        for (int i = 0; i < 32; i++) {
            const int fifth = fifth_bits ? (fifth_bits[i] >> group & 1) << 4 : 0;
            const int q = (group % 2 ? run[i] >> 4 : run[i] & 15) | fifth;
            y[group * 32 + i] = step * (float)q - offset;
        }
    }
}

static void widen_q4_k(float *y, const uint8_t *block) { widen_k(y, block, NULL, block + 16); }

static void widen_q5_k(float *y, const uint8_t *block) { widen_k(y, block, block + 16, block + 48); }

/// 128 bytes of low nibbles, 64 bytes of upper pairs of bits, 16 signed scales, f16 scale; two halves of 128 elements,
/// 32 stands for zero.
static void widen_q6_k(float *y, const uint8_t *block) {
    const float scale = scale_at(block + 208);
    for (int i = 0; i < 256; i++) {
        const int half = i / 128, quarter = i % 128 / 32, at = i % 32;
        const int low = block[half * 64 + quarter % 2 * 32 + at] >> (quarter / 2 * 4) & 15;
        const int high = block[128 + half * 32 + at] >> (quarter * 2) & 3;
        const float step = scale * (float)(int8_t)block[192 + i / 16];
        y[i] = step * (float)((low | high << 4) - 32);
    }
}

void gq_widen_blocks(float *y, const void *source, int32_t format, size_t count) {
    const size_t elements = gq_block_elements(format), bytes = gq_block_bytes(format);
    const uint8_t *block = source;
    for (size_t i = 0; i < count; i += elements, block += bytes) {
        switch (format) {
            case GQ_Q8_0: widen_q8_0(y + i, block); break;
            case GQ_Q4_0: widen_q4_0(y + i, block); break;
            case GQ_Q4_K: widen_q4_k(y + i, block); break;
            case GQ_Q6_K: widen_q6_k(y + i, block); break;
            case GQ_Q4_1: widen_q4_1(y + i, block); break;
            case GQ_Q5_0: widen_q5_0(y + i, block); break;
            case GQ_Q5_1: widen_q5_1(y + i, block); break;
            case GQ_Q5_K: widen_q5_k(y + i, block); break;
            default: break;
        }
    }
}
