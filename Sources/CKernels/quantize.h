#ifndef QUANTIZE_H
#define QUANTIZE_H

#include "fits.h"

// Blocks from numbers, with the arithmetic of the set that includes this: it has defined before
//
//     fit_affine_parts, fit_signed_parts, descend_parts   the searches, for up to PARTS sub-blocks at a time
//     relevel_affine, relevel_signed                      the levels for a scale that is known
//     quantize_around_zero, quantize_from_low, quantize_bytes   a block of 32 without a search

inlined float sum_of_squares(const float *numbers, size_t count) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum += numbers[i] * numbers[i];
    return sum;
}

// MARK: Blocks of 32

static const struct affine_search small_searches[2] = {
    {by_importance, SMALL, 15, -0.9f, 0.05f, 36, 0, 1},
    {by_importance, SMALL, 31, -0.9f, 0.05f, 36, 0, 1},
};

inlined uint8_t *quantize_small_plain(enum kernels_format format, const float *numbers, size_t count,
                                      uint8_t *block) {
    uint8_t levels[SMALL];
    for (size_t i = 0; i < count; i += SMALL) {
        uint16_t scale, low = 0;
        if (format == kernels_q4_0 || format == kernels_q5_0) {
            scale = quantize_around_zero(numbers + i, format == kernels_q4_0 ? 8 : 16, levels);
        } else {
            scale = quantize_from_low(numbers + i, format == kernels_q4_1 ? 15 : 31, levels, &low);
        }
        block += pack_small(format, scale, low, levels, block);
    }
    return block;
}

inlined uint8_t *quantize_small_row(enum kernels_format format, const float *numbers, const float *weights,
                                    size_t length, uint8_t *block) {
    const float spread = sum_of_squares(numbers, length) / (float)length;
    const int has_five = format == kernels_q5_0 || format == kernels_q5_1;
    uint8_t levels[SMALL];
    float spreads[PARTS], sums[PARTS];
    for (int i = 0; i < PARTS; i++) spreads[i] = spread;
    for (size_t i = 0; i < length; i += PARTS * SMALL) {
        const size_t parts = (length - i) / SMALL;
        const int count = parts < PARTS ? (int)parts : PARTS;
        if (format == kernels_q4_1 || format == kernels_q5_1) {
            const struct affine_search *search = &small_searches[has_five];
            struct affine_fit fits[PARTS];
            fit_affine_parts(search, numbers + i, weights + i, spreads, count, fits, sums);
            for (int part = 0; part < count; part++) {
                label_affine(numbers + i + SMALL * part, SMALL, search->most, &fits[part], levels);
                const uint16_t scale = narrowed(fits[part].scale), low = narrowed(-fits[part].offset);
                block += pack_small(format, scale, low, levels, block);
            }
        } else {
            const int most = has_five ? 16 : 8;
            struct signed_fit fits[PARTS];
            fit_signed_parts(by_importance, SMALL, most, numbers + i, weights + i, spreads, count, fits,
                             sums);
            for (int part = 0; part < count; part++) {
                label_signed(numbers + i + SMALL * part, SMALL, most, fits[part], levels);
                block += pack_small(format, narrowed(fits[part].scale), 0, levels, block);
            }
        }
    }
    return block;
}

static void quantize_q8_0(const float *numbers, size_t count, uint8_t *block) {
    for (size_t i = 0; i < count; i += SMALL) {
        const uint16_t scale = quantize_bytes(numbers + i, (int8_t *)block + 2);
        memcpy(block, &scale, sizeof scale);
        block += 34;
    }
}

// MARK: Blocks of 256 with an offset

struct affine_fits {
    struct affine_fit fits[PARTS];
    float sums[PARTS];
};

/// How many whole blocks with so many sub-blocks are fitted at once.
inlined int batch_of(size_t count, int each) {
    const size_t blocks = count / LARGE;
    return blocks < PARTS / (size_t)each ? (int)blocks : PARTS / each;
}

/// What is usual in each of some blocks, for their sub-blocks.
inlined void spread_of_blocks(const float *numbers, int blocks, int each, float doubling, float *spreads) {
    float sums[PARTS] = {0};
    // Side by side the additions need not wait for one another.
    for (int i = 0; i < LARGE; i++) {
        for (int block = 0; block < blocks; block++) {
            const float number = numbers[LARGE * block + i];
            sums[block] += number * number;
        }
    }
    for (int i = 0; i < each * blocks; i++) {
        // Doubled before it is divided: it may be as large as a float can be.
        spreads[i] = doubling * sums[i / each] / LARGE;
    }
}

