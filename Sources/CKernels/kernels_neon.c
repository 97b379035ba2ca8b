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
#include "variants/narrow_tiles.inc"

#define GQ_HAS_VNNI 0
#define GQ_HAS_BYTE_PRODUCTS 0
#define INT8_TILE_ROWS 2
#define INT8_WIDEST_TILE(R) ((void)(R), 1)
#define INT8_TILES(X) X(1, 1) X(2, 1)

#include "variants/variant.inc"

#endif
