#ifndef BLOCKS_H
#define BLOCKS_H

#include "CKernels.h"
#include "numbers.h"

// The layouts of the blocks, and how levels, one a byte, get into their bits.

#define SMALL 32
#define LARGE 256

struct block_q2_K {
    uint8_t codes[16];
    uint8_t pairs[64];
    uint16_t scale, offset;
};
struct block_q3_K {
    uint8_t thirds[32];
    uint8_t pairs[64];
    uint8_t codes[12];
    uint16_t scale;
};
struct block_q4_K {
    uint16_t scale, offset;
    uint8_t codes[12];
    uint8_t nibbles[128];
};
struct block_q5_K {
    uint16_t scale, offset;
    uint8_t codes[12];
    uint8_t fifths[32];
    uint8_t nibbles[128];
};
struct block_q6_K {
    uint8_t nibbles[128];
    uint8_t pairs[64];
    int8_t codes[16];
    uint16_t scale;
};

/// 32 levels as nibbles: the first half in the low ones.
inlined void pack_nibbles(const uint8_t *levels, uint8_t *nibbles) {
    for (int i = 0; i < 16; i++) nibbles[i] = (uint8_t)((levels[i] & 15) | levels[i + 16] << 4);
}

/// The fifth bits of 32 levels, in their order.
inlined void pack_fifths(const uint8_t *levels, uint8_t *fifths) {
    for (int byte = 0; byte < 4; byte++) {
        uint8_t bits = 0;
        for (int i = 0; i < 8; i++) bits |= (uint8_t)((levels[8 * byte + i] >> 4 & 1) << i);
        fifths[byte] = bits;
    }
}

/// 256 levels as nibbles: of each 64, the second half in the high ones.
inlined void pack_large_nibbles(const uint8_t *levels, uint8_t *nibbles) {
    for (int part = 0; part < 4; part++) {
        const uint8_t *from = levels + 64 * part;
        for (int i = 0; i < 32; i++) nibbles[32 * part + i] = (uint8_t)((from[i] & 15) | from[i + 32] << 4);
    }
}

/// One bit of each of 256 levels: byte by byte the bits of levels that are 32 apart.
inlined void pack_large_bits(const uint8_t *levels, int shift, uint8_t *bytes) {
    for (int i = 0; i < 32; i++) {
        uint8_t bits = 0;
        for (int part = 0; part < 8; part++) bits |= (uint8_t)((levels[32 * part + i] >> shift & 1) << part);
        bytes[i] = bits;
    }
}

/// Two bits of each of 256 levels: byte by byte those of four levels that are 32 apart.
inlined void pack_large_pairs(const uint8_t *levels, int shift, uint8_t *pairs) {
    for (int half = 0; half < 2; half++) {
        const uint8_t *from = levels + 128 * half;
        for (int i = 0; i < 32; i++) {
            pairs[32 * half + i] =
                (uint8_t)((from[i] >> shift & 3) | (from[i + 32] >> shift & 3) << 2 |
                          (from[i + 64] >> shift & 3) << 4 | (from[i + 96] >> shift & 3) << 6);
        }
    }
}

/// The nibbles of 256 levels of six bits: of each 128, the second half in the high ones.
inlined void pack_wide_nibbles(const uint8_t *levels, uint8_t *nibbles) {
    for (int half = 0; half < 2; half++) {
        const uint8_t *from = levels + 128 * half;
        for (int i = 0; i < 64; i++) nibbles[64 * half + i] = (uint8_t)((from[i] & 15) | from[i + 64] << 4);
    }
}

/// The scale and the offset of sub-block `index` of a block of `q4_K` or `q5_K`, in six bits each.
inlined void unpack_codes(const uint8_t codes[12], int index, uint8_t *scale, uint8_t *offset) {
    if (index < 4) {
        *scale = codes[index] & 63;
        *offset = codes[index + 4] & 63;
    } else {
        *scale = (uint8_t)((codes[index + 4] & 15) | codes[index - 4] >> 6 << 4);
        *offset = (uint8_t)(codes[index + 4] >> 4 | codes[index] >> 6 << 4);
    }
}

inlined void pack_codes(const uint8_t scales[8], const uint8_t offsets[8], uint8_t codes[12]) {
    for (int i = 0; i < 4; i++) {
        // A code beyond six bits loses nothing here: the reference adds to it just so.
        codes[i] = (uint8_t)(scales[i] | scales[i + 4] >> 4 << 6);
        codes[i + 4] = (uint8_t)(offsets[i] | offsets[i + 4] >> 4 << 6);
        codes[i + 8] = (uint8_t)((scales[i + 4] & 15) | (offsets[i + 4] & 15) << 4);
    }
}

/// The scale of sub-block `index` of a block of `q3_K`, from -32 to 31.
inlined int unpack_signed_code(const uint8_t codes[12], int index) {
    const int low = index < 8 ? codes[index] & 15 : codes[index - 8] >> 4;
    return (low | (codes[8 + index % 4] >> 2 * (index / 4) & 3) << 4) - 32;
}

/// Puts scales from 0, which means -32, to 63 into a block of `q3_K`.
inlined void pack_signed_codes(const uint8_t scales[16], uint8_t codes[12]) {
    for (int i = 0; i < 8; i++) codes[i] = (uint8_t)((scales[i] & 15) | scales[i + 8] << 4);
    for (int i = 0; i < 4; i++) {
        codes[i + 8] = (uint8_t)((scales[i] >> 4) | scales[i + 4] >> 4 << 2 | scales[i + 8] >> 4 << 4 |
                                 scales[i + 12] >> 4 << 6);
    }
}

/// Writes a block of 32 levels with their scale and, where the format has one, what zero stands for; answers
/// its size.
inlined size_t pack_small(enum kernels_format format, uint16_t scale, uint16_t low, const uint8_t *levels,
                          uint8_t *block) {
    size_t size = 0;
    memcpy(block, &scale, sizeof scale);
    size += sizeof scale;
    if (format == kernels_q4_1 || format == kernels_q5_1) {
        memcpy(block + size, &low, sizeof low);
        size += sizeof low;
    }
    if (format == kernels_q5_0 || format == kernels_q5_1) {
        pack_fifths(levels, block + size);
        size += 4;
    }
    pack_nibbles(levels, block + size);
    return size + 16;
}

#endif
