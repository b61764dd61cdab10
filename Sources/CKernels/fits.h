#ifndef FITS_H
#define FITS_H

#include <math.h>

#include "numbers.h"
#include "scales.h"

// The searches for the scale of a sub-block, one at a time. They are the reference for the vectors, which do
// the same operations for many sub-blocks at once, and do what the vectors leave out.

/// Where the weights of numbers come from.
enum weighing {
    /// The size of a number and what is usual in its sub-block.
    by_size_and_usual,
    /// The size of a number.
    by_size,
    /// The square of a number.
    by_square,
    /// The caller's weight and the size of a number, with what is usual in its block.
    by_importance,
    /// The caller's weight.
    as_given,
};

/// The weights of a sub-block's numbers; answers their sum.
inlined float weigh(enum weighing weighing, const float *numbers, const float *given, int size, float spread,
                    float *weights) {
    float usual = 0, sum = 0;
    if (weighing == by_size_and_usual) {
        for (int i = 0; i < size; i++) usual += numbers[i] * numbers[i];
        usual = sqrtf(usual / (float)size);
    }
    for (int i = 0; i < size; i++) {
        switch (weighing) {
        case by_size_and_usual: weights[i] = usual + magnitude(numbers[i]); break;
        case by_size: weights[i] = magnitude(numbers[i]); break;
        case by_square: weights[i] = numbers[i] * numbers[i]; break;
        case by_importance: weights[i] = given[i] * sqrtf(spread + numbers[i] * numbers[i]); break;
        case as_given: weights[i] = given[i]; break;
        }
        sum += weights[i];
    }
    return sum;
}

/// How a scale and an offset are searched.
struct affine_search {
    enum weighing weighing;
    /// The elements of a sub-block and the largest level.
    int size, most;
    /// By how much the divisors that are tried differ from the largest level: the first, and from one to the
    /// next.
    float first, step;
    int steps;
    /// Whether distances count as they are, not squared.
    int is_absolute;
    /// Whether values are bounded before they are rounded.
    int is_bounded;
};

/// The scale and the offset of a sub-block, which is what is taken off, and what gives the levels that they
/// were found with.
struct affine_fit {
    float scale, offset;
    float level_factor, level_low;
    int is_bounded;
};

inlined int affine_level(float value, int most, int is_bounded) {
    if (!is_bounded) return clamped(nearest(value), 0, most);
    return value > 0 ? nearest(value < (float)most ? value : (float)most) : 0;
}

struct affine_attempt {
    float scale, low;
};

inlined float affine_error(const struct affine_search *search, const float *numbers, const float *weights,
                           float factor, float low, int is_bounded, struct affine_attempt attempt) {
    float error = 0;
    for (int i = 0; i < search->size; i++) {
        const float level = (float)affine_level(factor * (numbers[i] - low), search->most, is_bounded);
        const float difference = attempt.scale * level + attempt.low - numbers[i];
        error += weights[i] * (search->is_absolute ? magnitude(difference) : difference * difference);
    }
    return error;
}

/// Fits a line to the levels that a factor gives; answers whether there is one.
inlined int affine_line(const struct affine_search *search, const float *numbers, const float *weights,
                        float factor, float low, float weight, float sum, struct affine_attempt *attempt) {
    float levels = 0, squares = 0, products = 0;
    for (int i = 0; i < search->size; i++) {
        const float value = factor * (numbers[i] - low);
        const float weighted = weights[i] * (float)affine_level(value, search->most, search->is_bounded);
        levels += weighted;
        squares += weighted * (float)affine_level(value, search->most, search->is_bounded);
        products += weighted * numbers[i];
    }
    const float determinant = weight * squares - levels * levels;
    if (!(determinant > 0)) return 0;
    attempt->scale = (weight * products - sum * levels) / determinant;
    attempt->low = (squares * sum - levels * products) / determinant;
    if (attempt->low > 0) {
        attempt->low = 0;
        attempt->scale = products / squares;
    }
    return 1;
}

/// Searches the scale and the offset of a sub-block.
inlined struct affine_fit fit_affine(const struct affine_search *search, const float *numbers,
                                     const float *weights) {
    float low = numbers[0], high = numbers[0], weight = weights[0], sum = weights[0] * numbers[0];
    for (int i = 1; i < search->size; i++) {
        if (numbers[i] < low) low = numbers[i];
        if (numbers[i] > high) high = numbers[i];
        weight += weights[i];
        sum += weights[i] * numbers[i];
    }
    if (low > 0) low = 0;
    if (high == low) return (struct affine_fit){.offset = -low, .level_low = low};
    float factor = (float)search->most / (high - low);
    struct affine_attempt best = {1 / factor, low};
    struct affine_fit fit = {best.scale, -low, factor, low, 0};
    float least = affine_error(search, numbers, weights, factor, low, 0, best);
    for (int step = 0; step <= search->steps; step++) {
        factor = (search->first + search->step * (float)step + (float)search->most) / (high - low);
        struct affine_attempt attempt;
        if (!affine_line(search, numbers, weights, factor, low, weight, sum, &attempt)) continue;
        const float error = affine_error(search, numbers, weights, factor, low, search->is_bounded, attempt);
        if (error < least) {
            least = error;
            fit = (struct affine_fit){attempt.scale, -attempt.low, factor, low, search->is_bounded};
            low = attempt.low;
        }
    }
    return fit;
}

