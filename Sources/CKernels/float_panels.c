#include "float_panels.h"

#include <string.h>

#include "float_formats.h"
#include "kernel_table.h"

// Every format is packed as 16 rows of 32-bit words that become columns of a panel: one float, or two numbers of 16 bits.

typedef uint32_t w4 __attribute__((vector_size(16), aligned(4)));
typedef uint16_t h8 __attribute__((vector_size(16), aligned(2)));

// Words taken at a time: 16 rows of them lie in the first-level cache. A multiple of the largest block of a file.
#define PIECE_WORDS 256

size_t gq_float_panel_bytes(int32_t format, size_t inputs) {
    switch (format) {
        case GQ_FLOAT32: return inputs * GQ_LANES * sizeof(float);
        case GQ_BFLOAT16: return (inputs + 1) / 2 * GQ_LANES * sizeof(uint32_t);
        default: return inputs * GQ_LANES * sizeof(uint16_t);
    }
}

/// Four rows of four words become four columns.
static inline void transpose_four(w4 out[4], const uint32_t *a, const uint32_t *b, const uint32_t *c,
                                  const uint32_t *d) {
    const w4 ra = *(const w4 *)a, rb = *(const w4 *)b, rc = *(const w4 *)c, rd = *(const w4 *)d;
    const w4 ab = __builtin_shufflevector(ra, rb, 0, 4, 1, 5), cd = __builtin_shufflevector(rc, rd, 0, 4, 1, 5);
    const w4 ef = __builtin_shufflevector(ra, rb, 2, 6, 3, 7), gh = __builtin_shufflevector(rc, rd, 2, 6, 3, 7);
    out[0] = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    out[1] = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    out[2] = __builtin_shufflevector(ef, gh, 0, 1, 4, 5);
    out[3] = __builtin_shufflevector(ef, gh, 2, 3, 6, 7);
}

/// Where 16 rows go to: which lanes of the panel they fill, and the words that the other lanes get.
typedef struct {
    const uint32_t *rows[GQ_LANES];
    w4 filled[4];
    int is_whole;
} lane_rows;

static inline void store_words(uint32_t *target, w4 words, w4 filled, int is_whole) {
    *(w4 *)target = is_whole ? words : (*(w4 *)target & ~filled) | (words & filled);
}

/// Columns of `count` words into a panel of words.
static void pack_words(uint32_t *panel, const lane_rows *from, size_t count, int swap_halves) {
    for (size_t i = 0; i < count; i += 4) {
        for (size_t group = 0; group < 4; group++) {
            const uint32_t *const *rows = from->rows + 4 * group;
            w4 columns[4];
            transpose_four(columns, rows[0] + i, rows[1] + i, rows[2] + i, rows[3] + i);
            for (size_t k = 0; k < 4 && i + k < count; k++) {
                w4 words = columns[k];
                if (swap_halves) words = words << 16 | words >> 16;
                store_words(panel + (i + k) * GQ_LANES + 4 * group, words, from->filled[group], from->is_whole);
            }
        }
    }
}

/// Columns of `count` pairs of 16-bit numbers into a panel of such numbers; `numbers` of them.
static void pack_halves(uint16_t *panel, const lane_rows *from, size_t numbers) {
    for (size_t i = 0; 2 * i < numbers; i += 4) {
        for (size_t group = 0; group < 4; group++) {
            const uint32_t *const *rows = from->rows + 4 * group;
            w4 columns[4];
            transpose_four(columns, rows[0] + i, rows[1] + i, rows[2] + i, rows[3] + i);
            typedef uint16_t h4 __attribute__((vector_size(8), aligned(2)));
            const h4 filled = __builtin_convertvector(from->filled[group], h4);
            for (size_t k = 0; k < 8 && 2 * i + k < numbers; k++) {
                const w4 pairs = columns[k / 2];
                const h4 words = __builtin_convertvector(k % 2 ? pairs >> 16 : pairs & 0xffff, h4);
                h4 *target = (h4 *)(panel + (2 * i + k) * GQ_LANES + 4 * group);
                *target = from->is_whole ? words : (*target & ~filled) | (words & filled);
            }
        }
    }
}

