#include "quantised_panels.h"
#include "variants.h"

#include <math.h>
#include <string.h>

#if defined(__aarch64__)

#pragma STDC FP_CONTRACT OFF

#define VARIANT gq_kernels_neon
#define VARIANT_SET GQ_NEON
#define GQ_HAS_FMA 1
#define GQ_HAS_HALF 1
#define GQ_HAS_BFLOAT16 0
// 32 registers, four to a vector: up to 6 accumulators, the weights of one panel, one broadcast input.
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
#define GQ_HAS_BYTE_PRODUCTS 0
#define INT8_TILE_ROWS 2
#define INT8_WIDEST_TILE(R) ((void)(R), 1)
#define INT8_TILES(X) X(1, 1) X(2, 1)

#include "variants/variant.inc"

#endif
