#if defined(__x86_64__)

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

extern const struct kernels kernels_scalar;

static int is_supported(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c");
}

#pragma clang attribute push(__attribute__((target("avx2,f16c"))), apply_to = function)

#define WIDENED(value) __builtin_convertvector((narrow_floats)(value), floats)
typedef _Float16 narrow_floats __attribute__((vector_size(32)));

#define HAS_INTEGER_BOUNDS 1
#define LANES 16
#include "vector.h"

#pragma clang attribute pop

/// AVX2 with F16C.
const struct kernels kernels_avx2 = KERNELS("avx2");

#endif
