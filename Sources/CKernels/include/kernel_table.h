#ifndef CKERNELS_KERNEL_TABLE_H
#define CKERNELS_KERNEL_TABLE_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Outputs of one panel of a packed matrix, and tokens of one KV block.
#define GQ_LANES 16

/// Element formats of files and of panels. Those from GQ_Q8_0 on are blocks of GGUF: 32 elements, or 256 for the K formats.
enum {
    GQ_FLOAT32 = 0,
    GQ_BFLOAT16 = 1,
    GQ_FLOAT16 = 2,
    GQ_Q8_0 = 3,
    GQ_Q4_0 = 4,
    GQ_Q4_K = 5,
    GQ_Q6_K = 6,
    GQ_Q4_1 = 7,
    GQ_Q5_0 = 8,
    GQ_Q5_1 = 9,
    GQ_Q5_K = 10,
};

/// What a product reads of its input rows.
enum {
    /// The rows as they are.
    GQ_INPUT_FLOAT32 = 0,
    /// Rows rounded to bfloat16.
    GQ_INPUT_BFLOAT16 = 1,
    /// Rows rounded to 8-bit integers in blocks of 32 with a scale each.
    GQ_INPUT_INT8 = 2,
};

/// Instruction sets in ascending order of preference.
enum {
    GQ_PORTABLE = 0,
    GQ_AVX2 = 1,
    GQ_AVX512 = 2,
    GQ_AVX512_VNNI = 3,
    GQ_AVX512_BF16 = 4,
    GQ_NEON = 5,
};

/// How a product meets what the output already holds.
enum {
    GQ_STORE = 0,
    GQ_ADD = 1,
};

/// A weight matrix [outputs, inputs] packed as panels of 16 outputs, gq_panel_bytes each, padded with zeros.
typedef struct {
    const void *panels;
    size_t outputs;
    size_t inputs;
    /// Element format of the panels.
    int32_t format;
    /// What products with it read of their input rows.
    int32_t input;
    /// [outputs], added to every row.
    const float *_Nullable bias;
} gq_matrix;

/// Where the rows of one layer live in the paged KV cache. Offsets and strides are in elements.
///
/// A block holds 16 tokens; per layer and KV head K is [headDim][16] and V is [16][headDimPadded].
typedef struct {
    void *base;
    /// GQ_FLOAT32 or GQ_FLOAT16.
    int32_t format;
    size_t block_stride;
    size_t key_offset;
    size_t value_offset;
    size_t key_head_stride;
    size_t value_head_stride;
    size_t value_token_stride;
} gq_cache_layer;

/// Per-head norm, rotary embedding and cache write of a projected [rows, (heads + 2 kvHeads) * headDim] matrix.
typedef struct {
    float *projected;
    size_t projected_stride;
    int32_t heads;
    int32_t kv_heads;
    int32_t head_dim;
    float epsilon;
    /// [headDim], shared by all heads; null without per-head norm.
    const float *_Nullable query_norm;
    const float *_Nullable key_norm;
    /// [position][rotary_stride], the first headDim / 2 used; padded to full vectors.
    const float *cosines;
    const float *sines;
    size_t rotary_stride;
    /// [rows] absolute positions and physical blocks.
    const int32_t *positions;
    const int32_t *blocks;
    gq_cache_layer cache;
} gq_rotation;

/// Causal attention of rows of any sequences over their cached contexts.
typedef struct {
    /// [rows][query_stride], heads * headDim used.
    const float *queries;
    size_t query_stride;
    /// [rows][output_stride], heads * headDim used.
    float *output;
    size_t output_stride;
    /// [rows] absolute positions.
    const int32_t *positions;
    /// [rows] index of the sequence.
    const int32_t *sequences;
    /// Block tables of all sequences, and where each one starts.
    const int32_t *block_tables;
    const int32_t *block_table_starts;
    /// Rows in the order of work: neighbours that share blocks read them together.
    const int32_t *order;
    int32_t heads;
    int32_t kv_heads;
    int32_t head_dim;
    float scale;
    gq_cache_layer cache;
    /// gq_attention_scratch_floats floats of this thread.
    float *scratch;
    /// [rows][heads][part_ranges][headDim padded + 16], for attention by parts.
    float *_Nullable parts;
    size_t part_ranges;
} gq_attention;

/// Query vectors handled together; bounds the scratch.
#define GQ_QUERY_TILE 6

/// Rows whose states are held at a time; bounds the scratch.
#define GQ_ATTENTION_ROWS 16

/// Positions of one range of the context, whose softmax is computed apart; part of the results' bits.
#define GQ_ATTENTION_RANGE 256

/// Softmax sums of one slice of a row of logits, relative to the slice's maximum m.
typedef struct {
    float maximum;
    /// 0 if any logit is NaN or infinite.
    int32_t is_finite;
    /// Sum of e^(x - m).
    double mass;
    /// Sum of e^(x - m) (x - m).
    double moment;
} gq_logit_slice;

