#include "kernel_table.h"

#include "variants.h"

#if defined(__x86_64__)
static int has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

static int has_vnni(void) { return has_avx512() && __builtin_cpu_supports("avx512vnni"); }
#endif

const gq_kernels *gq_kernels_for(int32_t instruction_set) {
    switch (instruction_set) {
        case GQ_PORTABLE: return &gq_kernels_portable;
#if defined(__x86_64__)
        case GQ_AVX2: return has_avx2() ? &gq_kernels_avx2 : NULL;
        case GQ_AVX512: return has_avx512() ? &gq_kernels_avx512 : NULL;
        case GQ_AVX512_VNNI: return has_vnni() ? &gq_kernels_avx512vnni : NULL;
        case GQ_AVX512_BF16:
            return has_vnni() && __builtin_cpu_supports("avx512bf16") ? &gq_kernels_avx512bf16 : NULL;
#elif defined(__aarch64__)
        case GQ_NEON: return &gq_kernels_neon;
#endif
        default: return NULL;
    }
}

size_t gq_attention_scratch_floats(int32_t heads, int32_t kv_heads, int32_t head_dim) {
    const size_t width = ((size_t)head_dim + GQ_LANES - 1) / GQ_LANES * GQ_LANES;
    const size_t queries = GQ_ATTENTION_ROWS * (size_t)(heads / kv_heads);
    return GQ_QUERY_TILE * (GQ_ATTENTION_RANGE + width) + queries * (width + 2);
}
