#include "quantised_panels.h"
#include "variants.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define VARIANT gq_kernels_portable
#define VARIANT_SET GQ_PORTABLE
#define GQ_HAS_FMA 0
#define GQ_HAS_HALF 0
#define GQ_HAS_BFLOAT16 0
#define TILE_ROWS 2
#define WIDEST_TILE(R) ((void)(R), 1)
#define TILES(X) X(1, 1) X(2, 1)
#define PRODUCT_ROWS 2
#define PRODUCT_PANELS 1
#define WIDEST_PRODUCT(R) WIDEST_TILE(R)
#define PRODUCT_TILES(X) TILES(X)

#define GQ_HAS_VNNI 0
#define GQ_HAS_BYTE_PRODUCTS 0
#define INT8_TILE_ROWS 2
#define INT8_WIDEST_TILE(R) ((void)(R), 1)
#define INT8_TILES(X) X(1, 1) X(2, 1)

#include "variants/variant.inc"
