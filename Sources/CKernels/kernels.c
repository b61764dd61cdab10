#include "CKernels.h"
#include "blocks.h"

#pragma STDC FP_CONTRACT OFF

extern const struct kernels kernels_scalar, kernels_baseline;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2, kernels_avx512;
#endif

const struct kernels *kernels_set(size_t index) {
    static const struct kernels *const sets[] = {
        &kernels_scalar,
        &kernels_baseline,
#if defined(__x86_64__)
        &kernels_avx2,
        &kernels_avx512,
#endif
    };
    return index < sizeof sets / sizeof *sets ? sets[index] : NULL;
}

const struct kernels *kernels_fastest(void) {
    const struct kernels *fastest = &kernels_scalar;
    for (size_t i = 0; kernels_set(i) != NULL; i++) {
        if (kernels_set(i)->is_supported()) fastest = kernels_set(i);
    }
    return fastest;
}
