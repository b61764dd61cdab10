#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// A format of ggml that stores numbers in blocks with common scales.
///
/// Formats with a `K` have blocks of 256 elements, the others of 32.
enum __attribute__((enum_extensibility(closed))) kernels_format {
    kernels_q4_0,
    kernels_q4_1,
    kernels_q5_0,
    kernels_q5_1,
    kernels_q8_0,
    kernels_q2_K,
    kernels_q3_K,
    kernels_q4_K,
    kernels_q5_K,
    kernels_q6_K,
};

/// The inner loops, compiled for one instruction set.
///
/// All sets give the same bytes, and those of llama.cpp on x86-64: each operation rounds on its own, in the
/// order of the reference, and nothing is contracted.
struct __attribute__((swift_attr("@Sendable"))) kernels {
    /// What the instruction set is called.
    const char *name;
    /// Whether this machine has it.
    int (*is_supported)(void);

    /// Whether none of the numbers is infinite or not a number.
    int (*is_finite_f32)(const float *numbers, size_t count);
    int (*is_finite_f16)(const uint16_t *numbers, size_t count);
    int (*is_finite_bf16)(const uint16_t *numbers, size_t count);

    /// Halves of either kind made to floats, which are exact; the halves must be finite.
    void (*widen_f16)(const uint16_t *numbers, float *wide, size_t count);
    void (*widen_bf16)(const uint16_t *numbers, float *wide, size_t count);
    /// Floats rounded to the nearest half, the even one of two; those too large become infinite.
    void (*narrow_f16)(const float *numbers, uint16_t *narrow, size_t count);
    void (*narrow_bf16)(const float *numbers, uint16_t *narrow, size_t count);

    /// Puts `count` rows of `length` finite numbers into blocks.
    ///
    /// `length` is a multiple of the block's elements. `weights`, if there are any, has one weight for each
    /// number of a row: how much an error there matters.
    void (*quantize)(enum kernels_format format, const float *rows, const float *_Nullable weights,
                     size_t length, size_t count, void *blocks);
};

/// The sets that were compiled in, from the plain reference, which every machine has, to the widest;
/// `NULL` behind the last one.
const struct kernels *_Nullable kernels_set(size_t index);

/// The fastest set that this machine has.
const struct kernels *kernels_fastest(void);

/// Makes `count` numbers, which are whole blocks, from blocks.
void kernels_dequantize(enum kernels_format format, const void *blocks, float *numbers, size_t count);

/// Whether the scales of `count` numbers' blocks are finite.
int kernels_has_finite_scales(enum kernels_format format, const void *blocks, size_t count);

#pragma clang assume_nonnull end

#endif
