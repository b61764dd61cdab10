#include "CKernels.h"
#include "blocks.h"

#pragma STDC FP_CONTRACT OFF

// What an engine makes of blocks. Only samples are read this way, so there is one version for all machines.

static void dequantize_small(enum kernels_format format, const uint8_t *block, float *numbers) {
    uint16_t scale, low = 0;
    memcpy(&scale, block, sizeof scale);
    block += sizeof scale;
    if (format == kernels_q8_0) {
        for (int i = 0; i < SMALL; i++) numbers[i] = (float)(int8_t)block[i] * widened(scale);
        return;
    }
    const int is_affine = format == kernels_q4_1 || format == kernels_q5_1;
    const int has_five = format == kernels_q5_0 || format == kernels_q5_1;
    if (is_affine) {
        memcpy(&low, block, sizeof low);
        block += sizeof low;
    }
    const uint8_t *fifths = block;
    if (has_five) block += 4;
    const int middle = is_affine ? 0 : has_five ? 16 : 8;
    for (int i = 0; i < SMALL; i++) {
        int level = i < 16 ? block[i] & 15 : block[i - 16] >> 4;
        if (has_five) level |= (fifths[i / 8] >> i % 8 & 1) << 4;
        const float value = (float)(level - middle) * widened(scale);
        numbers[i] = is_affine ? value + widened(low) : value;
    }
}

static void dequantize_q2_K(const struct block_q2_K *block, float *numbers) {
    for (int i = 0; i < LARGE; i++) {
        const uint8_t code = block->codes[i / 16];
        const int level = block->pairs[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
        const float scale = widened(block->scale) * (float)(code & 15);
        numbers[i] = scale * (float)level - widened(block->offset) * (float)(code >> 4);
    }
}

static void dequantize_q3_K(const struct block_q3_K *block, float *numbers) {
    for (int i = 0; i < LARGE; i++) {
        const float scale = widened(block->scale) * (float)unpack_signed_code(block->codes, i / 16);
        const int low = block->pairs[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
        const int high = block->thirds[i % 32] >> i / 32 & 1;
        numbers[i] = scale * (float)(low - (high ? 0 : 4));
    }
}

static void dequantize_eight(uint16_t scale, uint16_t offset, const uint8_t codes[12], const uint8_t *fifths,
                             const uint8_t *nibbles, float *numbers) {
    for (int i = 0; i < LARGE; i++) {
        uint8_t scale_code, offset_code;
        unpack_codes(codes, i / 32, &scale_code, &offset_code);
        int level = nibbles[i / 64 * 32 + i % 32] >> i % 64 / 32 * 4 & 15;
        if (fifths != NULL) level |= (fifths[i % 32] >> i / 32 & 1) << 4;
        const float factor = widened(scale) * (float)scale_code;
        numbers[i] = factor * (float)level - widened(offset) * (float)offset_code;
    }
}

static void dequantize_q6_K(const struct block_q6_K *block, float *numbers) {
    for (int i = 0; i < LARGE; i++) {
        const int low = block->nibbles[i / 128 * 64 + i % 64] >> i % 128 / 64 * 4 & 15;
        const int high = block->pairs[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
        numbers[i] = widened(block->scale) * (float)block->codes[i / 16] * (float)((low | high << 4) - 32);
    }
}

/// What is the same for all blocks of a format.
struct layout {
    size_t elements, size;
    /// Where the scales lie, the second one perhaps where the first one does.
    size_t scale, other;
};

static const struct layout layouts[] = {
    [kernels_q4_0] = {SMALL, 18, 0, 0},
    [kernels_q4_1] = {SMALL, 20, 0, 2},
    [kernels_q5_0] = {SMALL, 22, 0, 0},
    [kernels_q5_1] = {SMALL, 24, 0, 2},
    [kernels_q8_0] = {SMALL, 34, 0, 0},
    [kernels_q2_K] = {LARGE, sizeof(struct block_q2_K), 80, 82},
    [kernels_q3_K] = {LARGE, sizeof(struct block_q3_K), 108, 108},
    [kernels_q4_K] = {LARGE, sizeof(struct block_q4_K), 0, 2},
    [kernels_q5_K] = {LARGE, sizeof(struct block_q5_K), 0, 2},
    [kernels_q6_K] = {LARGE, sizeof(struct block_q6_K), 208, 208},
};

void kernels_dequantize(enum kernels_format format, const void *blocks, float *numbers, size_t count) {
    const struct layout layout = layouts[format];
    const uint8_t *at = blocks;
    for (size_t i = 0; i < count; i += layout.elements, at += layout.size, numbers += layout.elements) {
        switch (format) {
        case kernels_q2_K: {
            struct block_q2_K block;
            memcpy(&block, at, sizeof block);
            dequantize_q2_K(&block, numbers);
            break;
        }
        case kernels_q3_K: {
            struct block_q3_K block;
            memcpy(&block, at, sizeof block);
            dequantize_q3_K(&block, numbers);
            break;
        }
        case kernels_q4_K: {
            struct block_q4_K block;
            memcpy(&block, at, sizeof block);
            dequantize_eight(block.scale, block.offset, block.codes, NULL, block.nibbles, numbers);
            break;
        }
        case kernels_q5_K: {
            struct block_q5_K block;
            memcpy(&block, at, sizeof block);
            dequantize_eight(block.scale, block.offset, block.codes, block.fifths, block.nibbles, numbers);
            break;
        }
        case kernels_q6_K: {
            struct block_q6_K block;
            memcpy(&block, at, sizeof block);
            dequantize_q6_K(&block, numbers);
            break;
        }
        default: dequantize_small(format, at, numbers);
        }
    }
}

static int is_finite_half(const uint8_t *at) {
    uint16_t half;
    memcpy(&half, at, sizeof half);
    return (half & 0x7c00) != 0x7c00;
}

int kernels_has_finite_scales(enum kernels_format format, const void *blocks, size_t count) {
    const struct layout layout = layouts[format];
    const uint8_t *at = blocks;
    int is_finite = 1;
    for (size_t i = 0; i < count; i += layout.elements, at += layout.size) {
        is_finite &= is_finite_half(at + layout.scale) & is_finite_half(at + layout.other);
    }
    return is_finite;
}
