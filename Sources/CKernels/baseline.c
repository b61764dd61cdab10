#include <math.h>

#include "CKernels.h"

extern const struct kernels kernels_scalar;

// Without an instruction for halves the bits are moved by hand.
#define WIDENED widened_all

static int is_supported(void) { return 1; }

// SSE2 has no instruction for the smaller of two integers.
#if defined(__SSE2__)
#define HAS_INTEGER_BOUNDS 0
#else
#define HAS_INTEGER_BOUNDS 1
#endif
#define LANES 16
#include "vector.h"

/// What every machine of the architecture has: SSE2 or NEON.
const struct kernels kernels_baseline = KERNELS("baseline");
