#include "CKernels.h"
#include "fits.h"

#pragma STDC FP_CONTRACT OFF

// One number after the other, as plainly as it can be said: what the other sets must equal.

#define PARTS 16

static int is_supported(void) { return 1; }

static int is_finite_f32(const float *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if ((bits_of(numbers[i]) & 0x7f800000) == 0x7f800000) return 0;
    }
    return 1;
}

static int is_finite_f16(const uint16_t *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if ((numbers[i] & 0x7c00) == 0x7c00) return 0;
    }
    return 1;
}

static int is_finite_bf16(const uint16_t *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if ((numbers[i] & 0x7f80) == 0x7f80) return 0;
    }
    return 1;
}

static void widen_f16(const uint16_t *numbers, float *wide, size_t count) {
    for (size_t i = 0; i < count; i++) wide[i] = widened(numbers[i]);
}

static void widen_bf16(const uint16_t *numbers, float *wide, size_t count) {
    for (size_t i = 0; i < count; i++) wide[i] = float_of((uint32_t)numbers[i] << 16);
}

static void narrow_f16(const float *numbers, uint16_t *narrow, size_t count) {
    for (size_t i = 0; i < count; i++) narrow[i] = narrowed(numbers[i]);
}

static void narrow_bf16(const float *numbers, uint16_t *narrow, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = bits_of(numbers[i]);
        narrow[i] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }
}

/// Levels from 0 to twice `most` less one; the middle is zero.
static uint16_t quantize_around_zero(const float *numbers, int most, uint8_t levels[SMALL]) {
    const float scale = farthest_of(numbers, SMALL) / (float)-most;
    const float factor = scale != 0 ? 1 / scale : 0;
    for (int i = 0; i < SMALL; i++) {
        // A scale too small to have an inverse: the reference's machine makes zeros of what is out of range.
        const float value = isinf(factor) ? 0 : numbers[i] * factor + ((float)most + 0.5f);
        levels[i] = (uint8_t)clamped((int)value, 0, 2 * most - 1);
    }
    return narrowed(scale);
}

/// Levels from 0 to `most`, from the lowest to the highest number.
static uint16_t quantize_from_low(const float *numbers, int most, uint8_t levels[SMALL], uint16_t *low) {
    float least = numbers[0], largest = numbers[0];
    for (int i = 1; i < SMALL; i++) {
        if (numbers[i] < least) least = numbers[i];
        if (numbers[i] > largest) largest = numbers[i];
    }
    const float scale = (largest - least) / (float)most;
    const float factor = scale != 0 ? 1 / scale : 0;
    for (int i = 0; i < SMALL; i++) {
        const float value = isinf(factor) ? 0 : (numbers[i] - least) * factor + 0.5f;
        levels[i] = (uint8_t)(value < (float)most ? (int)value : most);
    }
    *low = narrowed(least);
    return narrowed(scale);
}

static uint16_t quantize_bytes(const float *numbers, int8_t levels[SMALL]) {
    const float scale = magnitude(farthest_of(numbers, SMALL)) / 127;
    const float factor = scale != 0 ? 1 / scale : 0;
    for (int i = 0; i < SMALL; i++) levels[i] = (int8_t)(isinf(factor) ? 0 : roundf(numbers[i] * factor));
    return narrowed(scale);
}

static void relevel_affine(const float *numbers, int size, int most, const float *scales,
                           const float *offsets, uint8_t *levels) {
    for (int i = 0; i < LARGE; i++) {
        const float value = (numbers[i] + offsets[i / size]) / scales[i / size];
        levels[i] = (uint8_t)clamped(nearest(value), 0, most);
    }
}

static void relevel_signed(const float *numbers, int most, const float *scales, uint8_t *levels) {
    for (int i = 0; i < LARGE; i++) {
        levels[i] = (uint8_t)(signed_level(numbers[i] / scales[i / 16], most) + most);
    }
}

static void fit_affine_parts(const struct affine_search *search, const float *numbers, const float *weights,
                             const float *spreads, int count, struct affine_fit *fits, float *sums) {
    float weighed[SMALL];
    for (int i = 0; i < count; i++) {
        const float *part = numbers + search->size * i;
        const float *given = weights != NULL ? weights + search->size * i : NULL;
        const float spread = weights != NULL ? spreads[i] : 0;
        sums[i] = weigh(search->weighing, part, given, search->size, spread, weighed);
        fits[i] = fit_affine(search, part, weighed);
    }
}

static void fit_signed_parts(enum weighing weighing, int size, int most, const float *numbers,
                             const float *weights, const float *spreads, int count, struct signed_fit *fits,
                             float *sums) {
    float weighed[SMALL];
    for (int i = 0; i < count; i++) {
        const float *part = numbers + size * i;
        const float *given = weights != NULL ? weights + size * i : NULL;
        sums[i] = weigh(weighing, part, given, size, weighing == by_importance ? spreads[i] : 0, weighed);
        fits[i] = fit_signed(part, weighed, size, most);
    }
}

static void descend_parts(int most, const float *numbers, int count, float scales[PARTS]) {
    uint8_t levels[16];
    for (int i = 0; i < count; i++) scales[i] = descend(numbers + 16 * i, most, levels);
}

#include "quantize.h"

const struct kernels kernels_scalar = {
    "scalar",  is_supported, is_finite_f32, is_finite_f16, is_finite_bf16,
    widen_f16, widen_bf16,   narrow_f16,    narrow_bf16,   quantize,
};
