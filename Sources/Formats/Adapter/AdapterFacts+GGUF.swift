import Platform

extension AdapterFacts {
    private static let alphaKey = "adapter.lora.alpha"

    /// Takes the facts from the header of a GGUF.
    public init(_ header: GGUFHeader) throws(AdapterError) {
        let kind = header["general.type"]?.text
        guard kind == "adapter" else { throw .noAdapter(kind) }
        let method = header["adapter.type"]?.text
        guard method == "lora" else { throw .otherMethod(method ?? "") }
        let alpha = header[Self.alphaKey]
        // llama.cpp reads it as nothing else, and ends where it is something else.
        if let alpha, alpha.type != .float32 {
            let place = header.metadata.first { $0.key == Self.alphaKey }?.bytes.lowerBound ?? 0
            throw .format(.invalid(.keyType(key: Self.alphaKey), offset: place))
        }
        let (modules, rank) = try Self.pairs(header.tensors).modules(declared: nil)
        self.init(
            form: .gguf,
            rank: rank,
            alpha: alpha?.number,
            architecture: header.architecture,
            base: Self.base(header),
            modules: modules,
            features: header["adapter.alora.invocation_tokens"] == nil ? [] : [.activated],
            type: header.tensors.prevailingType,
            size: header.tensors.map(\.size).total()
        )
    }

    private static func pairs(_ tensors: [TensorDescription]) throws(AdapterError) -> AdapterPairs {
        var pairs = AdapterPairs()
        for tensor in tensors {
            // A GGUF has the length of a row first.
            let shape = Array(tensor.shape.reversed())
            if tensor.name.hasSuffix(".lora_a") {
                let name = Self.module(tensor.name)
                try pairs.add(down: name == "token_embd" ? Self.flipped(shape) : shape, for: name)
            } else if tensor.name.hasSuffix(".lora_b") {
                try pairs.add(up: shape, for: Self.module(tensor.name))
            } else if !tensor.name.hasSuffix("_norm.weight") {
                throw .unexpected(tensor.name)
            }
        }
        return pairs
    }

    private static func module(_ tensor: String) -> String {
        let name = tensor.dropLast(".lora_a".count)
        return String(name.hasSuffix(".weight") ? name.dropLast(".weight".count) : name)
    }

    /// A row of the input's weights belongs to a token: there the first tensor has a row for each.
    private static func flipped(_ shape: [Int]) -> [Int] { shape.count == 2 ? shape.reversed() : shape }

    private static func base(_ header: GGUFHeader) -> String? {
        func text(_ key: String) -> String? { header["general.base_model.0.\(key)"]?.text }
        if let address = text("repo_url") {
            return address.split(separator: "/").suffix(2).joined(separator: "/")
        }
        return text("name") ?? header["general.basename"]?.text
    }
}
