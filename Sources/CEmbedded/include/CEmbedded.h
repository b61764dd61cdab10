#include <stddef.h>

/// The shipped stacks and catalog, compiled into the binary from `stacks/` and `config/`.
struct embedded_file {
    /// Where the file lies in the home, for example `stacks/vllm/stack.yaml`.
    const char *path;
    const unsigned char *bytes;
    size_t count;
};

/// The number of files.
extern const size_t embedded_file_count;
/// A file by its index, or `NULL` beyond the last one.
const struct embedded_file *embedded_file_at(size_t index);
/// The git commit of the build, or `unknown`.
const char *embedded_commit(void);
