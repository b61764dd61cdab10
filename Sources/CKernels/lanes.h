#ifndef LANES_H
#define LANES_H

#include "fits.h"

// As many numbers at once as the including file says in LANES, 16 or 32. The compiler makes of them as many
// vectors of the machine as it takes: two that do not wait for each other keep it busy, where there are
// registers for them. All functions are inlined, so how such a vector would be handed over plays no role.
#pragma clang diagnostic ignored "-Wpsabi"

#define PARTS LANES

typedef float floats __attribute__((vector_size(LANES * 4)));
typedef int32_t integers __attribute__((vector_size(LANES * 4)));
typedef uint32_t words __attribute__((vector_size(LANES * 4)));
typedef uint16_t halves __attribute__((vector_size(LANES * 2)));
typedef uint8_t bytes __attribute__((vector_size(LANES)));
typedef float quarter __attribute__((vector_size(16)));
typedef float pair __attribute__((vector_size(8)));

inlined floats spread_out(float value) { return value - (floats){}; }

inlined floats load(const float *from) {
    floats value;
    memcpy(&value, from, sizeof value);
    return value;
}

inlined void store(float *to, floats value) { memcpy(to, &value, sizeof value); }

/// The first where the mask is set, the second elsewhere.
inlined floats chosen(integers mask, floats one, floats other) {
    return (floats)((mask & (integers)one) | (~mask & (integers)other));
}

/// The first one unless the second one is smaller; the second one if one of them is no number.
inlined floats smaller(floats one, floats other) { return chosen(one < other, one, other); }
inlined floats larger(floats one, floats other) { return chosen(one > other, one, other); }

inlined floats magnitudes(floats value) { return (floats)((integers)value & 0x7fffffff); }

inlined int is_any(integers mask) { return __builtin_reduce_or(mask) != 0; }

/// The ends of a range that values may pass.
enum ends { no_end, upper_end, both_ends };

/// The nearest integers within bounds, of values that are less than 22 bits away from zero and pass only these
/// ends.
inlined floats nearest_within(enum ends ends, floats value, float least, float most) {
    // Bounded before the rounder is taken off, when all are positive and their bits are in the same order.
    floats rounded = value + ROUNDER;
    const floats low = spread_out(ROUNDER + least), high = spread_out(ROUNDER + most);
#if HAS_INTEGER_BOUNDS
    if (ends != no_end) rounded = (floats)__builtin_elementwise_min((integers)rounded, (integers)high);
    if (ends == both_ends) rounded = (floats)__builtin_elementwise_max((integers)rounded, (integers)low);
#else
    if (ends != no_end) rounded = smaller(rounded, high);
    if (ends == both_ends) rounded = larger(rounded, low);
#endif
    return rounded - ROUNDER;
}

/// The nearest integers of values that are less than 22 bits away from zero.
inlined floats nearest_small(floats value) { return value + ROUNDER - ROUNDER; }

/// What `nearest` answers, for every value.
inlined integers nearest_all(floats value) {
    return ((integers)(value + ROUNDER) & 0x007fffff) - 0x00400000;
}

inlined integers clamped_all(integers value, int32_t least, int32_t most) {
    const integers low = least - (integers){}, high = most - (integers){};
    const integers above = value > high;
    value = (above & high) | (~above & value);
    const integers below = value < low;
    return (below & low) | (~below & value);
}

inlined floats as_floats(integers value) { return __builtin_convertvector(value, floats); }
inlined integers truncated_all(floats value) { return __builtin_convertvector(value, integers); }

inlined void store_bytes(uint8_t *to, integers value) {
    const bytes narrow = __builtin_convertvector(value, bytes);
    memcpy(to, &narrow, sizeof narrow);
}

// MARK: Halves

inlined floats widened_all(halves value) {
    const words wide = __builtin_convertvector(value, words);
    const floats scaled = (floats)((wide & 0x7fff) << 13) * 0x1p112f;
    return (floats)((words)scaled | (wide & 0x8000) << 16);
}

inlined words chosen_words(integers mask, words one, words other) {
    return ((words)mask & one) | (~(words)mask & other);
}

inlined halves narrowed_all(floats value) {
    const words sign = (words)value >> 16 & 0x8000;
    const words bits = (words)value & 0x7fffffff;
    const words small = (words)((floats)bits + 0.5f) - 0x3f000000;
    const words usual = (bits + 0xfff + (bits >> 13 & 1) - 0x38000000) >> 13;
    const words infinite = 0x7c00 + (words){};
    words half = chosen_words((integers)bits < 0x38800000, small, usual);
    half = chosen_words((integers)bits > 0x477fefff, infinite, half);
    half = chosen_words((integers)bits > 0x7f800000, infinite | 0x0200, half);
    return __builtin_convertvector(half | sign, halves);
}

// MARK: Sub-blocks side by side

/// For each of some neighbouring numbers the value of its sub-block.
inlined floats values_of_parts(const float *values, int size) {
#if LANES == 32
    if (size == 16) {
        pair both;
        memcpy(&both, values, sizeof both);
        return __builtin_shufflevector(both, both, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, //
                                       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    }
#else
    (void)size;
#endif
    return spread_out(*values);
}

inlined quarter load_quarter(const float *from) {
    quarter value;
    memcpy(&value, from, sizeof value);
    return value;
}

inlined void store_quarter(float *to, quarter value) { memcpy(to, &value, sizeof value); }

/// Turns four rows of four, `stride` apart, into the columns of four vectors.
inlined void turn_four(const float *from, int stride, float *to) {
    const quarter a = load_quarter(from), b = load_quarter(from + stride);
    const quarter c = load_quarter(from + 2 * stride), d = load_quarter(from + 3 * stride);
    const quarter left_of_ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const quarter left_of_cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const quarter right_of_ab = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const quarter right_of_cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    store_quarter(to, __builtin_shufflevector(left_of_ab, left_of_cd, 0, 1, 4, 5));
    store_quarter(to + LANES, __builtin_shufflevector(left_of_ab, left_of_cd, 2, 3, 6, 7));
    store_quarter(to + 2 * LANES, __builtin_shufflevector(right_of_ab, right_of_cd, 0, 1, 4, 5));
    store_quarter(to + 3 * LANES, __builtin_shufflevector(right_of_ab, right_of_cd, 2, 3, 6, 7));
}

/// Puts `count` sub-blocks side by side: a vector for each of their `size` elements, zeros where there is no
/// sub-block.
inlined void turn(const float *numbers, int size, int count, floats *turned) {
    float rest[SMALL * LANES];
    if (count < LANES) {
        memset(rest, 0, sizeof rest);
        memcpy(rest, numbers, sizeof(float) * (size_t)(size * count));
        numbers = rest;
    }
    for (int row = 0; row < LANES; row += 4) {
        for (int column = 0; column < size; column += 4) {
            turn_four(numbers + row * size + column, size, (float *)&turned[column] + row);
        }
    }
}

#endif
