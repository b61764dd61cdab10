#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdint.h>
#include <string.h>

// The reference rounds after each operation. A product and a sum that are fused to one operation, as
// compilers like to do where a machine can, would give other bytes.
#pragma STDC FP_CONTRACT OFF

#define inlined static inline __attribute__((always_inline))

// Adding it leaves no room for a fraction in a float of up to 22 bits.
#define ROUNDER 12582912.0f
// What the reference takes for zero.
#define NEGLIGIBLE 1e-15f

inlined uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

inlined float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/// The nearest integer, the even one of two.
///
/// Of a value beyond 22 bits it answers what the sum's mantissa happens to hold: files of the reference have
/// that.
inlined int32_t nearest(float value) { return (int32_t)(bits_of(value + ROUNDER) & 0x007fffff) - 0x00400000; }

inlined int32_t clamped(int32_t value, int32_t least, int32_t most) {
    return value < least ? least : value > most ? most : value;
}

inlined float magnitude(float value) { return float_of(bits_of(value) & 0x7fffffff); }

/// A half as a float.
inlined float widened(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t bits = (uint32_t)(half & 0x7fff) << 13;
    if ((half & 0x7c00) == 0x7c00) return float_of(sign | 0x7f800000 | bits);
    // The exponents differ by 112; as a product this is right for subnormal halves too.
    return float_of(sign | bits_of(float_of(bits) * 0x1p112f));
}

/// The nearest half, the even one of two.
inlined uint16_t narrowed(float value) {
    const uint16_t sign = (uint16_t)(bits_of(value) >> 16 & 0x8000);
    const uint32_t bits = bits_of(value) & 0x7fffffff;
    if (bits > 0x7f800000) return sign | 0x7e00;
    // From the middle between the largest half and the next power of two on.
    if (bits >= 0x477ff000) return sign | 0x7c00;
    // The last bit of a number near one half is worth as much as that of a subnormal half.
    if (bits < 0x38800000) return sign | (uint16_t)(bits_of(float_of(bits) + 0.5f) - 0x3f000000);
    return sign | (uint16_t)((bits + 0xfff + (bits >> 13 & 1) - 0x38000000) >> 13);
}

#endif
