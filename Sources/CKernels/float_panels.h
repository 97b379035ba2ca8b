#ifndef CKERNELS_FLOAT_PANELS_H
#define CKERNELS_FLOAT_PANELS_H

#include <stddef.h>
#include <stdint.h>

/// Bytes of one panel of 16 outputs:
///   float32   [inputs][16]
///   float16   [inputs][16]
///   bfloat16  [inputs / 2][16][2], an odd input count padded with zeros; of two inputs the first is the upper half of
///             the pair (the higher address), see variants/lanes.inc
size_t gq_float_panel_bytes(int32_t format, size_t inputs);

/// See gq_pack_rows.
void gq_pack_float_rows(void *panels, int32_t format, const int32_t *outputs, const void *source, int32_t source_format,
                        size_t rows, size_t inputs);

/// Reads one output's row of a panel.
void gq_read_float_row(float *y, const void *panel, int32_t format, size_t inputs, size_t lane);

#endif
