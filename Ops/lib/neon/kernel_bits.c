// Prints a digest of what the kernels compute, one line per kernel and shape: equal on every machine. Exit code 1 if
// two instruction sets of this machine differ.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

enum { SETS = 16, ROWS = 13 };

static uint64_t state = 1;

/// Uniform in [-1, 1).
static float number(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(state >> 32) * 0x1p-31f;
}

static float *numbers(size_t count) {
    float *x = malloc(count * sizeof *x);
    for (size_t i = 0; i < count; i++) x[i] = number();
    return x;
}

static int failed = 0;

/// FNV-1a of the bits.
static uint64_t digest(const float *y, size_t count) {
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < count * sizeof *y; i++) hash = (hash ^ ((const uint8_t *)y)[i]) * 1099511628211u;
    return hash;
}

static void report(const char *name, size_t a, size_t b, const uint64_t *digests) {
    int differ = 0;
    for (int set = 0; set < SETS; set++) differ |= gq_kernels_for(set) && digests[set] != digests[GQ_PORTABLE];
    printf("%s %zu %zu %016llx\n", name, a, b, (unsigned long long)digests[GQ_PORTABLE]);
    if (differ) fprintf(stderr, "%s %zu %zu: instruction sets differ\n", name, a, b);
    failed |= differ;
}

/// Elements of a file in this format.
static uint8_t *elements(int32_t format, const float *w, size_t count) {
    uint8_t *file = malloc(count * gq_block_bytes(format));
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, w + i, sizeof bits);
        const uint16_t upper = (uint16_t)(bits >> 16);
        // Half precision of exponents -14 and above; others become zero.
        const int exponent = (int)(bits >> 23 & 0xff) - 112;
        const uint16_t half = exponent > 0 ? (uint16_t)((bits >> 16 & 0x8000) | (uint32_t)exponent << 10 | (bits >> 13 & 0x3ff)) : 0;
        if (format == GQ_FLOAT32) memcpy(file + 4 * i, w + i, 4);
        if (format == GQ_BFLOAT16) memcpy(file + 2 * i, &upper, 2);
        if (format == GQ_FLOAT16) memcpy(file + 2 * i, &half, 2);
    }
    return file;
}

static void products(const char *name, int32_t format, int32_t input, size_t outputs, size_t inputs) {
    float *x = numbers(ROWS * inputs), *w = numbers(outputs * inputs), *y = malloc(ROWS * outputs * sizeof *y);
    uint8_t *file = elements(format, w, outputs * inputs);
    int32_t *order = malloc(outputs * sizeof *order);
    for (size_t i = 0; i < outputs; i++) order[i] = (int32_t)(outputs - 1 - i);
    const size_t panels = (outputs + GQ_LANES - 1) / GQ_LANES, row_bytes = gq_prepared_bytes(input, inputs);
    void *packed = calloc(panels, gq_panel_bytes(format, inputs)), *rows = malloc(ROWS * row_bytes);
    gq_pack_rows(packed, format, order, file, format, outputs, inputs);
    const gq_matrix matrix = {packed, outputs, inputs, format, input, NULL};
    uint64_t digests[SETS] = {0};
    for (int set = 0; set < SETS; set++) {
        const gq_kernels *kernels = gq_kernels_for(set);
        if (!kernels) continue;
        if (input != GQ_INPUT_FLOAT32) kernels->prepare(rows, row_bytes, x, inputs, ROWS, inputs, input);
        const void *read = input == GQ_INPUT_FLOAT32 ? (const void *)x : rows;
        const size_t bytes = input == GQ_INPUT_FLOAT32 ? inputs * sizeof(float) : row_bytes;
        kernels->product(y, outputs, read, bytes, ROWS, &matrix, 0, panels, GQ_STORE);
        digests[set] = digest(y, ROWS * outputs);
    }
    report(name, outputs, inputs, digests);
    free(x), free(w), free(y), free(file), free(order), free(packed), free(rows);
}

static void row_kernels(size_t width) {
    float *x = numbers(ROWS * 2 * width), *y = malloc(ROWS * 2 * width * sizeof *y);
    uint64_t norm[SETS] = {0}, activation[SETS] = {0}, exponential[SETS] = {0};
    for (int set = 0; set < SETS; set++) {
        const gq_kernels *kernels = gq_kernels_for(set);
        if (!kernels) continue;
        kernels->rms_norm(y, width, x, width, ROWS, width, x, 1e-6f);
        norm[set] = digest(y, ROWS * width);
        kernels->gated_activation(y, width, x, 2 * width, 2 * GQ_LANES, GQ_LANES, ROWS, 0, width / GQ_LANES);
        activation[set] = digest(y, width / GQ_LANES * GQ_LANES);
        kernels->exponential(y, x, ROWS * width);
        exponential[set] = digest(y, ROWS * width);
    }
    report("rms-norm", ROWS, width, norm);
    report("activation", ROWS, width, activation);
    report("exponential", ROWS, width, exponential);
    free(x), free(y);
}

int main(void) {
    const size_t shapes[][2] = {{1, 1}, {16, 64}, {33, 7}, {75, 143}, {128, 300}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const size_t outputs = shapes[i][0], inputs = shapes[i][1];
        products("float32", GQ_FLOAT32, GQ_INPUT_FLOAT32, outputs, inputs);
        products("float16", GQ_FLOAT16, GQ_INPUT_FLOAT32, outputs, inputs);
        products("bfloat16", GQ_BFLOAT16, GQ_INPUT_FLOAT32, outputs, inputs);
        products("bfloat16-fast", GQ_BFLOAT16, GQ_INPUT_BFLOAT16, outputs, inputs);
    }
    row_kernels(16);
    row_kernels(112);
    return failed;
}
