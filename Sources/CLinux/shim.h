// Calls that glibc declares for GNU programs only, which Swift's Glibc module leaves out.
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

/// Swaps what two names stand for, in one step; 0, or -1 with errno set.
static inline int linux_exchange(const char *one, const char *other) {
    return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}
/// Copies up to `count` bytes from one file's position to another's; the number copied, or -1 with errno set.
static inline ssize_t linux_copy(int from, int to, size_t count) {
    return copy_file_range(from, NULL, to, NULL, count, 0);
}
/// Reserves the disk's room for the first `count` bytes of a file without changing its length; 0, or -1 with errno set.
static inline int linux_reserve(int file, off_t count) { return fallocate(file, FALLOC_FL_KEEP_SIZE, 0, count); }
/// Has the kernel begin to write a file's changed pages to the disk; where it cannot, they are written later.
static inline void linux_start_writing(int file) { sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE); }
/// Has a child close all descriptors from a number on; 0, or an error's number. The header of `posix_spawn` cannot be
/// read here: what it brings along is defined otherwise for programs that are not GNU's.
static inline int linux_close_from(void *actions, int first) {
    extern int posix_spawn_file_actions_addclosefrom_np(void *, int);
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
/// The seconds and the nanoseconds of a file's last change. In Swift, the fields of the time belong to one module or to
/// another by the order in which files are compiled.
static inline long long linux_changed_seconds(const struct stat *status) { return status->st_mtim.tv_sec; }
static inline long long linux_changed_nanoseconds(const struct stat *status) { return status->st_mtim.tv_nsec; }
/// The number of processors that this process may run on, or -1 with errno set.
static inline int linux_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}
