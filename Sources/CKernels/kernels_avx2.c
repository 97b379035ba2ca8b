#include "quantised_panels.h"
#include "variants.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define VARIANT gq_kernels_avx2
#define VARIANT_SET GQ_AVX2
#define GQ_HAS_FMA 1
#define GQ_HAS_HALF 1
#define GQ_HAS_BFLOAT16 0
// 16 registers, two to a vector: up to 6 accumulators, the weights of one panel, one broadcast input.
#define TILE_ROWS 6
#define WIDEST_TILE(R) ((R) == 1 ? 4 : (R) <= 3 ? 2 : 1)
#define TILES(X)                                \
    X(1, 1) X(1, 2) X(1, 4)                     \
    X(2, 1) X(2, 2)                             \
    X(3, 1) X(3, 2)                             \
    X(4, 1) X(5, 1) X(6, 1)
#define PRODUCT_ROWS 6
#define PRODUCT_PANELS 4
#define WIDEST_PRODUCT(R) WIDEST_TILE(R)
#define PRODUCT_TILES(X) TILES(X)

#define GQ_HAS_VNNI 0
#define GQ_HAS_BYTE_PRODUCTS 256
#define INT8_TILE_ROWS 2
#define INT8_WIDEST_TILE(R) ((R) == 1 ? 2 : 1)
#define INT8_TILES(X) X(1, 1) X(1, 2) X(2, 1)

#include "variants/variant.inc"

#pragma clang attribute pop

#endif
