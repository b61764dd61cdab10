// How many numbers a second one core puts into blocks, with each instruction set that this machine has.

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "CKernels.h"

enum { LENGTH = 4096, ROWS = 16, COUNT = LENGTH * ROWS };

static const char *const names[] = {
    "q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q2_K", "q3_K", "q4_K", "q5_K", "q6_K",
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/// Millions of numbers a second, in the best of several runs.
static double rate(const struct kernels *set, enum kernels_format format, const float *numbers,
                   void *blocks) {
    double best = 0, end = now() + 0.5;
    do {
        const double begin = now();
        set->quantize(format, numbers, NULL, LENGTH, ROWS, blocks);
        const double reached = COUNT / (now() - begin) / 1e6;
        if (reached > best) best = reached;
    } while (now() < end);
    return best;
}

int main(void) {
    static float numbers[COUNT];
    static uint8_t blocks[COUNT * 2];
    srandom(1);
    for (size_t i = 0; i < COUNT; i++) {
        // About as weights are spread: the sum of some random numbers, small.
        double sum = 0;
        for (int part = 0; part < 6; part++) sum += (double)random() / RAND_MAX - 0.5;
        numbers[i] = (float)(sum * 0.02);
    }
    printf("%-10s", "Melem/s");
    for (size_t set = 0; kernels_set(set) != NULL; set++) {
        if (kernels_set(set)->is_supported()) printf("%10s", kernels_set(set)->name);
    }
    printf("\n");
    for (size_t format = 0; format < sizeof names / sizeof *names; format++) {
        printf("%-10s", names[format]);
        for (size_t set = 0; kernels_set(set) != NULL; set++) {
            if (!kernels_set(set)->is_supported()) continue;
            printf("%10.0f", rate(kernels_set(set), (enum kernels_format)format, numbers, blocks));
        }
        printf("\n");
    }
}
