import Catalog

extension LaunchCommand {
    /// The command of llama.cpp's server.
    static func llamaCpp(_ request: LaunchRequest) throws(LaunchRefusal) -> LaunchCommand {
        guard request.format == .gguf else { throw .formatNotServed(.llamacpp, request.format) }
        // A comma would make two names of one.
        guard !request.model.isEmpty, !request.model.contains(",") else {
            throw .nameNotServed(.llamacpp, request.model)
        }
        let files = try ModelFiles(gguf: request.files)
        let defaults = request.stack.defaults
        // It finds the other shards by itself.
        var options = [Option("--model", "-m", value: files.weights.first, reserved: true)]
        if let projector = files.projector { options.append(Option("--mmproj", "-mm", value: projector)) }
        if !request.adapters.isEmpty {
            // A comma would make two paths of one.
            if let path = request.adapters.first(where: { $0.contains(",") }) {
                throw .pathNotServed(.llamacpp, path)
            }
            options.append(Option("--lora", value: request.adapters.joined(separator: ","), reserved: true))
        }
        options += [
            Option("--alias", "-a", value: request.model, reserved: true),
            Option("--host", value: defaults.host, reserved: true),
            Option("--port", value: "\(request.stack.port)", reserved: true),
            Option("--ctx-size", "-c", value: "\(request.pooledContext)"),
            Option("--n-gpu-layers", "-ngl", "--gpu-layers", value: defaults.gpuLayers ?? "auto"),
        ]
        if let parallel = defaults.parallel {
            options.append(Option("--parallel", "-np", value: "\(parallel)"))
            // Without it each request has only its share of the context.
            options.append(Option("--kv-unified", "-kvu", "--no-kv-unified", "-no-kvu"))
        }
        options.append(Option("--metrics"))
        return LaunchCommand(
            program: ["llama-server"],
            options: options,
            model: request.model,
            removed: [
                "--mmap", "--no-mmap", "--mlock", "-dio", "--direct-io", "--draft", "--draft-n",
                "--draft-max",
                "--draft-min", "--draft-n-min", "--spec-ngram-size-n", "--spec-ngram-size-m",
                "--spec-ngram-min-hits", "-ctx", "--lora-base", "--log-format", "--system-prompt-file",
                "--grp-attn-n",
            ],
            joinsValues: false
        )
    }
}
