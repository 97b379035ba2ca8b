#ifndef CKERNELS_FLOAT_FORMATS_H
#define CKERNELS_FLOAT_FORMATS_H

#include <stdint.h>
#include <string.h>

static inline float gq_from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float gq_from_float16(uint16_t h) {
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    // Moving exponent and fraction into place leaves the exponent bias 112 too small; the product mends it exactly,
    // subnormals included.
    float magnitude = gq_from_bits((uint32_t)(h & 0x7fff) << 13) * 0x1p112f;
    if ((h & 0x7c00) == 0x7c00) magnitude = gq_from_bits(0x7f800000u | (uint32_t)(h & 0x3ff) << 13);
    uint32_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    return gq_from_bits(sign | bits);
}

#endif
