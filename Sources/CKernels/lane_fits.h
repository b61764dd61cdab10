#ifndef LANE_FITS_H
#define LANE_FITS_H

#include "lanes.h"

// The searches of fits.h for many sub-blocks at once: a lane does what one sub-block's search does, in its
// order.

/// The weights of the sub-blocks' numbers; answers their sums.
inlined floats weigh_lanes(enum weighing weighing, const floats *numbers, const floats *given, int size,
                           floats spread, floats *weights) {
    floats usual = {}, sum = {};
    if (weighing == by_size_and_usual) {
        for (int i = 0; i < size; i++) usual += numbers[i] * numbers[i];
        usual = __builtin_elementwise_sqrt(usual / (float)size);
    }
    for (int i = 0; i < size; i++) {
        const floats square = numbers[i] * numbers[i];
        switch (weighing) {
        case by_size_and_usual: weights[i] = usual + magnitudes(numbers[i]); break;
        case by_size: weights[i] = magnitudes(numbers[i]); break;
        case by_square: weights[i] = square; break;
        case by_importance: weights[i] = given[i] * __builtin_elementwise_sqrt(spread + square); break;
        case as_given: weights[i] = given[i]; break;
        }
        sum += weights[i];
    }
    return sum;
}

struct affine_lanes {
    floats scale, low, level_factor, level_low;
    integers is_bounded;
};

/// What the numbers of the sub-blocks come to.
struct affine_bounds {
    floats least, low, high, weight, sum;
    /// Where there is something to search.
    integers is_live;
};

inlined struct affine_bounds bound_lanes(const floats *numbers, const floats *weights, int size) {
    struct affine_bounds bounds = {.low = numbers[0], .high = numbers[0], .weight = weights[0]};
    bounds.sum = weights[0] * numbers[0];
    for (int i = 1; i < size; i++) {
        bounds.low = smaller(numbers[i], bounds.low);
        bounds.high = larger(numbers[i], bounds.high);
        bounds.weight += weights[i];
        bounds.sum += weights[i] * numbers[i];
    }
    bounds.least = bounds.low;
    bounds.low = chosen(bounds.low > 0.0f, (floats){}, bounds.low);
    bounds.is_live = bounds.high != bounds.low;
    return bounds;
}

/// Whether all values of the live sub-blocks are such that `nearest_within` is right about them.
inlined int is_exact(const struct affine_bounds *bounds, floats factor, floats low) {
    const floats highest = magnitudes(factor * (bounds->high - low));
    const floats lowest = magnitudes(factor * (bounds->least - low));
    return !is_any(bounds->is_live & ~((highest < 4194303.0f) & (lowest < 4194303.0f)));
}

inlined floats affine_levels(floats value, int most, int is_bounded) {
    if (!is_bounded) return nearest_within(both_ends, value, 0, (float)most);
    // What is no number becomes zero in the first comparison.
    return nearest_small(smaller(larger(value, (floats){}), spread_out((float)most)));
}

inlined floats line_error(const struct affine_search *search, const floats *numbers, const floats *weights,
                          const floats *levels, floats scale, floats low) {
    floats error = {};
    for (int i = 0; i < search->size; i++) {
        const floats difference = scale * levels[i] + low - numbers[i];
        error += weights[i] * (search->is_absolute ? magnitudes(difference) : difference * difference);
    }
    return error;
}

/// Fits lines to the levels that the factors give; answers where there is one.
inlined integers fit_lines(const struct affine_search *search, const floats *numbers, const floats *weights,
                           const struct affine_bounds *bounds, floats factor, floats low, floats *levels,
                           floats *line_scale, floats *line_low) {
    floats sum = {}, squares = {}, products = {};
    for (int i = 0; i < search->size; i++) {
        const floats level = affine_levels(factor * (numbers[i] - low), search->most, search->is_bounded);
        const floats weighted = weights[i] * level;
        levels[i] = level;
        sum += weighted;
        squares += weighted * level;
        products += weighted * numbers[i];
    }
    const floats determinant = bounds->weight * squares - sum * sum;
    const floats scale = (bounds->weight * products - bounds->sum * sum) / determinant;
    const floats offset = (squares * bounds->sum - sum * products) / determinant;
    const integers is_above = offset > 0.0f;
    *line_low = chosen(is_above, (floats){}, offset);
    *line_scale = chosen(is_above, products / squares, scale);
    return determinant > 0.0f;
}

/// Answers whether the vectors can do it: where a value is beyond what they round rightly, they cannot.
inlined int fit_affine_lanes(const struct affine_search *search, const floats *numbers, const floats *weights,
                             struct affine_lanes *fit) {
    const struct affine_bounds bounds = bound_lanes(numbers, weights, search->size);
    floats low = bounds.low, factor = (float)search->most / (bounds.high - low), levels[SMALL];
    if (!is_exact(&bounds, factor, low)) return 0;
    const floats zero = {};
    *fit = (struct affine_lanes){
        .scale = chosen(bounds.is_live, 1 / factor, zero),
        .low = low,
        .level_factor = chosen(bounds.is_live, factor, zero),
        .level_low = low,
    };
    for (int i = 0; i < search->size; i++) {
        levels[i] = nearest_within(both_ends, factor * (numbers[i] - low), 0, (float)search->most);
    }
    floats least = line_error(search, numbers, weights, levels, fit->scale, low);
    for (int step = 0; step <= search->steps; step++) {
        const float divisor = search->first + search->step * (float)step + (float)search->most;
        factor = divisor / (bounds.high - low);
        if (!search->is_bounded && !is_exact(&bounds, factor, low)) return 0;
        floats line_scale, line_low;
        integers is_better = bounds.is_live;
        is_better &= fit_lines(search, numbers, weights, &bounds, factor, low, levels, &line_scale,
                               &line_low);
        const floats error = line_error(search, numbers, weights, levels, line_scale, line_low);
        is_better &= error < least;
        least = chosen(is_better, error, least);
        fit->scale = chosen(is_better, line_scale, fit->scale);
        fit->level_factor = chosen(is_better, factor, fit->level_factor);
        fit->level_low = chosen(is_better, low, fit->level_low);
        fit->is_bounded |= is_better;
        low = chosen(is_better, line_low, low);
    }
    fit->low = low;
    return 1;
}

