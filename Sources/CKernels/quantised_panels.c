#include "quantised_panels.h"

#include <string.h>

#include "float_formats.h"
#include "quantised_blocks.h"

#pragma STDC FP_CONTRACT OFF

#define LOW_NIBBLES 0x0f0f0f0fu
#define LOW_PAIRS 0x03030303u

static uint32_t word(const uint8_t *p) {
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/// Puts four inputs of one output into a vector.
static void put_word(uint8_t *vector, size_t lane, uint32_t x) { memcpy(vector + 4 * lane, &x, sizeof x); }

static void put_half(uint8_t *halves, size_t lane, const uint8_t *source) { memcpy(halves + 2 * lane, source, 2); }

size_t gq_record_bytes(int32_t format) {
    switch (format) {
        case GQ_Q8_0: return GQ_Q8_0_RECORD;
        case GQ_Q4_0: return GQ_Q4_0_RECORD;
        case GQ_Q4_K: return GQ_Q4_K_RECORD;
        default: return GQ_Q6_K_RECORD;
    }
}

static void pack_q8_0(uint8_t *record, size_t lane, const uint8_t *block) {
    for (size_t g = 0; g < 8; g++) {
        put_word(record + g * GQ_VECTOR_BYTES, lane, word(block + 2 + 4 * g) ^ 0x80808080u);
    }
    put_half(record + 8 * GQ_VECTOR_BYTES, lane, block);
}

static void pack_q4_0(uint8_t *record, size_t lane, const uint8_t *block) {
    for (size_t g = 0; g < 4; g++) put_word(record + g * GQ_VECTOR_BYTES, lane, word(block + 2 + 4 * g));
    put_half(record + 4 * GQ_VECTOR_BYTES, lane, block);
}

static void pack_q4_k(uint8_t *record, size_t lane, const uint8_t *block) {
    put_half(record, lane, block);
    put_half(record + GQ_HALVES_BYTES, lane, block + 2);
    for (size_t s = 0; s < 8; s++) {
        gq_q4_k_scale(block + 4, (int)s, record + GQ_Q4_K_SCALES + s * GQ_LANES + lane,
                      record + GQ_Q4_K_MINIMA + s * GQ_LANES + lane);
    }
    for (size_t pair = 0; pair < 4; pair++) {
        uint8_t *tile = record + GQ_Q4_K_TILES + 2 * pair * GQ_Q4_K_TILE;
        const uint8_t *run = block + 16 + 32 * pair;
        for (size_t g = 0; g < 4; g++) {
            const uint32_t front = word(run + 4 * g), back = word(run + 16 + 4 * g);
            put_word(tile + g * GQ_VECTOR_BYTES, lane, (front & LOW_NIBBLES) | (back & LOW_NIBBLES) << 4);
            put_word(tile + GQ_Q4_K_TILE + g * GQ_VECTOR_BYTES, lane,
                     (front >> 4 & LOW_NIBBLES) | (back & ~LOW_NIBBLES));
        }
    }
}

static void pack_q6_k(uint8_t *record, size_t lane, const uint8_t *block) {
    put_half(record, lane, block + 208);
    for (size_t s = 0; s < 16; s++) record[GQ_Q6_K_SCALES + s * GQ_LANES + lane] = block[192 + s];
    for (size_t s = 0; s < 8; s++) {
        uint8_t *tile = record + GQ_Q6_K_TILES + s * GQ_Q6_K_TILE;
        const size_t quarter = s % 4;
        const uint8_t *low = block + s / 4 * 64 + quarter % 2 * 32, *high = block + 128 + s / 4 * 32;
        const size_t low_shift = quarter / 2 * 4, high_shift = quarter * 2;
        for (size_t g = 0; g < 4; g++) {
            const uint32_t front = word(low + 4 * g) >> low_shift & LOW_NIBBLES;
            const uint32_t back = word(low + 16 + 4 * g) >> low_shift & LOW_NIBBLES;
            put_word(tile + g * GQ_VECTOR_BYTES, lane, front | back << 4);
        }
        for (size_t h = 0; h < 2; h++) {
            uint32_t pairs = 0;
            for (size_t f = 0; f < 4; f++) {
                pairs |= (word(high + 16 * h + 4 * f) >> high_shift & LOW_PAIRS) << 2 * f;
            }
            put_word(tile + (4 + h) * GQ_VECTOR_BYTES, lane, pairs);
        }
    }
}

/// Tells the compiler the format, so that the loop over rows holds no decision.
static inline __attribute__((always_inline)) void pack_group(
    const int32_t format, void (*pack)(uint8_t *, size_t, const uint8_t *), uint8_t *panels, const int32_t *outputs,
    const uint8_t *source, size_t rows, size_t inputs) {
    const size_t blocks = inputs / gq_block_elements(format), block_bytes = gq_block_bytes(format);
    const size_t record_bytes = gq_record_bytes(format);
    for (size_t b = 0; b < blocks; b++) {
        for (size_t i = 0; i < rows; i++) {
            const size_t output = (size_t)outputs[i];
            pack(panels + (output / GQ_LANES * blocks + b) * record_bytes, output % GQ_LANES,
                 source + (i * blocks + b) * block_bytes);
        }
    }
}

void gq_pack_quantised_rows(uint8_t *panels, int32_t format, const int32_t *outputs, const uint8_t *source, size_t rows,
                            size_t inputs) {
    // As many rows at a time as a panel has outputs: its records are filled one after the other.
    const size_t row_bytes = inputs / gq_block_elements(format) * gq_block_bytes(format);
    for (size_t first = 0; first < rows; first += GQ_LANES) {
        const size_t count = rows - first < GQ_LANES ? rows - first : GQ_LANES;
        const uint8_t *from = source + first * row_bytes;
        switch (format) {
            case GQ_Q8_0: pack_group(GQ_Q8_0, pack_q8_0, panels, outputs + first, from, count, inputs); break;
            case GQ_Q4_0: pack_group(GQ_Q4_0, pack_q4_0, panels, outputs + first, from, count, inputs); break;
            case GQ_Q4_K: pack_group(GQ_Q4_K, pack_q4_k, panels, outputs + first, from, count, inputs); break;
            default: pack_group(GQ_Q6_K, pack_q6_k, panels, outputs + first, from, count, inputs); break;
        }
    }
}

/// The float16 of an output.
static float half_at(const uint8_t *halves, size_t lane) {
    uint16_t h;
    memcpy(&h, halves + 2 * lane, sizeof h);
    return gq_from_float16(h);
}

/// The stored integer of input `i` of 32, of a tile with bytes or nibbles.
static int byte_at(const uint8_t *tile, size_t lane, size_t i) {
    return tile[i / 4 * GQ_VECTOR_BYTES + 4 * lane + i % 4];
}

static int nibble_at(const uint8_t *tile, size_t lane, size_t i) {
    return byte_at(tile, lane, i % 16) >> i / 16 * 4 & 15;
}

static void read_q8_0(float *y, const uint8_t *record, size_t lane) {
    const float scale = half_at(record + 8 * GQ_VECTOR_BYTES, lane);
    for (size_t i = 0; i < 32; i++) y[i] = scale * (float)(byte_at(record, lane, i) - 128);
}

static void read_q4_0(float *y, const uint8_t *record, size_t lane) {
    const float scale = half_at(record + 4 * GQ_VECTOR_BYTES, lane);
    for (size_t i = 0; i < 32; i++) y[i] = scale * (float)(nibble_at(record, lane, i) - 8);
}

static void read_q4_k(float *y, const uint8_t *record, size_t lane) {
    const float scale = half_at(record, lane), minimum = half_at(record + GQ_HALVES_BYTES, lane);
    for (size_t i = 0; i < 256; i++) {
        const size_t s = i / 32;
        const float step = scale * (float)record[GQ_Q4_K_SCALES + s * GQ_LANES + lane];
        const float offset = minimum * (float)record[GQ_Q4_K_MINIMA + s * GQ_LANES + lane];
        y[i] = step * (float)nibble_at(record + GQ_Q4_K_TILES + s * GQ_Q4_K_TILE, lane, i % 32) - offset;
    }
}

static void read_q6_k(float *y, const uint8_t *record, size_t lane) {
    const float scale = half_at(record, lane);
    for (size_t i = 0; i < 256; i++) {
        const uint8_t *tile = record + GQ_Q6_K_TILES + i / 32 * GQ_Q6_K_TILE;
        const float step = scale * (float)(int8_t)record[GQ_Q6_K_SCALES + i / 16 * GQ_LANES + lane];
        const int pairs = tile[(4 + i % 32 / 16) * GQ_VECTOR_BYTES + 4 * lane + i % 4];
        const int high = pairs >> (i % 16 / 4 * 2) & 3;
        y[i] = step * (float)((nibble_at(tile, lane, i % 32) | high << 4) - 32);
    }
}

void gq_read_quantised_row(float *y, const gq_matrix *w, size_t row) {
    const size_t lane = row % GQ_LANES, elements = gq_block_elements(w->format);
    const uint8_t *record = (const uint8_t *)w->panels + row / GQ_LANES * gq_panel_bytes(w->format, w->inputs);
    for (size_t from = 0; from < w->inputs; from += elements, record += gq_record_bytes(w->format)) {
        switch (w->format) {
            case GQ_Q8_0: read_q8_0(y + from, record, lane); break;
            case GQ_Q4_0: read_q4_0(y + from, record, lane); break;
            case GQ_Q4_K: read_q4_k(y + from, record, lane); break;
            default: read_q6_k(y + from, record, lane); break;
        }
    }
}
