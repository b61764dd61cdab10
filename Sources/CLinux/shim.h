// Calls that glibc declares for GNU programs only, which Swift's Glibc module leaves out.
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <fcntl.h>

/// Swaps what two names stand for, in one step; 0, or -1 with errno set.
static inline int linux_exchange(const char *one, const char *other) {
    return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}
/// Copies up to `count` bytes from one file's position to another's; the number copied, or -1 with errno set.
static inline ssize_t linux_copy(int from, int to, size_t count) {
    return copy_file_range(from, NULL, to, NULL, count, 0);
}
