#include "kernel_table.h"

#include "variants.h"

const gq_kernels *gq_kernels_for(int32_t instruction_set) {
    switch (instruction_set) {
        case GQ_PORTABLE: return &gq_kernels_portable;
#if defined(__x86_64__)
        case GQ_AVX2:
            return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")
                ? &gq_kernels_avx2
                : NULL;
        case GQ_AVX512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                    && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
                    && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
                    && __builtin_cpu_supports("f16c")
                ? &gq_kernels_avx512
                : NULL;
#endif
        default: return NULL;
    }
}

size_t gq_attention_scratch_floats(size_t tokens, size_t head_dim) {
    const size_t context = (tokens + GQ_LANES - 1) / GQ_LANES * GQ_LANES;
    const size_t width = (head_dim + GQ_LANES - 1) / GQ_LANES * GQ_LANES;
    return GQ_QUERY_TILE * (context + width);
}
