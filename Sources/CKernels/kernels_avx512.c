#include "quantised_panels.h"
#include "variants.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), apply_to = function)

#define VARIANT gq_kernels_avx512
#define VARIANT_SET GQ_AVX512
#define GQ_HAS_FMA 1
#define GQ_HAS_HALF 1
// 32 registers: up to 24 accumulators, the weights of the panels, one broadcast input.
#define TILE_ROWS 6
#define WIDEST_TILE(R) ((R) <= 3 ? 8 : 4)
#define TILES(X)                                \
    X(1, 1) X(1, 2) X(1, 4) X(1, 8)             \
    X(2, 1) X(2, 2) X(2, 4) X(2, 8)             \
    X(3, 1) X(3, 2) X(3, 4) X(3, 8)             \
    X(4, 1) X(4, 2) X(4, 4)                     \
    X(5, 1) X(5, 2) X(5, 4)                     \
    X(6, 1) X(6, 2) X(6, 4)

#define GQ_HAS_VNNI 0
#define GQ_HAS_BYTE_PRODUCTS 512

#include "variants/avx512_integers.inc"
#include "variants/variant.inc"

#pragma clang attribute pop

#endif
