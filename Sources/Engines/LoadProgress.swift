public import Catalog

/// What an engine says in its log of how far it is with a model.
public enum LoadProgress {
    /// What a line tells of the loading, with the share where it has one; `nil` of all other lines.
    public static func phase(of line: String, _ engine: EngineName) -> String? {
        guard line.utf8.count < 4096 else { return nil }
        guard let (_, phase) = signs(of: engine).first(where: { line.contains($0.text) }) else { return nil }
        guard let share = percentage(in: line) else { return phase }
        return "\(phase), \(share) %"
    }

    private static func signs(of engine: EngineName) -> [(text: String, phase: String)] {
        switch engine {
        case .llamacpp:
            [
                ("load_tensors:", "loading the weights"), ("llama_kv_cache", "making room for the context"),
                ("warming up the model", "warming up"), ("model loaded", "loaded"),
                ("load_model: loading model", "loading the model"),
            ]
        case .vllm:
            [
                ("checkpoint shards:", "loading the weights"),
                ("Starting to load model", "loading the model"),
                ("torch.compile", "compiling"), ("Capturing CUDA graph", "capturing graphs"),
                ("GPU KV cache size", "making room for the context"),
                ("Application startup complete", "loaded"),
            ]
        case .mistralrs:
            [
                ("Loading model", "loading the model"), ("Loading weights", "loading the weights"),
                ("Applying ISQ", "quantizing"), ("Model loaded", "loaded"),
                ("Beginning dummy run", "warming up"),
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