inlined void fit_large(const struct affine_search *search, const float *numbers, const float *weights,
                       float doubling, int blocks, struct affine_fits *found) {
    const int each = LARGE / search->size;
    float spreads[PARTS];
    if (weights != NULL) spread_of_blocks(numbers, blocks, each, doubling, spreads);
    fit_affine_parts(search, numbers, weights, spreads, each * blocks, found->fits, found->sums);
}

/// Fits a batch with the search for its kind, with weights or without; the sums of the weights, if there are any.
inlined const float *fit_batch(const struct affine_search *plain, const struct affine_search *weighted,
                               const float *numbers, const float *weights, float doubling, int blocks,
                               struct affine_fits *found) {
    // Each call has one search only, which the compiler knows.
    if (weights != NULL) {
        fit_large(weighted, numbers, weights, doubling, blocks, found);
        return found->sums;
    }
    fit_large(plain, numbers, NULL, doubling, blocks, found);
    return NULL;
}

inlined void split_fits(const struct affine_fit *fits, int count, float *scales, float *offsets) {
    for (int i = 0; i < count; i++) {
        scales[i] = fits[i].scale;
        offsets[i] = fits[i].offset;
    }
}

/// The levels of a block; those of sub-blocks without a scale stay as the search left them.
inlined void level_affine(const float *numbers, int size, int most, const struct affine_fit *fits,
                          const float *scales, const float *offsets, uint8_t levels[LARGE]) {
    relevel_affine(numbers, size, most, scales, offsets, levels);
    for (int i = 0; i < LARGE / size; i++) {
        if (scales[i] == 0) label_affine(numbers + size * i, size, most, &fits[i], levels + size * i);
    }
}

inlined void finish_q2_K(const float *numbers, const struct affine_fit *fits, const float *sums,
                         struct block_q2_K *block) {
    float scales[16], offsets[16];
    uint8_t levels[LARGE];
    split_fits(fits, 16, scales, offsets);
    encode_sixteen(scales, offsets, sums, block);
    for (int i = 0; i < 16; i++) {
        scales[i] = widened(block->scale) * (float)(block->codes[i] & 15);
        offsets[i] = widened(block->offset) * (float)(block->codes[i] >> 4);
    }
    level_affine(numbers, 16, 3, fits, scales, offsets, levels);
    pack_large_pairs(levels, 0, block->pairs);
}

static void quantize_q2_K(const float *numbers, const float *weights, size_t count,
                          struct block_q2_K *block) {
    static const struct affine_search plain = {by_size, 16, 3, -0.5f, 0.1f, 15, 1, 0};
    static const struct affine_search weighted = {by_importance, 16, 3, -0.9f, 0.05f, 36, 0, 1};
    struct affine_fits found;
    for (size_t i = 0; i < count;) {
        const int blocks = batch_of(count - i, 16);
        const float *sums = fit_batch(&plain, &weighted, numbers + i, weights == NULL ? NULL : weights + i, 1,
                                      blocks, &found);
        for (int part = 0; part < 16 * blocks; part += 16, i += LARGE) {
            finish_q2_K(numbers + i, found.fits + part, sums == NULL ? NULL : sums + part, block++);
        }
    }
}

inlined void finish_eight(const float *numbers, int most, const struct affine_fit *fits, const float *sums,
                          uint16_t *scale, uint16_t *offset, uint8_t codes[12], uint8_t levels[LARGE]) {
    float scales[8], offsets[8];
    split_fits(fits, 8, scales, offsets);
    encode_eight(scales, offsets, sums, sums == NULL || most == 31, scale, offset, codes);
    for (int i = 0; i < 8; i++) {
        uint8_t scale_code, offset_code;
        unpack_codes(codes, i, &scale_code, &offset_code);
        scales[i] = widened(*scale) * (float)scale_code;
        offsets[i] = widened(*offset) * (float)offset_code;
    }
    level_affine(numbers, 32, most, fits, scales, offsets, levels);
}

