// The kernels with vectors, for the instruction set that the file which includes this is compiled for.

#include "lane_fits.h"

#pragma STDC FP_CONTRACT OFF

static int is_finite_f32(const float *numbers, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        integers value;
        memcpy(&value, numbers + i, sizeof value);
        if (is_any((value & 0x7f800000) == 0x7f800000)) return 0;
    }
    return kernels_scalar.is_finite_f32(numbers + i, count - i);
}

/// Many at a time, since most of the work is to ask whether there was any.
inlined int is_finite_half(const uint16_t *numbers, size_t count, uint16_t exponent, size_t *checked) {
    typedef uint16_t many __attribute__((vector_size(128)));
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
        many value;
        memcpy(&value, numbers + i, sizeof value);
        if (__builtin_reduce_or((value & exponent) == exponent)) return 0;
    }
    *checked = i;
    return 1;
}

static int is_finite_f16(const uint16_t *numbers, size_t count) {
    size_t i;
    if (!is_finite_half(numbers, count, 0x7c00, &i)) return 0;
    return kernels_scalar.is_finite_f16(numbers + i, count - i);
}

static int is_finite_bf16(const uint16_t *numbers, size_t count) {
    size_t i;
    if (!is_finite_half(numbers, count, 0x7f80, &i)) return 0;
    return kernels_scalar.is_finite_bf16(numbers + i, count - i);
}

static void widen_f16(const uint16_t *numbers, float *wide, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        halves value;
        memcpy(&value, numbers + i, sizeof value);
        store(wide + i, WIDENED(value));
    }
    kernels_scalar.widen_f16(numbers + i, wide + i, count - i);
}

static void widen_bf16(const uint16_t *numbers, float *wide, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        halves value;
        memcpy(&value, numbers + i, sizeof value);
        store(wide + i, (floats)(__builtin_convertvector(value, words) << 16));
    }
    kernels_scalar.widen_bf16(numbers + i, wide + i, count - i);
}

static void narrow_f16(const float *numbers, uint16_t *narrow, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        const halves value = narrowed_all(load(numbers + i));
        memcpy(narrow + i, &value, sizeof value);
    }
    kernels_scalar.narrow_f16(numbers + i, narrow + i, count - i);
}

static void narrow_bf16(const float *numbers, uint16_t *narrow, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        const words bits = (words)load(numbers + i);
        const halves value = __builtin_convertvector((bits + 0x7fff + (bits >> 16 & 1)) >> 16, halves);
        memcpy(narrow + i, &value, sizeof value);
    }
    kernels_scalar.narrow_bf16(numbers + i, narrow + i, count - i);
}

// MARK: Blocks of 32 without a search

#define WIDTH (SMALL / LANES)

/// The largest number, of numbers of which none is negative: their bits are in the same order.
inlined float largest_positive(floats value) {
    return float_of((uint32_t)__builtin_reduce_max((integers)value));
}

inlined float farthest_of_small(const float *numbers, const floats *values) {
    floats above = {}, below = {};
    for (int i = 0; i < WIDTH; i++) {
        above = larger(values[i], above);
        below = larger(-values[i], below);
    }
    const float highest = largest_positive(above), lowest = largest_positive(below);
    // If both ends are as far away, it is the first one that counts.
    return highest > lowest ? highest : lowest > highest ? -lowest : farthest_of(numbers, SMALL);
}

inlined void load_small(const float *numbers, floats values[WIDTH]) {
    for (int i = 0; i < WIDTH; i++) values[i] = load(numbers + LANES * i);
}

static uint16_t quantize_around_zero(const float *numbers, int most, uint8_t levels[SMALL]) {
    floats values[WIDTH];
    load_small(numbers, values);
    const float scale = farthest_of_small(numbers, values) / (float)-most;
    const float factor = scale != 0 ? 1 / scale : 0;
    const floats highest = spread_out((float)(2 * most - 1));
    for (int i = 0; i < WIDTH; i++) {
        const floats value = smaller(values[i] * factor + ((float)most + 0.5f), highest);
        store_bytes(levels + LANES * i, truncated_all(value));
    }
    if (isinf(factor)) memset(levels, 0, SMALL);
    return narrowed(scale);
}

/// The smallest number, by integers that are in the same order; of zeros the negative one.
inlined float smallest(floats value) {
    const integers bits = (integers)value;
    const int32_t least = __builtin_reduce_min(bits ^ (bits >> 31 & 0x7fffffff));
    return float_of((uint32_t)(least ^ (least >> 31 & 0x7fffffff)));
}

inlined float first_zero(const float *numbers) {
    for (int i = 0; i < SMALL; i++) {
        if (numbers[i] == 0) return numbers[i];
    }
    return 0;
}

