#ifndef CKERNELS_VARIANTS_H
#define CKERNELS_VARIANTS_H

#include "kernel_table.h"

static inline int gq_ranks_before(gq_ranked_token a, gq_ranked_token b) {
    return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

extern const gq_kernels gq_kernels_portable;
#if defined(__x86_64__)
extern const gq_kernels gq_kernels_avx2;
extern const gq_kernels gq_kernels_avx512;
extern const gq_kernels gq_kernels_avx512vnni;
extern const gq_kernels gq_kernels_avx512bf16;
#elif defined(__aarch64__)
extern const gq_kernels gq_kernels_neon;
#endif

#endif
