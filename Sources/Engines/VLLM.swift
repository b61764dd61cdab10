import Catalog

extension LaunchCommand {
    /// The command of vLLM's server.
    static func vLLM(_ request: LaunchRequest) throws(LaunchRefusal) -> LaunchCommand {
        // GGUF came to be a plugin that the official image does not have; bitsandbytes was dropped.
        guard request.format == .safetensors else { throw .formatNotServed(.vllm, request.format) }
        if let quantization = request.quantization, quantization.name.hasPrefix("bnb") {
            throw .quantizationNotServed(.vllm, quantization)
        }
        // Its parser would take such a name for an option.
        guard !request.model.isEmpty, !request.model.hasPrefix("-") else {
            throw .nameNotServed(.vllm, request.model)
        }
        let folder = try ModelFiles.folder(safetensors: request.files)
        let defaults = request.stack.defaults
        var options = [
            Option("--served-model-name", value: request.model, reserved: true),
            Option("--host", value: defaults.host, reserved: true),
            Option("--port", value: "\(request.stack.port)", reserved: true),
        ]
        // It does not start with more than the model's own limit.
        if let context = request.contextPerRequest {
            options.append(Option("--max-model-len", value: "\(context)"))
        }
        if let fraction = defaults.memoryFraction {
            let names = Option(
                "--gpu-memory-utilization",
                "--device-memory-utilization",
                value: "\(fraction)"
            )
            options.append(names)
        }
        if let parallel = defaults.parallel { options.append(Option("--max-num-seqs", value: "\(parallel)")) }
        return LaunchCommand(
            // The model comes first: several options take all words that follow them.
            program: ["vllm", "serve", folder],
            options: options,
            // The first start of a large model takes longer than the ten minutes it gives itself.
            environment: ["HF_HUB_OFFLINE": "1", "VLLM_ENGINE_READY_TIMEOUT_S": "1800"],
            model: request.model,
            removed: [
                "--task", "--swap-space", "--device", "--guided-decoding-backend", "--speculative-model",
                "--num-speculative-tokens", "--use-v2-block-manager", "--num-scheduler-steps",
                "--lora-extra-vocab-size", "--enable-lora-bias", "--long-lora-scaling-factors",
                "--qlora-adapter-name-or-path", "--max-seq-len-to-capture", "--enable-reasoning",
                "--disable-frontend-multiprocessing", "--worker-use-ray", "--tokenizer-pool-size",
                "--preemption-mode", "--rope-scaling", "--rope-theta", "--disable-mm-preprocessor-cache",
                "--cuda-graph-sizes", "--prompt-adapters", "--enable-prompt-adapter",
                "--disable-async-output-proc",
            ]
        )
    }
}
