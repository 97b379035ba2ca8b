#ifndef CKERNELS_VARIANTS_H
#define CKERNELS_VARIANTS_H

#include "kernel_table.h"

extern const gq_kernels gq_kernels_portable;
#if defined(__x86_64__)
extern const gq_kernels gq_kernels_avx2;
extern const gq_kernels gq_kernels_avx512;
extern const gq_kernels gq_kernels_avx512vnni;
#endif

#endif