/// Numbers of `row` from `first` on as words, `bytes` of them; in `copy` if the row lies askew or ends there.
static const uint32_t *words_of(const uint8_t *row, size_t bytes, size_t padded, uint32_t *copy) {
    if (bytes == padded && (uintptr_t)row % 4 == 0) return (const uint32_t *)(const void *)row;
    memset((uint8_t *)copy + bytes, 0, padded - bytes);
    memcpy(copy, row, bytes);
    return copy;
}

/// Packs source rows into the lanes of one panel: row[lane], null where a lane keeps what it holds.
static void pack_lanes(uint8_t *panel, int32_t format, const uint8_t *const *row, int32_t source_format, size_t inputs) {
    static const uint32_t nothing[PIECE_WORDS];
    const size_t per_word = format == GQ_FLOAT32 ? 1 : 2, piece = PIECE_WORDS * per_word;
    uint32_t copies[GQ_LANES][PIECE_WORDS];
    lane_rows from = {.is_whole = 1};
    for (size_t lane = 0; lane < GQ_LANES; lane++) {
        from.filled[lane / 4][lane % 4] = row[lane] ? 0xffffffffu : 0;
        from.is_whole &= row[lane] != NULL;
    }
    for (size_t first = 0; first < inputs; first += piece) {
        const size_t count = inputs - first < piece ? inputs - first : piece;
        const size_t words = (count + per_word - 1) / per_word, padded = (words + 3) / 4 * sizeof(w4);
        for (size_t lane = 0; lane < GQ_LANES; lane++) {
            if (!row[lane]) {
                from.rows[lane] = nothing;
            } else if (source_format == format) {
                const size_t size = gq_block_bytes(format);
                from.rows[lane] = words_of(row[lane] + first * size, count * size, padded, copies[lane]);
            } else {
                gq_widen((float *)copies[lane],
                         row[lane] + first / gq_block_elements(source_format) * gq_block_bytes(source_format),
                         source_format, count);
                from.rows[lane] = copies[lane];
            }
        }
        if (format == GQ_FLOAT16) {
            pack_halves((uint16_t *)panel + first * GQ_LANES, &from, count);
        } else {
            pack_words((uint32_t *)panel + first / per_word * GQ_LANES, &from, words, format == GQ_BFLOAT16);
        }
    }
}

void gq_pack_float_rows(void *panels, int32_t format, const int32_t *outputs, const void *source, int32_t source_format,
                        size_t rows, size_t inputs) {
    const size_t row_bytes = inputs / gq_block_elements(source_format) * gq_block_bytes(source_format);
    const size_t panel_bytes = gq_float_panel_bytes(format, inputs);
    for (size_t group = 0; group < rows; group += GQ_LANES) {
        // The rows of a group are packed together as far as they share a panel.
        const size_t end = rows - group < GQ_LANES ? rows : group + GQ_LANES;
        uint32_t packed = 0;
        for (size_t i = group; i < end; i++) {
            if (packed >> (i - group) & 1) continue;
            const int32_t panel = outputs[i] / GQ_LANES;
            const uint8_t *lanes[GQ_LANES] = {NULL};
            for (size_t j = i; j < end; j++) {
                if (outputs[j] / GQ_LANES != panel) continue;
                lanes[outputs[j] % GQ_LANES] = (const uint8_t *)source + j * row_bytes;
                packed |= 1u << (j - group);
            }
            pack_lanes((uint8_t *)panels + (size_t)panel * panel_bytes, format, lanes, source_format, inputs);
        }
    }
}

void gq_read_float_row(float *y, const void *panel, int32_t format, size_t inputs, size_t lane) {
    const uint16_t *halves = panel;
    switch (format) {
        case GQ_BFLOAT16:
            for (size_t i = 0; i < inputs; i++) {
                y[i] = gq_from_bits((uint32_t)halves[(i / 2 * GQ_LANES + lane) * 2 + (i % 2 == 0)] << 16);
            }
            break;
        case GQ_FLOAT16:
            for (size_t i = 0; i < inputs; i++) y[i] = gq_from_float16(halves[i * GQ_LANES + lane]);
            break;
        default:
            for (size_t i = 0; i < inputs; i++) y[i] = ((const float *)panel)[i * GQ_LANES + lane];
    }
}
