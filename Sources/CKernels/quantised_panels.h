#ifndef CKERNELS_QUANTISED_PANELS_H
#define CKERNELS_QUANTISED_PANELS_H

#include "kernel_table.h"

// Panels of quantised weights, and the input rows that products with them read.
//
// A panel is a sequence of records, in the order of the inputs. A tile holds the integers of 16 outputs and 32 inputs in
// bytes [4 inputs' group][output][4 inputs], so that one 512-bit instruction multiplies the four inputs of a group with
// the weights of 16 outputs. Weights are stored unsigned, with an offset; what that adds to the sums is known from the
// inputs alone.
//
//   Q8_0  32 inputs    8 vectors of bytes, offset 128 | 16 f16 scales
//   Q4_0  32 inputs    4 vectors of nibbles, offset 8 | 16 f16 scales
//   Q4_K  256 inputs   16 f16 scales | 16 f16 minima | per 32 inputs 16 byte scales | the same for minima
//                      | per 32 inputs 4 vectors of nibbles
//   Q6_K  256 inputs   16 f16 scales | per 16 inputs 16 byte scales
//                      | per 32 inputs 4 vectors of nibbles, 2 vectors of upper pairs of bits, offset 32
//
//   Q5_K  32 inputs    4 vectors of nibbles | 1 vector of fifth bits | 16 float scales | 16 floats to add to each weight
//
// Vector g of nibbles holds group g in the low and group g + 4 in the high halves. Pair f (bits 2f and 2f + 1) of vector
// h of pairs holds the upper bits of group 4h + f. Bit g of the fifth bits belongs to group g.
//
// Q5_0 is held as Q8_0, and Q4_1 and Q5_1 as Q5_K: the same weights exactly.

#define GQ_VECTOR_BYTES 64
#define GQ_HALVES_BYTES (GQ_LANES * 2)
#define GQ_Q8_0_RECORD (8 * GQ_VECTOR_BYTES + GQ_HALVES_BYTES)
#define GQ_Q4_0_RECORD (4 * GQ_VECTOR_BYTES + GQ_HALVES_BYTES)
#define GQ_Q4_K_TILE (4 * GQ_VECTOR_BYTES)
#define GQ_Q4_K_SCALES (2 * GQ_HALVES_BYTES)
#define GQ_Q4_K_MINIMA (GQ_Q4_K_SCALES + 8 * GQ_LANES)
#define GQ_Q4_K_TILES (GQ_Q4_K_MINIMA + 8 * GQ_LANES)
#define GQ_Q4_K_RECORD (GQ_Q4_K_TILES + 8 * GQ_Q4_K_TILE)
#define GQ_Q5_K_STEPS (5 * GQ_VECTOR_BYTES)
#define GQ_Q5_K_ADDENDS (GQ_Q5_K_STEPS + GQ_VECTOR_BYTES)
#define GQ_Q5_K_RECORD (GQ_Q5_K_ADDENDS + GQ_VECTOR_BYTES)
#define GQ_Q6_K_TILE (6 * GQ_VECTOR_BYTES)
#define GQ_Q6_K_SCALES GQ_HALVES_BYTES
#define GQ_Q6_K_TILES (GQ_Q6_K_SCALES + 16 * GQ_LANES)
#define GQ_Q6_K_RECORD (GQ_Q6_K_TILES + 8 * GQ_Q6_K_TILE)

/// 32 inputs of a row, rounded to multiples of a common scale.
typedef struct {
    int8_t values[32];
    /// Largest magnitude / 127; 0 where that is below 2^-100, NaN where an input is not finite, with zero values then.
    float scale;
    /// -8 times the sum of the values.
    int32_t offset;
    /// -32 times the sum of the first 16 values.
    int32_t first_offset;
    /// Scale times the sum of the values.
    float weighted_sum;
} gq_int8_block;

/// Bytes of one record of quantised panels.
size_t gq_record_bytes(int32_t format);

/// Inputs of one record.
size_t gq_record_inputs(int32_t format);

/// gq_pack_rows for quantised panels.
void gq_pack_quantised_rows(uint8_t *panels, int32_t format, const int32_t *outputs, const uint8_t *source,
                            int32_t source_format, size_t rows, size_t inputs);

/// gq_read_row for a quantised format.
void gq_read_quantised_row(float *y, const gq_matrix *w, size_t row);

#endif
