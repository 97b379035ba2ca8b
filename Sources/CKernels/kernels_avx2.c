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
#include "variants/narrow_tiles.inc"

#define GQ_HAS_VNNI 0
#define GQ_HAS_BYTE_PRODUCTS 256
#define INT8_TILE_ROWS 2
#define INT8_WIDEST_TILE(R) ((R) == 1 ? 2 : 1)
#define INT8_TILES(X) X(1, 1) X(1, 2) X(2, 1)

#include "variants/variant.inc"

#pragma clang attribute pop

#endif
