#include "kernel_table.h"

#include <string.h>

#include "float_formats.h"
#include "float_panels.h"
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
    return gq_float_panel_bytes(format, inputs);
}

static size_t input_bytes(int32_t input, size_t inputs) {
    switch (input) {
        case GQ_INPUT_BFLOAT16: return inputs * sizeof(uint16_t);
        case GQ_INPUT_INT8: return inputs / 32 * sizeof(gq_int8_block);
        default: return inputs * sizeof(float);
    }
}

size_t gq_prepared_bytes(int32_t input, size_t inputs) { return (input_bytes(input, inputs) + 63) / 64 * 64; }

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
    uint16_t h;
    if (format == GQ_BFLOAT16) {
        for (size_t i = 0; i < count; i++) {
            memcpy(&h, bytes + 2 * i, sizeof h);
            y[i] = gq_from_bits((uint32_t)h << 16);
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            memcpy(&h, bytes + 2 * i, sizeof h);
            y[i] = gq_from_float16(h);
        }
    }
}

void gq_pack_rows(void *panels, int32_t format, const int32_t *outputs, const void *source, int32_t source_format,
                  size_t rows, size_t inputs) {
    if (gq_block_elements(format) > 1) {
        gq_pack_quantised_rows(panels, format, outputs, source, source_format, rows, inputs);
    } else {
        gq_pack_float_rows(panels, format, outputs, source, source_format, rows, inputs);
    }
}

void gq_read_row(float *y, const gq_matrix *w, size_t row) {
    if (gq_block_elements(w->format) > 1) {
        gq_read_quantised_row(y, w, row);
        return;
    }
    const uint8_t *panel = (const uint8_t *)w->panels + row / GQ_LANES * gq_panel_bytes(w->format, w->inputs);
    gq_read_float_row(y, panel, w->format, w->inputs, row % GQ_LANES);
}
