// Prints as JSON how many operations per second one core does in registers: the limit of products with many rows. A
// multiplication and an addition count as two operations. Kinds that the processor lacks are left out.
#include <stdio.h>
#include <time.h>

#if defined(__x86_64__)

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// Twelve independent chains cover the latency of the instruction.
#define CHAIN(instruction, register, n) instruction " %%" register "15, %%" register "15, %%" register #n "\n"
#define CHAINS(instruction, register)                                                                                 \
    CHAIN(instruction, register, 0) CHAIN(instruction, register, 1) CHAIN(instruction, register, 2)                   \
    CHAIN(instruction, register, 3) CHAIN(instruction, register, 4) CHAIN(instruction, register, 5)                   \
    CHAIN(instruction, register, 6) CHAIN(instruction, register, 7) CHAIN(instruction, register, 8)                   \
    CHAIN(instruction, register, 9) CHAIN(instruction, register, 10) CHAIN(instruction, register, 11)

#define MEASURE(function, instruction, register, features, operations)                                                \
    __attribute__((target(features))) static double function(void) {                                                  \
        long rounds = 10000000;                                                                                       \
        double start = now();                                                                                         \
        __asm__ volatile("vpxor %%xmm15, %%xmm15, %%xmm15\n1:\n" CHAINS(instruction, register) "dec %0\n jnz 1b\n"      \
                         : "+r"(rounds)                                                                               \
                         :                                                                                            \
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",   \
                           "xmm11", "xmm15");                                                                         \
        return 10000000.0 * 12 * (operations) / (now() - start);                                                      \
    }

MEASURE(avx2_float32, "vfmadd231ps", "ymm", "avx2,fma", 16)
MEASURE(avx512_float32, "vfmadd231ps", "zmm", "avx512f", 32)
MEASURE(avx512_bfloat16, "vdpbf16ps", "zmm", "avx512bf16", 64)
MEASURE(avx512_int8, "vpdpbusd", "zmm", "avx512vnni", 128)

int main(void) {
    const char *separator = "{";
#define PRINT(name, function)                                                                                          \
    do {                                                                                                               \
        double best = 0;                                                                                               \
        for (int i = 0; i < 5; i++) {                                                                                  \
            double rate = function();                                                                                  \
            best = rate > best ? rate : best;                                                                          \
        }                                                                                                              \
        printf("%s\"%s\": %.0f", separator, name, best);                                                               \
        separator = ", ";                                                                                              \
    } while (0)
    if (__builtin_cpu_supports("avx512f")) {
        PRINT("f32", avx512_float32);
    } else if (__builtin_cpu_supports("avx2")) {
        PRINT("f32", avx2_float32);
    }
    if (__builtin_cpu_supports("avx512bf16")) PRINT("bf16", avx512_bfloat16);
    if (__builtin_cpu_supports("avx512vnni")) PRINT("int8", avx512_int8);
    printf("%s}\n", separator[0] == '{' ? separator : "");
    return 0;
}

#else

int main(void) {
    printf("{}\n");
    return 0;
}

#endif