struct signed_lanes {
    floats scale, level_factor;
};

/// The numbers farthest from zero, the first ones of several.
inlined floats farthest_lanes(const floats *numbers, int size) {
    floats farthest = {}, distance = {};
    for (int i = 0; i < size; i++) {
        const floats size_here = magnitudes(numbers[i]);
        const integers is_farther = size_here > distance;
        distance = chosen(is_farther, size_here, distance);
        farthest = chosen(is_farther, numbers[i], farthest);
    }
    return farthest;
}

struct level_sums {
    floats products, squares;
};

/// What the levels come to that a factor gives, if they pass only these ends.
inlined struct level_sums sum_levels(enum ends ends, const floats *numbers, const floats *weights,
                                     const floats *weighted, int size, int most, floats factor) {
    struct level_sums sums = {};
    for (int i = 0; i < size; i++) {
        const floats level = nearest_within(ends, factor * numbers[i], (float)-most, (float)(most - 1));
        sums.products += weighted[i] * level;
        sums.squares += weights[i] * level * level;
    }
    return sums;
}

inlined struct signed_lanes fit_signed_lanes(const floats *numbers, const floats *weights, int size,
                                             int most) {
    const floats farthest = farthest_lanes(numbers, size), zero = {};
    const integers is_live = ~(magnitudes(farthest) < NEGLIGIBLE);
    floats weighted[SMALL], best = {};
    struct signed_lanes fit = {zero, zero};
    for (int i = 0; i < size; i++) weighted[i] = weights[i] * numbers[i];
    for (int step = -10; step <= 9; step++) {
        // The first attempt is the one in the middle, whose turn does not come again.
        const int is_first = step == -10;
        if (step == 0) continue;
        const float reach = is_first ? (float)most : (float)most + 0.1f * (float)step;
        const floats factor = -reach / farthest;
        // Nothing gets farther than the reach, so most attempts need not look at both ends.
        struct level_sums sums;
        if (step > 4) {
            sums = sum_levels(both_ends, numbers, weights, weighted, size, most, factor);
        } else if (is_first || step > -6) {
            sums = sum_levels(upper_end, numbers, weights, weighted, size, most, factor);
        } else {
            sums = sum_levels(no_end, numbers, weights, weighted, size, most, factor);
        }
        const floats scale = sums.products / sums.squares;
        if (is_first) {
            fit.scale = chosen(sums.squares != 0.0f, scale, zero);
            fit.level_factor = factor;
            best = fit.scale * sums.products;
            continue;
        }
        integers is_better = sums.products * sums.products > best * sums.squares;
        is_better &= sums.squares > 0.0f;
        fit.scale = chosen(is_better, scale, fit.scale);
        fit.level_factor = chosen(is_better, factor, fit.level_factor);
        best = chosen(is_better, scale * sums.products, best);
    }
    fit.scale = chosen(is_live, fit.scale, zero);
    fit.level_factor = chosen(is_live, fit.level_factor, zero);
    return fit;
}

/// The scales that `descend` finds; a lane in which nothing changes any more stays as it is.
inlined floats descend_lanes(const floats *numbers, int most) {
    const floats farthest = farthest_lanes(numbers, 16), factor = (float)-most / farthest;
    const integers is_live = ~(magnitudes(farthest) < NEGLIGIBLE);
    floats weights[16], weighted[16], levels[16], products = {}, squares = {};
    for (int i = 0; i < 16; i++) {
        weights[i] = numbers[i] * numbers[i];
        weighted[i] = weights[i] * numbers[i];
        levels[i] = nearest_within(both_ends, factor * numbers[i], (float)-most, (float)(most - 1));
        products += weighted[i] * levels[i];
        squares += weights[i] * levels[i] * levels[i];
    }
    for (int round = 0; round < 5; round++) {
        integers has_changed = {};
        for (int i = 0; i < 16; i++) {
            floats others = products - weighted[i] * levels[i];
            floats rest = squares - weights[i] * levels[i] * levels[i];
            integers is_better = is_live & (others > 0.0f);
            const integers level = clamped_all(nearest_all(numbers[i] * rest / others), -most, most - 1);
            const floats changed = as_floats(level);
            is_better &= changed != levels[i];
            others += weighted[i] * changed;
            rest += weights[i] * changed * changed;
            is_better &= (rest > 0.0f) & (others * others * squares > products * products * rest);
            levels[i] = chosen(is_better, changed, levels[i]);
            products = chosen(is_better, others, products);
            squares = chosen(is_better, rest, squares);
            has_changed |= is_better;
        }
        if (!is_any(has_changed)) break;
    }
    return chosen(is_live & (squares > 0.0f), products / squares, (floats){});
}

#endif