static uint16_t quantize_from_low(const float *numbers, int most, uint8_t levels[SMALL], uint16_t *low) {
    floats values[WIDTH];
    load_small(numbers, values);
    floats below = values[0], above = -values[0];
    for (int i = 1; i < WIDTH; i++) {
        below = smaller(values[i], below);
        above = smaller(-values[i], above);
    }
    float least = smallest(below), largest = -smallest(above);
    if (least == 0) {
        // Which zero it is shows in the block: the reference keeps the first one.
        least = first_zero(numbers);
        if (largest == 0) largest = least;
    }
    const float scale = (largest - least) / (float)most;
    const float factor = scale != 0 ? 1 / scale : 0;
    const floats highest = spread_out((float)most);
    for (int i = 0; i < WIDTH; i++) {
        const floats value = smaller((values[i] - least) * factor + 0.5f, highest);
        store_bytes(levels + LANES * i, truncated_all(value));
    }
    if (isinf(factor)) memset(levels, 0, SMALL);
    *low = narrowed(least);
    return narrowed(scale);
}

/// Rounded to the nearest integer, away from zero if in the middle.
inlined integers rounded_away(floats value) {
    const integers whole = truncated_all(value);
    const floats fraction = value - as_floats(whole);
    // A mask that is set is minus one.
    return whole - (fraction >= 0.5f) + (fraction <= -0.5f);
}

static uint16_t quantize_bytes(const float *numbers, int8_t levels[SMALL]) {
    floats values[WIDTH], sizes = {};
    load_small(numbers, values);
    for (int i = 0; i < WIDTH; i++) sizes = larger(magnitudes(values[i]), sizes);
    const float scale = largest_positive(sizes) / 127;
    const float factor = scale != 0 ? 1 / scale : 0;
    for (int i = 0; i < WIDTH; i++) {
        store_bytes((uint8_t *)levels + LANES * i, rounded_away(values[i] * factor));
    }
    if (isinf(factor)) memset(levels, 0, SMALL);
    return narrowed(scale);
}

// MARK: Levels and searches for blocks of 256

inlined void relevel_affine(const float *numbers, int size, int most, const float *scales,
                            const float *offsets, uint8_t *levels) {
    for (int i = 0; i < LARGE; i += LANES) {
        const floats offset = values_of_parts(offsets + i / size, size);
        const floats value = (load(numbers + i) + offset) / values_of_parts(scales + i / size, size);
        store_bytes(levels + i, clamped_all(nearest_all(value), 0, most));
    }
}

inlined void relevel_signed(const float *numbers, int most, const float *scales, uint8_t *levels) {
    for (int i = 0; i < LARGE; i += LANES) {
        const floats value = load(numbers + i) / values_of_parts(scales + i / 16, 16);
        store_bytes(levels + i, clamped_all(nearest_all(value), -most, most - 1) + most);
    }
}

inlined floats turn_and_weigh(enum weighing weighing, const float *numbers, const float *given,
                              const float *spreads, int size, int count, floats *turned, floats *weights) {
    floats given_turned[SMALL], spread = {};
    turn(numbers, size, count, turned);
    if (weighing == by_importance || weighing == as_given) turn(given, size, count, given_turned);
    if (weighing == by_importance) memcpy(&spread, spreads, sizeof(float) * (size_t)count);
    return weigh_lanes(weighing, turned, given_turned, size, spread, weights);
}

inlined void fit_affine_parts(const struct affine_search *search, const float *numbers, const float *given,
                              const float *spreads, int count, struct affine_fit *fits, float *sums) {
    floats turned[SMALL], weights[SMALL];
    store(sums, turn_and_weigh(search->weighing, numbers, given, spreads, search->size, count, turned,
                               weights));
    struct affine_lanes lanes;
    if (fit_affine_lanes(search, turned, weights, &lanes)) {
        for (int i = 0; i < count; i++) {
            fits[i] = (struct affine_fit){
                lanes.scale[i], -lanes.low[i], lanes.level_factor[i], lanes.level_low[i],
                search->is_bounded && lanes.is_bounded[i],
            };
        }
        return;
    }
    for (int part = 0; part < count; part++) {
        float own[SMALL];
        for (int i = 0; i < search->size; i++) own[i] = weights[i][part];
        fits[part] = fit_affine(search, numbers + search->size * part, own);
    }
}

inlined void fit_signed_parts(enum weighing weighing, int size, int most, const float *numbers,
                              const float *given, const float *spreads, int count, struct signed_fit *fits,
                              float *sums) {
    floats turned[SMALL], weights[SMALL];
    const floats sum = turn_and_weigh(weighing, numbers, given, spreads, size, count, turned, weights);
    store(sums, sum);
    const struct signed_lanes lanes = fit_signed_lanes(turned, weights, size, most);
    for (int i = 0; i < count; i++) fits[i] = (struct signed_fit){lanes.scale[i], lanes.level_factor[i]};
}

inlined void descend_parts(int most, const float *numbers, int count, float scales[PARTS]) {
    floats turned[16];
    turn(numbers, 16, count, turned);
    store(scales, descend_lanes(turned, most));
}

#include "quantize.h"

#define KERNELS(name)                                                                                      \
    {name,      is_supported, is_finite_f32, is_finite_f16, is_finite_bf16,                                \
     widen_f16, widen_bf16,   narrow_f16,    narrow_bf16,   quantize}
