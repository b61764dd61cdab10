import Catalog

extension LaunchRequest {
    /// What the engine loads to guess ahead: the file of a GGUF or the folder of a model in safetensors; `nil` where the
    /// model has a head of its own for it.
    func draftPath() throws(LaunchRefusal) -> String? {
        let named = settings[SettingKey.speculativeModel]
        guard !draft.isEmpty else {
            if let named {
                guard named.hasPrefix("/") else { throw .missingDraft(named) }
                return named
            }
            guard speculation == .mtp else { throw .missingDraft(nil) }
            return nil
        }
        let isGGUF = draft.contains { $0.lowercased().hasSuffix(".gguf") }
        if isGGUF, stack.engine == .vllm { throw .formatNotServed(.vllm, .gguf) }
        if !isGGUF, stack.engine == .llamacpp { throw .formatNotServed(.llamacpp, .safetensors) }
        if isGGUF {
            return try ModelFiles(gguf: draft).weights[0]
        }
        return try ModelFiles.folder(safetensors: draft)
    }
}
