public import Catalog

/// What an engine says in its log of how far it is with a model.
public enum LoadProgress {
    /// What a line tells of the loading, with the share where it has one; `nil` of all other lines.
    public static func phase(of line: String, _ engine: EngineName) -> String? {
        guard line.utf8.count < 4096 else { return nil }
        guard let sign = signs(of: engine).first(where: { line.contains($0.text) }) else { return nil }
        guard sign.isBar, let share = percentage(in: line) else { return sign.phase }
        return "\(sign.phase), \(share) %"
    }

    private struct Sign {
        let text: String
        let phase: String
        /// Whether the line is a bar, with the share that is done; elsewhere a percent sign may be part of a name.
        let isBar: Bool

        init(_ text: String, _ phase: String, isBar: Bool = false) {
            self.text = text
            self.phase = phase
            self.isBar = isBar
        }
    }

    private static func signs(of engine: EngineName) -> [Sign] {
        switch engine {
        case .llamacpp:
            [
                Sign("load_tensors:", "loading the weights"),
                Sign("llama_kv_cache", "making room for the context"),
                Sign("warming up the model", "warming up"), Sign("model loaded", "loaded"),
                Sign("load_model: loading model", "loading the model"),
                // All that it says of the rest unless it is told to say more.
                Sign("load_model: initializing", "making room for requests"),
            ]
        case .vllm:
            [
                Sign("checkpoint shards:", "loading the weights", isBar: true),
                Sign("Starting to load model", "loading the model"),
                Sign("torch.compile", "compiling"),
                Sign("Capturing CUDA graph", "capturing graphs", isBar: true),
                Sign("GPU KV cache size", "making room for the context"),
                Sign("Application startup complete", "loaded"),
            ]
        case .mistralrs:
            [
                Sign("Loading model", "loading the model"),
                Sign("Found model weight filenames", "loading the weights"),
                Sign("Applying ISQ", "quantizing"), Sign("Applying in-situ quantization", "quantizing"),
                Sign("Model loaded", "loaded"), Sign("Beginning dummy run", "warming up"),
                Sign("Server listening on", "loaded"),
            ]
        }
    }

    /// The whole number before the first percent sign.
    private static func percentage(in line: String) -> Int? {
        guard let sign = line.firstIndex(of: "%") else { return nil }
        let digits = line[..<sign].reversed().prefix { $0.isASCII && $0.isNumber }
        guard (1...3).contains(digits.count), let share = Int(String(digits.reversed())), share <= 100 else {
            return nil
        }
        return share
    }
}
