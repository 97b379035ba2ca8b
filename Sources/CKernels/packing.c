#include "kernel_table.h"

#include <string.h>

#include "float_formats.h"
#include "quantised_blocks.h"
#include "quantised_panels.h"

size_t gq_block_elements(int32_t format) {
    switch (format) {
        case GQ_Q8_0:
        case GQ_Q4_0:
        case GQ_Q4_1:
        case GQ_Q5_0:
        case GQ_Q5_1: return 32;
        case GQ_Q4_K:
        case GQ_Q5_K:
        case GQ_Q6_K: return 256;
        default: return 1;
    }
}

size_t gq_block_bytes(int32_t format) {
    switch (format) {
        case GQ_FLOAT32: return 4;
        case GQ_Q8_0: return 34;
        case GQ_Q4_0: return 18;
        case GQ_Q4_K: return 144;
        case GQ_Q6_K: return 210;
        case GQ_Q4_1: return 20;
        case GQ_Q5_0: return 22;
        case GQ_Q5_1: return 24;
        case GQ_Q5_K: return 176;
        default: return 2;
    }
}

size_t gq_panel_bytes(int32_t format, size_t inputs) {
    if (gq_block_elements(format) > 1) return inputs / gq_record_inputs(format) * gq_record_bytes(format);
    return inputs * gq_block_bytes(format) * GQ_LANES;
}

size_t gq_prepared_bytes(int32_t input, size_t inputs) {
    const size_t bytes = input == GQ_INPUT_INT8 ? inputs / 32 * sizeof(gq_int8_block) : inputs * sizeof(float);
    return (bytes + 63) / 64 * 64;
}

void gq_widen(float *y, const void *source, int32_t format, size_t count) {
    if (format == GQ_FLOAT32) {
        memcpy(y, source, count * sizeof(float));
        return;
    }
    if (gq_block_elements(format) > 1) {
        gq_widen_blocks(y, source, format, count);
        return;
    }
    const uint8_t *bytes = source;
    for (size_t i = 0; i < count; i++) {
        uint16_t h;
        memcpy(&h, bytes + 2 * i, sizeof h);
        y[i] = format == GQ_BFLOAT16 ? gq_from_bits((uint32_t)h << 16) : gq_from_float16(h);
    }
}

// Inputs taken at a time, so that the panel's lines stay in the first-level cache while 16 rows fill them.
#define PACK_INPUTS 256

static void pack_piece(void *panel, int32_t format, size_t lane, size_t from, const uint8_t *row, int32_t source_format,
                       size_t count) {
    if (format == GQ_BFLOAT16) {
        uint16_t *target = (uint16_t *)panel + from * GQ_LANES + lane;
        for (size_t i = 0; i < count; i++) memcpy(target + i * GQ_LANES, row + 2 * (from + i), sizeof(uint16_t));
    } else {
        float *target = (float *)panel + from * GQ_LANES + lane;
        float wide[PACK_INPUTS];
        gq_widen(wide, row + from / gq_block_elements(source_format) * gq_block_bytes(source_format), source_format,
                 count);
        for (size_t i = 0; i < count; i++) target[i * GQ_LANES] = wide[i];
    }
}

void gq_pack_rows(void *panels, int32_t format, const int32_t *outputs, const void *source, int32_t source_format,
                  size_t rows, size_t inputs) {
    if (gq_block_elements(format) > 1) {
        gq_pack_quantised_rows(panels, format, outputs, source, source_format, rows, inputs);
        return;
    }
    const size_t row_bytes = inputs / gq_block_elements(source_format) * gq_block_bytes(source_format);
    const size_t panel_bytes = gq_panel_bytes(format, inputs);
    for (size_t group = 0; group < rows; group += GQ_LANES) {
        const size_t end = rows - group < GQ_LANES ? rows : group + GQ_LANES;
        for (size_t from = 0; from < inputs; from += PACK_INPUTS) {
            const size_t count = inputs - from < PACK_INPUTS ? inputs - from : PACK_INPUTS;
            for (size_t i = group; i < end; i++) {
                const size_t output = (size_t)outputs[i];
                pack_piece((uint8_t *)panels + output / GQ_LANES * panel_bytes, format, output % GQ_LANES, from,
                           (const uint8_t *)source + i * row_bytes, source_format, count);
            }
        }
    }
}

void gq_read_row(float *y, const gq_matrix *w, size_t row) {
    if (gq_block_elements(w->format) > 1) {
        gq_read_quantised_row(y, w, row);
        return;
    }
    const size_t first = row / GQ_LANES * w->inputs * GQ_LANES + row % GQ_LANES;
    if (w->format == GQ_BFLOAT16) {
        const uint16_t *panel = (const uint16_t *)w->panels + first;
        for (size_t i = 0; i < w->inputs; i++) y[i] = gq_from_bits((uint32_t)panel[i * GQ_LANES] << 16);
    } else {
        const float *panel = (const float *)w->panels + first;
        for (size_t i = 0; i < w->inputs; i++) y[i] = panel[i * GQ_LANES];
    }
}