static void quantize_q4_K(const float *numbers, const float *weights, size_t count,
                          struct block_q4_K *block) {
    static const struct affine_search plain = {by_size_and_usual, 32, 15, -1, 0.1f, 20, 0, 0};
    static const struct affine_search weighted = {by_importance, 32, 15, -0.9f, 0.05f, 36, 0, 1};
    struct affine_fits found;
    uint8_t levels[LARGE];
    for (size_t i = 0; i < count;) {
        const int blocks = batch_of(count - i, 8);
        const float *sums = fit_batch(&plain, &weighted, numbers + i, weights == NULL ? NULL : weights + i, 2,
                                      blocks, &found);
        for (int part = 0; part < 8 * blocks; part += 8, i += LARGE, block++) {
            finish_eight(numbers + i, 15, found.fits + part, sums == NULL ? NULL : sums + part,
                         &block->scale, &block->offset, block->codes, levels);
            pack_large_nibbles(levels, block->nibbles);
        }
    }
}

static void quantize_q5_K(const float *numbers, const float *weights, size_t count,
                          struct block_q5_K *block) {
    static const struct affine_search plain = {by_size_and_usual, 32, 31, -0.5f, 0.1f, 15, 0, 0};
    static const struct affine_search weighted = {by_importance, 32, 31, -0.9f, 0.05f, 36, 0, 1};
    struct affine_fits found;
    uint8_t levels[LARGE];
    for (size_t i = 0; i < count;) {
        const int blocks = batch_of(count - i, 8);
        const float *sums = fit_batch(&plain, &weighted, numbers + i, weights == NULL ? NULL : weights + i, 2,
                                      blocks, &found);
        for (int part = 0; part < 8 * blocks; part += 8, i += LARGE, block++) {
            finish_eight(numbers + i, 31, found.fits + part, sums == NULL ? NULL : sums + part,
                         &block->scale, &block->offset, block->codes, levels);
            pack_large_bits(levels, 4, block->fifths);
            pack_large_nibbles(levels, block->nibbles);
        }
    }
}

// MARK: Blocks of 256 around zero

/// The levels of a block that has its scales; without fits those of sub-blocks without a scale are searched
/// again.
inlined void finish_q3_K(const float *numbers, const struct signed_fit *fits, struct block_q3_K *block) {
    uint8_t levels[LARGE];
    float scales[16];
    for (int i = 0; i < 16; i++) {
        scales[i] = widened(block->scale) * (float)unpack_signed_code(block->codes, i);
    }
    relevel_signed(numbers, 4, scales, levels);
    for (int i = 0; i < 16; i++) {
        if (scales[i] != 0) continue;
        if (fits != NULL) {
            label_signed(numbers + 16 * i, 16, 4, fits[i], levels + 16 * i);
        } else {
            descend(numbers + 16 * i, 4, levels + 16 * i);
        }
    }
    pack_large_bits(levels, 2, block->thirds);
    pack_large_pairs(levels, 0, block->pairs);
}

static void quantize_q3_K_weighted(const float *numbers, const float *weights, size_t count,
                                   struct block_q3_K *block) {
    float scales[16], sums[PARTS], spreads[PARTS];
    struct signed_fit fits[PARTS];
    for (size_t i = 0; i < count;) {
        const int blocks = batch_of(count - i, 16);
        spread_of_blocks(numbers + i, blocks, 16, 2, spreads);
        fit_signed_parts(by_importance, 16, 4, numbers + i, weights + i, spreads, 16 * blocks, fits, sums);
        for (int part = 0; part < 16 * blocks; part += 16, i += LARGE, block++) {
            uint8_t codes[16];
            for (int each = 0; each < 16; each++) scales[each] = fits[part + each].scale;
            const struct signed_fit fit = fit_signed(scales, sums + part, 16, 32);
            label_signed(scales, 16, 32, fit, codes);
            pack_signed_codes(codes, block->codes);
            block->scale = narrowed(fit.scale);
            finish_q3_K(numbers + i, fits + part, block);
        }
    }
}

static void quantize_q3_K(const float *numbers, const float *weights, size_t count,
                          struct block_q3_K *block) {
    if (weights != NULL) return quantize_q3_K_weighted(numbers, weights, count, block);
    float scales[PARTS];
    for (size_t i = 0; i < count;) {
        const int blocks = batch_of(count - i, 16);
        descend_parts(4, numbers + i, 16 * blocks, scales);
        for (int part = 0; part < 16 * blocks; part += 16, i += LARGE, block++) {
            encode_signed(scales + part, block);
            finish_q3_K(numbers + i, NULL, block);
        }
    }
}

