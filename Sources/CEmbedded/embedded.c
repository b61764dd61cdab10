#include "CEmbedded.h"

// `#embed` rather than a SwiftPM resource: no bundle beside the binary, and an edit of a file rebuilds just this one.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char llamacpp_options[] = {
#embed "../../config/engines/llamacpp.json"
};
static const unsigned char mistralrs_options[] = {
#embed "../../config/engines/mistralrs.json"
};
static const unsigned char vllm_options[] = {
#embed "../../config/engines/vllm.json"
};
static const unsigned char limits[] = {
#embed "../../config/limits.yaml"
};
static const unsigned char models[] = {
#embed "../../config/models.yaml"
};
static const unsigned char deepseek_coder_6_7b_config[] = {
#embed "../../config/models/deepseek-coder-6.7b.yaml"
};
static const unsigned char gemma2_9b_config[] = {
#embed "../../config/models/gemma2-9b.yaml"
};
static const unsigned char gemma3_12b_config[] = {
#embed "../../config/models/gemma3-12b.yaml"
};
static const unsigned char llama3_8b_config[] = {
#embed "../../config/models/llama3-8b.yaml"
};
static const unsigned char llama3_1_8b_config[] = {
#embed "../../config/models/llama3.1-8b.yaml"
};
static const unsigned char llama3_2_3b_config[] = {
#embed "../../config/models/llama3.2-3b.yaml"
};
static const unsigned char llama3_3_70b_config[] = {
#embed "../../config/models/llama3.3-70b.yaml"
};
static const unsigned char lora_template_config[] = {
#embed "../../config/models/lora-template.yaml"
};
static const unsigned char mistral_7b_instruct_config[] = {
#embed "../../config/models/mistral-7b-instruct.yaml"
};
static const unsigned char mixtral_8x7b_instruct_config[] = {
#embed "../../config/models/mixtral-8x7b-instruct.yaml"
};
static const unsigned char phi3_mini_config[] = {
#embed "../../config/models/phi3-mini.yaml"
};
static const unsigned char qwen2_5_coder_32b_config[] = {
#embed "../../config/models/qwen2.5-coder-32b.yaml"
};
static const unsigned char qwen2_5_coder_7b_config[] = {
#embed "../../config/models/qwen2.5-coder-7b.yaml"
};
static const unsigned char tinyllama_config[] = {
#embed "../../config/models/tinyllama.yaml"
};
static const unsigned char settings[] = {
#embed "../../config/settings.yaml"
};
static const unsigned char schema_model[] = {
#embed "../../schemas/model.json"
};
static const unsigned char schema_settings[] = {
#embed "../../schemas/settings.json"
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
    {"config/engines/llamacpp.json", llamacpp_options, sizeof llamacpp_options},
    {"config/engines/mistralrs.json", mistralrs_options, sizeof mistralrs_options},
    {"config/engines/vllm.json", vllm_options, sizeof vllm_options},
    {"config/limits.yaml", limits, sizeof limits},
    {"config/models.yaml", models, sizeof models},
    {"config/models/deepseek-coder-6.7b.yaml", deepseek_coder_6_7b_config, sizeof deepseek_coder_6_7b_config},
    {"config/models/gemma2-9b.yaml", gemma2_9b_config, sizeof gemma2_9b_config},
    {"config/models/gemma3-12b.yaml", gemma3_12b_config, sizeof gemma3_12b_config},
    {"config/models/llama3-8b.yaml", llama3_8b_config, sizeof llama3_8b_config},
    {"config/models/llama3.1-8b.yaml", llama3_1_8b_config, sizeof llama3_1_8b_config},
    {"config/models/llama3.2-3b.yaml", llama3_2_3b_config, sizeof llama3_2_3b_config},
    {"config/models/llama3.3-70b.yaml", llama3_3_70b_config, sizeof llama3_3_70b_config},
    {"config/models/lora-template.yaml", lora_template_config, sizeof lora_template_config},
    {"config/models/mistral-7b-instruct.yaml", mistral_7b_instruct_config, sizeof mistral_7b_instruct_config},
    {"config/models/mixtral-8x7b-instruct.yaml", mixtral_8x7b_instruct_config, sizeof mixtral_8x7b_instruct_config},
    {"config/models/phi3-mini.yaml", phi3_mini_config, sizeof phi3_mini_config},
    {"config/models/qwen2.5-coder-32b.yaml", qwen2_5_coder_32b_config, sizeof qwen2_5_coder_32b_config},
    {"config/models/qwen2.5-coder-7b.yaml", qwen2_5_coder_7b_config, sizeof qwen2_5_coder_7b_config},
    {"config/models/tinyllama.yaml", tinyllama_config, sizeof tinyllama_config},
    {"config/profiles.yaml", profiles, sizeof profiles},
    {"config/settings.yaml", settings, sizeof settings},
    {"config/signatures.yaml", signatures, sizeof signatures},
    {"schemas/model.json", schema_model, sizeof schema_model},
    {"schemas/settings.json", schema_settings, sizeof schema_settings},
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
