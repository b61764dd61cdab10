import Catalog
import Formats

extension LaunchCommand {
    /// The types of a GGUF that mistral.rs does not read; it reads the floats, Q4_0 to Q8_1, Q2_K to Q8_K and
    /// MXFP4.
    private static let unread: Set<TensorType> = [
        .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s, .iq4_nl, .iq4_xs, .tq1_0, .tq2_0, .nvfp4,
        .q1_0,
        .q2_0,
    ]

    /// The command of mistral.rs.
    static func mistralRs(_ request: LaunchRequest) throws(LaunchRefusal) -> LaunchCommand {
        let defaults = request.stack.defaults
        let model: String
        var options: [Option]
        switch request.format {
        case .gguf:
            try refuseUnread(request)
            let files = try ModelFiles(gguf: request.files)
            for path in files.weights + [files.projector].compactMap({ $0 }) where path.contains(";") {
                throw .pathNotServed(.mistralrs, path)
            }
            let weights = files.weights.joined(separator: ";")
            options = [Option("-f", "--quantized-file", value: weights, reserved: true)]
            if let projector = files.projector { options.append(Option("--mmproj", value: projector)) }
            model = ModelFiles.parent(of: files.weights[0])
        case .safetensors:
            model = try ModelFiles.folder(safetensors: request.files)
            options = [Option("-m", "--model-id", value: model, reserved: true)]
        }
        options += [
            Option("--host", value: defaults.host, reserved: true),
            Option("-p", "--port", value: "\(request.stack.port)", reserved: true),
        ]
        // The size of the cache is said in one way only.
        if defaults.context == nil, let fraction = defaults.memoryFraction {
            options.append(
                Option("--pa-memory-fraction", "--pa-context-len", "--pa-memory-mb", value: "\(fraction)")
            )
        } else {
            let context = "\(request.pooledContext)"
            options.append(
                Option("--pa-context-len", "--pa-memory-fraction", "--pa-memory-mb", value: context)
            )
        }
        if let parallel = defaults.parallel { options.append(Option("--max-seqs", value: "\(parallel)")) }
        options.append(Option("--no-ui"))
        return LaunchCommand(
            program: ["mistralrs", "serve"],
            options: options,
            environment: ["HF_HUB_OFFLINE": "1"],
            model: model,
            removed: [
                "--serve-ip", "-i", "--num-device-layers", "--pa-gpu-mem", "--pa-gpu-mem-usage",
                "--pa-ctxt-len",
                "--no-paged-attn", "--log-level",
            ]
        )
    }

    private static func refuseUnread(_ request: LaunchRequest) throws(LaunchRefusal) {
        if let quantization = request.quantization {
            let plain = quantization.name.split(separator: "_").first { $0 != "ud" && $0 != "i1" } ?? ""
            if plain.hasPrefix("iq") || plain.hasPrefix("tq") || plain.hasPrefix("nvfp4") {
                throw .quantizationNotServed(.mistralrs, quantization)
            }
        }
        // A mixture may have such tensors under an innocent name.
        let found = request.facts?.tensorTypes.intersection(unread) ?? []
        if let type = found.min(by: { $0.rawValue < $1.rawValue }) {
            throw .tensorTypeNotServed(.mistralrs, type)
        }
    }
}
