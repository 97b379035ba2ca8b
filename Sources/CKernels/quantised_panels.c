#include "quantised_panels.h"

#include <string.h>

#include "float_formats.h"
#include "quantised_blocks.h"

#pragma STDC FP_CONTRACT OFF

#define LOW_NIBBLES 0x0f0f0f0fu
#define LOW_PAIRS 0x03030303u
#define LOW_BITS 0x01010101u

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
        case GQ_Q5_K: return GQ_Q5_K_RECORD;
        default: return GQ_Q6_K_RECORD;
    }
}

size_t gq_record_inputs(int32_t format) { return format == GQ_Q4_K || format == GQ_Q6_K ? 256 : 32; }

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

static void pack_q5_0(uint8_t *record, size_t lane, const uint8_t *block) {
    uint8_t integers[32];
    gq_five_bits(integers, block + 6, block + 2);
    // 16 stands for zero here, 128 there.
    for (size_t i = 0; i < 32; i++) record[i / 4 * GQ_VECTOR_BYTES + 4 * lane + i % 4] = integers[i] + 112;
    put_half(record + 8 * GQ_VECTOR_BYTES, lane, block);
}

/// One record of Q5_K: 32 integers of five bits, of which the weights are step * integer + addend.
static void put_five_bits(uint8_t *record, size_t lane, const uint8_t *integers, float step, float addend) {
    uint32_t fifth = 0;
    for (size_t g = 0; g < 4; g++) {
        const uint32_t front = word(integers + 4 * g), back = word(integers + 16 + 4 * g);
        put_word(record + g * GQ_VECTOR_BYTES, lane, (front & LOW_NIBBLES) | (back & LOW_NIBBLES) << 4);
        fifth |= (front >> 4 & LOW_BITS) << g | (back >> 4 & LOW_BITS) << (g + 4);
    }
    put_word(record + 4 * GQ_VECTOR_BYTES, lane, fifth);
    memcpy(record + GQ_Q5_K_STEPS + 4 * lane, &step, sizeof step);
    memcpy(record + GQ_Q5_K_ADDENDS + 4 * lane, &addend, sizeof addend);
}

static float half_of(const uint8_t *p) {
    uint16_t h;
    memcpy(&h, p, sizeof h);
    return gq_from_float16(h);
}

static void pack_q4_1(uint8_t *record, size_t lane, const uint8_t *block) {
    static const uint8_t none[4] = {0};
    uint8_t integers[32];
    gq_five_bits(integers, block + 4, none);
    put_five_bits(record, lane, integers, half_of(block), half_of(block + 2));
}

static void pack_q5_1(uint8_t *record, size_t lane, const uint8_t *block) {
    uint8_t integers[32];
    gq_five_bits(integers, block + 8, block + 4);
    put_five_bits(record, lane, integers, half_of(block), half_of(block + 2));
}

static void pack_q5_k(uint8_t *record, size_t lane, const uint8_t *block) {
    const float scale = half_of(block), minimum = half_of(block + 2);
    for (int group = 0; group < 8; group++) {
        uint8_t integers[32], s, m;
        const uint8_t *run = block + 48 + group / 2 * 32;
        for (int i = 0; i < 32; i++) {
            const int nibble = group % 2 ? run[i] >> 4 : run[i] & 15;
            integers[i] = (uint8_t)(nibble | (block[16 + i] >> group & 1) << 4);
        }
        gq_q4_k_scale(block + 4, group, &s, &m);
        put_five_bits(record + group * GQ_Q5_K_RECORD, lane, integers, scale * (float)s, -(minimum * (float)m));
    }
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

typedef void block_packer(uint8_t *record, size_t lane, const uint8_t *block);

static block_packer *packer_for(int32_t source_format) {
    switch (source_format) {
        case GQ_Q8_0: return pack_q8_0;
        case GQ_Q4_0: return pack_q4_0;
        case GQ_Q4_K: return pack_q4_k;
        case GQ_Q6_K: return pack_q6_k;
        case GQ_Q4_1: return pack_q4_1;
        case GQ_Q5_0: return pack_q5_0;
        case GQ_Q5_1: return pack_q5_1;
        default: return pack_q5_k;
    }
}

void gq_pack_quantised_rows(uint8_t *panels, int32_t format, const int32_t *outputs, const uint8_t *source,
                            int32_t source_format, size_t rows, size_t inputs) {
    block_packer *const pack = packer_for(source_format);
    const size_t blocks = inputs / gq_block_elements(source_format), block_bytes = gq_block_bytes(source_format);
    // What a block of the file takes in a panel, in which all outputs share the records.
    const size_t bytes = gq_panel_bytes(format, gq_block_elements(source_format));
    // As many rows at a time as a panel has outputs: its records are filled one after the other.
    for (size_t first = 0; first < rows; first += GQ_LANES) {
        const size_t end = rows - first < GQ_LANES ? rows : first + GQ_LANES;
        for (size_t b = 0; b < blocks; b++) {
            for (size_t i = first; i < end; i++) {
                const size_t output = (size_t)outputs[i];
                pack(panels + (output / GQ_LANES * blocks + b) * bytes, output % GQ_LANES,
                     source + (i * blocks + b) * block_bytes);
            }
        }
    }
}

/// The float16 of an output.
static float half_at(const uint8_t *halves, size_t lane) { return half_of(halves + 2 * lane); }

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

static void read_q5_k(float *y, const uint8_t *record, size_t lane) {
    float step, addend;
    memcpy(&step, record + GQ_Q5_K_STEPS + 4 * lane, sizeof step);
    memcpy(&addend, record + GQ_Q5_K_ADDENDS + 4 * lane, sizeof addend);
    for (size_t i = 0; i < 32; i++) {
        const int fifth = record[4 * GQ_VECTOR_BYTES + 4 * lane + i % 4] >> i / 4 & 1;
        y[i] = step * (float)(nibble_at(record, lane, i) | fifth << 4) + addend;
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
    const size_t lane = row % GQ_LANES, elements = gq_record_inputs(w->format);
    const uint8_t *record = (const uint8_t *)w->panels + row / GQ_LANES * gq_panel_bytes(w->format, w->inputs);
    for (size_t from = 0; from < w->inputs; from += elements, record += gq_record_bytes(w->format)) {
        switch (w->format) {
            case GQ_Q8_0: read_q8_0(y + from, record, lane); break;
            case GQ_Q4_0: read_q4_0(y + from, record, lane); break;
            case GQ_Q4_K: read_q4_k(y + from, record, lane); break;
            case GQ_Q5_K: read_q5_k(y + from, record, lane); break;
            default: read_q6_k(y + from, record, lane); break;
        }
    }
}