/// The scale of a sub-block around zero, and the factor that gives the levels it was found with; a factor of
/// zero gives levels of zero, the lowest.
struct signed_fit {
    float scale, level_factor;
};

inlined int signed_level(float value, int most) { return clamped(nearest(value), -most, most - 1); }

/// What numbers and levels have in common, by weight.
struct signed_sums {
    float products, squares;
};

inlined struct signed_sums sum_signed(const float *numbers, const float *weights, int size, int most,
                                      float factor) {
    struct signed_sums sums = {0, 0};
    for (int i = 0; i < size; i++) {
        const float level = (float)signed_level(factor * numbers[i], most);
        sums.products += weights[i] * numbers[i] * level;
        sums.squares += weights[i] * level * level;
    }
    return sums;
}

/// Searches the scale of a sub-block with levels from `-most` to `most - 1`.
inlined struct signed_fit fit_signed(const float *numbers, const float *weights, int size, int most) {
    const float farthest = farthest_of(numbers, size);
    if (magnitude(farthest) < NEGLIGIBLE) return (struct signed_fit){0, 0};
    float factor = (float)-most / farthest;
    struct signed_sums sums = sum_signed(numbers, weights, size, most, factor);
    struct signed_fit fit = {sums.squares != 0 ? sums.products / sums.squares : 0, factor};
    float best = fit.scale * sums.products;
    for (int step = -9; step <= 9; step++) {
        if (step == 0) continue;
        factor = -((float)most + 0.1f * (float)step) / farthest;
        sums = sum_signed(numbers, weights, size, most, factor);
        if (sums.squares > 0 && sums.products * sums.products > best * sums.squares) {
            fit = (struct signed_fit){sums.products / sums.squares, factor};
            best = fit.scale * sums.products;
        }
    }
    return fit;
}

inlined void label_signed(const float *numbers, int size, int most, struct signed_fit fit, uint8_t *levels) {
    for (int i = 0; i < size; i++) {
        levels[i] = (uint8_t)(fit.level_factor == 0
                                  ? 0
                                  : signed_level(fit.level_factor * numbers[i], most) + most);
    }
}

inlined void label_affine(const float *numbers, int size, int most, const struct affine_fit *fit,
                          uint8_t *levels) {
    for (int i = 0; i < size; i++) {
        const float value = fit->level_factor * (numbers[i] - fit->level_low);
        levels[i] = (uint8_t)affine_level(value, most, fit->is_bounded);
    }
}

/// Searches the scale of a sub-block of 16 by changing one level after the other.
inlined float descend(const float *numbers, int most, uint8_t levels[16]) {
    memset(levels, 0, 16);
    const float farthest = farthest_of(numbers, 16);
    if (magnitude(farthest) < NEGLIGIBLE) return 0;
    const float factor = (float)-most / farthest;
    float weights[16];
    weigh(by_square, numbers, NULL, 16, 0, weights);
    const struct signed_sums first = sum_signed(numbers, weights, 16, most, factor);
    float products = first.products, squares = first.squares;
    int found[16];
    for (int i = 0; i < 16; i++) found[i] = signed_level(factor * numbers[i], most);
    for (int round = 0, changes = 1; round < 5 && changes > 0; round++) {
        changes = 0;
        for (int i = 0; i < 16; i++) {
            const float weight = weights[i], old = (float)found[i];
            float others = products - weight * numbers[i] * old;
            if (!(others > 0)) continue;
            float rest = squares - weight * old * old;
            const int level = signed_level(numbers[i] * rest / others, most);
            if (level == found[i]) continue;
            others += weight * numbers[i] * (float)level;
            rest += weight * (float)level * (float)level;
            if (!(rest > 0 && others * others * squares > products * products * rest)) continue;
            found[i] = level;
            products = others;
            squares = rest;
            changes++;
        }
    }
    for (int i = 0; i < 16; i++) levels[i] = (uint8_t)(found[i] + most);
    return squares > 0 ? products / squares : 0;
}

#endif
