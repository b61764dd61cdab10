#if defined(__x86_64__)

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

extern const struct kernels kernels_scalar;

static int is_supported(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("f16c");
}

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,f16c"))),           \
                             apply_to = function)

#define WIDENED(value) __builtin_convertvector((narrow_floats)(value), floats)
typedef _Float16 narrow_floats __attribute__((vector_size(64)));

#define HAS_INTEGER_BOUNDS 1
#define LANES 32
#include "vector.h"

#pragma clang attribute pop

/// AVX-512 with the parts that servers have had since the first.
const struct kernels kernels_avx512 = KERNELS("avx512");

#endif
