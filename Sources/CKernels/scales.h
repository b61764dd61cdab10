#ifndef SCALES_H
#define SCALES_H

#include "blocks.h"

// How the scales and offsets that were found for the sub-blocks of a large block become its codes. Sixteen
// numbers a block are too few for vectors, so all sets share this.

inlined float fit_codes_error(const float *numbers, const float *weights, int count, int most, float factor) {
    const float scale = 1 / factor;
    float error = 0;
    for (int i = 0; i < count; i++) {
        const int code = nearest(factor * numbers[i]);
        const float difference = numbers[i] - scale * (float)(code < most ? code : most);
        error += weights[i] * difference * difference;
    }
    return error;
}

/// Changes one code after the other as long as the fit gets better.
inlined float improve_codes(const float *numbers, const float *weights, int count, int most, uint8_t *codes,
                            float product, float square) {
    for (int round = 0; round < 5; round++) {
        int changes = 0;
        for (int i = 0; i < count; i++) {
            const float weight = weights[i], old = codes[i];
            float others = product - weight * numbers[i] * old;
            float squares = square - weight * old * old;
            if (!(others > 0 && squares > 0)) continue;
            int code = nearest(numbers[i] * squares / others);
            if (code > most) code = most;
            if (code == codes[i]) continue;
            others += weight * numbers[i] * (float)code;
            squares += weight * (float)code * (float)code;
            if (!(others * others * square > product * product * squares)) continue;
            codes[i] = (uint8_t)code;
            product = others;
            square = squares;
            changes++;
        }
        if (changes == 0) break;
    }
    return square > 0 ? product / square : 0;
}

/// Fits integers from 0 to `most` to numbers by weight; answers their scale.
inlined float fit_codes(const float *numbers, const float *weights, int count, int most, uint8_t *codes) {
    float largest = 0;
    for (int i = 0; i < count; i++) largest = largest > numbers[i] ? largest : numbers[i];
    if (largest < NEGLIGIBLE) {
        memset(codes, 0, (size_t)count);
        return 0;
    }
    float factor = (float)most / largest;
    const float first = 1 / factor;
    float least = 0;
    for (int i = 0; i < count; i++) {
        // Here a code goes through a byte and has no bound; in the attempts it has.
        const float difference = numbers[i] - first * (float)(uint8_t)nearest(factor * numbers[i]);
        least += weights[i] * difference * difference;
    }
    for (int attempt = -4; attempt <= 4; attempt++) {
        if (attempt == 0) continue;
        const float other = (0.1f * (float)attempt + (float)most) / largest;
        const float error = fit_codes_error(numbers, weights, count, most, other);
        if (error < least) {
            least = error;
            factor = other;
        }
    }
    float product = 0, square = 0;
    for (int i = 0; i < count; i++) {
        int code = nearest(factor * numbers[i]);
        if (code > most) code = most;
        codes[i] = (uint8_t)code;
        product += weights[i] * numbers[i] * (float)code;
        square += weights[i] * (float)code * (float)code;
    }
    return improve_codes(numbers, weights, count, most, codes, product, square);
}

inlined float largest_of(const float *numbers, int count) {
    float largest = 0;
    for (int i = 0; i < count; i++) largest = numbers[i] > largest ? numbers[i] : largest;
    return largest;
}

/// The number that is farthest from zero, the first one of several.
inlined float farthest_of(const float *numbers, int count) {
    float farthest = 0, distance = 0;
    for (int i = 0; i < count; i++) {
        if (magnitude(numbers[i]) > distance) {
            distance = magnitude(numbers[i]);
            farthest = numbers[i];
        }
    }
    return farthest;
}

/// The scales and offsets of `q4_K` and `q5_K`; `sums` are the weights of the sub-blocks, if there are
/// weights.
inlined void encode_eight(const float *scales, const float *offsets, const float *sums, int are_bounded,
                          uint16_t *scale, uint16_t *offset, uint8_t codes[12]) {
    uint8_t scale_codes[8], offset_codes[8];
    if (sums != NULL) {
        *scale = narrowed(fit_codes(scales, sums, 8, 63, scale_codes));
        *offset = narrowed(fit_codes(offsets, sums, 8, 63, offset_codes));
    } else {
        const float largest_scale = largest_of(scales, 8), largest_offset = largest_of(offsets, 8);
        const float scale_factor = largest_scale > 0 ? 63 / largest_scale : 0;
        const float offset_factor = largest_offset > 0 ? 63 / largest_offset : 0;
        for (int i = 0; i < 8; i++) {
            scale_codes[i] = (uint8_t)nearest(scale_factor * scales[i]);
            offset_codes[i] = (uint8_t)nearest(offset_factor * offsets[i]);
        }
        *scale = narrowed(largest_scale / 63);
        *offset = narrowed(largest_offset / 63);
    }
    if (are_bounded) {
        for (int i = 0; i < 8; i++) {
            if (scale_codes[i] > 63) scale_codes[i] = 63;
            if (offset_codes[i] > 63) offset_codes[i] = 63;
        }
    }
    pack_codes(scale_codes, offset_codes, codes);
}

inlined uint16_t encode_half(const float *numbers, uint8_t codes[16]) {
    const float largest = largest_of(numbers, 16);
    memset(codes, 0, 16);
    if (!(largest > 0)) return 0;
    const float factor = 15 / largest;
    for (int i = 0; i < 16; i++) codes[i] = (uint8_t)nearest(factor * numbers[i]);
    return narrowed(largest / 15);
}

/// The scales and offsets of `q2_K`.
inlined void encode_sixteen(const float *scales, const float *offsets, const float *sums,
                            struct block_q2_K *block) {
    uint8_t scale_codes[16], offset_codes[16];
    if (sums != NULL) {
        block->scale = narrowed(fit_codes(scales, sums, 16, 15, scale_codes));
        block->offset = narrowed(fit_codes(offsets, sums, 16, 15, offset_codes));
    } else {
        block->scale = encode_half(scales, scale_codes);
        block->offset = encode_half(offsets, offset_codes);
    }
    for (int i = 0; i < 16; i++) block->codes[i] = (uint8_t)(scale_codes[i] | offset_codes[i] << 4);
}

/// The scales of `q3_K` without weights.
inlined void encode_signed(const float *scales, struct block_q3_K *block) {
    const float farthest = farthest_of(scales, 16);
    memset(block->codes, 0, sizeof block->codes);
    block->scale = 0;
    if (farthest == 0) return;
    const float factor = -32 / farthest;
    uint8_t codes[16];
    for (int i = 0; i < 16; i++) {
        // The code goes through a signed byte before it is bounded.
        codes[i] = (uint8_t)(clamped((int8_t)nearest(factor * scales[i]), -32, 31) + 32);
    }
    pack_signed_codes(codes, block->codes);
    block->scale = narrowed(1 / factor);
}

/// The scales of `q6_K`; answers whether there is anything in the block but zeros.
inlined int encode_bytes(const float *scales, struct block_q6_K *block) {
    const float farthest = farthest_of(scales, 16);
    if (magnitude(farthest) < NEGLIGIBLE) {
        memset(block, 0, sizeof *block);
        return 0;
    }
    const float factor = -128 / farthest;
    block->scale = narrowed(1 / factor);
    for (int i = 0; i < 16; i++) {
        const int code = nearest(factor * scales[i]);
        block->codes[i] = (int8_t)(code < 127 ? code : 127);
    }
    return 1;
}

#endif
