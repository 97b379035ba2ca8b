#include "quantised_panels.h"
#include "variants.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,avx2,fma,f16c"))), apply_to = function)

#define VARIANT gq_kernels_avx512bf16
#define VARIANT_SET GQ_AVX512_BF16
#define GQ_HAS_FMA 1
#define GQ_HAS_HALF 1
#define GQ_HAS_BFLOAT16 1
#define GQ_HAS_VNNI 1
#define GQ_HAS_BYTE_PRODUCTS 0

#include "variants/avx512_tiles.inc"
#include "variants/avx512_integers.inc"
#include "variants/variant.inc"

#pragma clang attribute pop

#endif