/// Softmax statistics of one row of logits.
typedef struct {
    float maximum;
    /// 0 if any logit is NaN or infinite.
    int32_t is_finite;
    double log_sum_exp;
    double entropy;
} gq_statistics;

/// A token and its logit. Greater logits go first, then smaller tokens.
typedef struct {
    float logit;
    int32_t token;
} gq_ranked_token;

typedef struct {
    int32_t instruction_set;
    /// Converts rows of floats to what products with the input format `input` read; never called for float32.
    void (*prepare)(void *prepared, size_t prepared_bytes, const float *x, size_t x_stride, size_t rows, size_t inputs,
                    int32_t input);
    /// y[rows, outputs] (+)= x[rows, inputs] * W^T + bias, for panels [panel_begin, panel_end) only. x holds rows in the
    /// matrix's input format, `x_bytes` apart.
    void (*product)(float *y, size_t y_stride, const void *x, size_t x_bytes, size_t rows, const gq_matrix *w,
                    size_t panel_begin, size_t panel_end, int32_t mode);
    /// y[r] = x[r] / sqrt(mean(x[r]^2) + epsilon) * weight.
    void (*rms_norm)(float *y, size_t y_stride, const float *x, size_t x_stride, size_t rows, size_t width,
                     const float *weight, float epsilon);
    void (*rotate_and_store)(const gq_rotation *r, size_t row_begin, size_t row_end);
    /// Rows order[begin ..< end], query heads of KV heads [kv_begin, kv_end).
    void (*attend)(const gq_attention *a, size_t begin, size_t end, int32_t kv_begin, int32_t kv_end);
    /// The same in parts, for the same bits: one range of the context into `parts`, ...
    void (*attend_part)(const gq_attention *a, size_t begin, size_t end, int32_t kv_head, size_t range);
    /// ... and when all ranges are there, the result of all heads.
    void (*join_parts)(const gq_attention *a, size_t begin, size_t end);
    /// y[r][i] = silu(gate) * up for groups [begin, end) of 16; the gates of a group lie `group_stride` floats after those of
    /// the group before, the ups `up_offset` floats after their gates.
    void (*gated_activation)(float *y, size_t y_stride, const float *x, size_t x_stride, size_t group_stride,
                             size_t up_offset, size_t rows, size_t begin, size_t end);
    void (*sum_slice)(const float *logits, size_t count, gq_logit_slice *result);
    /// Ranks logits, whose tokens start with `first`, among the `capacity` best so far, best first; NaNs are left out.
    void (*rank)(gq_ranked_token *best, size_t capacity, const float *logits, size_t count, int32_t first);
    /// weights[i] = e^((logits[i] - best) * scale), and their sum.
    double (*weigh)(float *weights, const float *logits, size_t count, float best, float scale);
    /// Writes the indices of the weights of at least `floor`, ascending, and returns their number.
    size_t (*select)(int32_t *indices, const float *weights, size_t count, float floor);
    /// y[i] = e^x[i].
    void (*exponential)(float *y, const float *x, size_t count);
} gq_kernels;

/// The table of an instruction set, or null where this machine or build lacks it.
const gq_kernels *_Nullable gq_kernels_for(int32_t instruction_set);

/// Floats of scratch that `attend` needs.
size_t gq_attention_scratch_floats(int32_t heads, int32_t kv_heads, int32_t head_dim);

/// Statistics of a row from its slices, merged in ascending order.
void gq_merge_slices(const gq_logit_slice *slices, size_t count, gq_statistics *result);

/// The `capacity` best of two such lists, in `best`.
void gq_merge_ranks(gq_ranked_token *best, const gq_ranked_token *other, size_t capacity);

/// Elements of one block of a file in this format; 1 for floats.
size_t gq_block_elements(int32_t format);

/// Bytes of one block of a file in this format.
size_t gq_block_bytes(int32_t format);

/// Bytes of one panel with that many inputs; inputs are a multiple of the block's elements.
size_t gq_panel_bytes(int32_t format, size_t inputs);

/// Bytes of one row of prepared inputs, a multiple of 64.
size_t gq_prepared_bytes(int32_t input, size_t inputs);

/// Writes `rows` rows of a row-major matrix into panels: file row i becomes output outputs[i]. The source may be unaligned.
/// Panels of float32 take every format, those of Q8_0 also Q5_0, those of Q5_K also Q4_1 and Q5_1, others their own only.
void gq_pack_rows(void *panels, int32_t format, const int32_t *outputs, const void *source, int32_t source_format,
                  size_t rows, size_t inputs);

/// Widens `count` elements, whole blocks, to float32. The source may be unaligned.
void gq_widen(float *y, const void *source, int32_t source_format, size_t count);

/// Reads row `row` of a packed matrix, [inputs] floats.
void gq_read_row(float *y, const gq_matrix *w, size_t row);

#pragma clang assume_nonnull end

#endif