inlined void finish_q6_K(const float *numbers, const struct signed_fit *fits, struct block_q6_K *block) {
    uint8_t levels[LARGE];
    float scales[16];
    for (int i = 0; i < 16; i++) scales[i] = fits[i].scale;
    if (!encode_bytes(scales, block)) return;
    for (int i = 0; i < 16; i++) scales[i] = widened(block->scale) * (float)block->codes[i];
    relevel_signed(numbers, 32, scales, levels);
    for (int i = 0; i < 16; i++) {
        if (scales[i] == 0) label_signed(numbers + 16 * i, 16, 32, fits[i], levels + 16 * i);
    }
    pack_wide_nibbles(levels, block->nibbles);
    pack_large_pairs(levels, 4, block->pairs);
}

static void quantize_q6_K(const float *numbers, const float *weights, size_t count,
                          struct block_q6_K *block) {
    float sums[PARTS], spreads[PARTS];
    struct signed_fit fits[PARTS];
    for (size_t i = 0; i < count;) {
        const int blocks = batch_of(count - i, 16);
        if (weights != NULL) {
            fit_signed_parts(as_given, 16, 32, numbers + i, weights + i, spreads, 16 * blocks, fits, sums);
        } else {
            fit_signed_parts(by_square, 16, 32, numbers + i, NULL, spreads, 16 * blocks, fits, sums);
        }
        for (int part = 0; part < 16 * blocks; part += 16, i += LARGE) {
            finish_q6_K(numbers + i, fits + part, block++);
        }
    }
}

// MARK: All of them

static uint8_t *quantize_small(enum kernels_format format, const float *numbers, const float *weights,
                               size_t length, uint8_t *block) {
    switch (format) {
    case kernels_q4_0:
        return weights != NULL ? quantize_small_row(kernels_q4_0, numbers, weights, length, block)
                               : quantize_small_plain(kernels_q4_0, numbers, length, block);
    case kernels_q4_1:
        return weights != NULL ? quantize_small_row(kernels_q4_1, numbers, weights, length, block)
                               : quantize_small_plain(kernels_q4_1, numbers, length, block);
    case kernels_q5_0:
        return weights != NULL ? quantize_small_row(kernels_q5_0, numbers, weights, length, block)
                               : quantize_small_plain(kernels_q5_0, numbers, length, block);
    default:
        return weights != NULL ? quantize_small_row(kernels_q5_1, numbers, weights, length, block)
                               : quantize_small_plain(kernels_q5_1, numbers, length, block);
    }
}

static void quantize(enum kernels_format format, const float *rows, const float *weights, size_t length,
                     size_t count, void *blocks) {
    // Without weights a row is nothing special: all of them are one.
    const size_t run = weights != NULL ? length : length * count;
    const size_t runs = weights != NULL ? count : 1;
    uint8_t *to = blocks;
    for (size_t i = 0; i < runs && run > 0; i++, rows += run) {
        const size_t large = run / LARGE;
        switch (format) {
        case kernels_q8_0:
            quantize_q8_0(rows, run, to);
            to += run / SMALL * 34;
            break;
        case kernels_q2_K:
            quantize_q2_K(rows, weights, run, (struct block_q2_K *)to);
            to += large * sizeof(struct block_q2_K);
            break;
        case kernels_q3_K:
            quantize_q3_K(rows, weights, run, (struct block_q3_K *)to);
            to += large * sizeof(struct block_q3_K);
            break;
        case kernels_q4_K:
            quantize_q4_K(rows, weights, run, (struct block_q4_K *)to);
            to += large * sizeof(struct block_q4_K);
            break;
        case kernels_q5_K:
            quantize_q5_K(rows, weights, run, (struct block_q5_K *)to);
            to += large * sizeof(struct block_q5_K);
            break;
        case kernels_q6_K:
            quantize_q6_K(rows, weights, run, (struct block_q6_K *)to);
            to += large * sizeof(struct block_q6_K);
            break;
        default: to = quantize_small(format, rows, weights, run, to);
        }
    }
}

#endif
