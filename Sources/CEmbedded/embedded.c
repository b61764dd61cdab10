#include "CEmbedded.h"

// `#embed` rather than a SwiftPM resource: no bundle beside the binary, and an edit of a file rebuilds just this one.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char limits[] = {
#embed "../../config/limits.yaml"
};
static const unsigned char models[] = {
#embed "../../config/models.yaml"
};
static const unsigned char profiles[] = {
#embed "../../config/profiles.yaml"
};
static const unsigned char signatures[] = {
#embed "../../config/signatures.yaml"
};
static const unsigned char llamacpp_stack[] = {
#embed "../../stacks/llamacpp/stack.yaml"
};
static const unsigned char llamacpp_compose[] = {
#embed "../../stacks/llamacpp/compose.yaml"
};
static const unsigned char mistral_stack[] = {
#embed "../../stacks/mistral/stack.yaml"
};
static const unsigned char mistral_compose[] = {
#embed "../../stacks/mistral/compose.yaml"
};
static const unsigned char vllm_stack[] = {
#embed "../../stacks/vllm/stack.yaml"
};
static const unsigned char vllm_compose[] = {
#embed "../../stacks/vllm/compose.yaml"
};

static const struct embedded_file embedded_files[] = {
    {"config/limits.yaml", limits, sizeof limits},
    {"config/models.yaml", models, sizeof models},
    {"config/profiles.yaml", profiles, sizeof profiles},
    {"config/signatures.yaml", signatures, sizeof signatures},
    {"stacks/llamacpp/stack.yaml", llamacpp_stack, sizeof llamacpp_stack},
    {"stacks/llamacpp/compose.yaml", llamacpp_compose, sizeof llamacpp_compose},
    {"stacks/mistral/stack.yaml", mistral_stack, sizeof mistral_stack},
    {"stacks/mistral/compose.yaml", mistral_compose, sizeof mistral_compose},
    {"stacks/vllm/stack.yaml", vllm_stack, sizeof vllm_stack},
    {"stacks/vllm/compose.yaml", vllm_compose, sizeof vllm_compose},
};
const size_t embedded_file_count = sizeof embedded_files / sizeof embedded_files[0];

const struct embedded_file *embedded_file_at(size_t index) {
    return index < embedded_file_count ? &embedded_files[index] : NULL;
}

const char *embedded_commit(void) { return STACKCTL_COMMIT; }
