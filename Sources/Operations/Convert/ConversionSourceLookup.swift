import Catalog
import Platform
import Store

/// Finds the form of a model that others are made of.
struct ConversionSourceLookup: Sendable {
    /// Where the best form is.
    enum Found: Sendable {
        case here(ConversionSource)
        /// It is on the hub and must be fetched first.
        case remote
    }

    let reference: ModelReference
    /// What it is to become.
    let target: ModelFormat
    let allowsRequantizing: Bool

    /// The forms whose weights are numbers of their own, the most precise first.
    private static let plain = ["f32", "bf16", "f16"]

    /// Looks at this machine; the safetensors of a stored model go before its GGUFs.
    func find(in workspace: Workspace) async throws(Failure) -> Found {
        if case .local(let path) = reference.source { return .here(try ConversionSource(at: path)) }
        let meant = try await ConfiguredModel(reference, in: workspace).reference
        // What a configuration says about the quantization is about the one that is served.
        let reference = ModelReference(
            meant.source,
            quantization: reference.quantization,
            revision: meant.revision
        )
        let lookup = StoredLookup(reference: reference)
        let (stack, _, all) = try await lookup.all(in: workspace)
        let models = all.filter { target.canBeMade(of: $0.key.format) }
        if models.isEmpty {
            switch reference.source {
            case .catalog, .repository:
                guard let quant = reference.quantization else { return .remote }
                throw await lookup.missing(stack, in: workspace)
                    .hinting(instead: "to make a \(quant) of it, add `--quant \(quant)` to its plain name")
            case .repositoryFile, .ollama, .local: throw await lookup.missing(stack, in: workspace)
            }
        }
        let unquantized = models.filter { Self.plain.contains($0.key.quant) }
        let ordered = unquantized.sorted { Self.place($0.key) < Self.place($1.key) }
        if let best = ordered.first { return .here(try ConversionSource(best, on: stack)) }
        let best = models.max { Self.bits($0) < Self.bits($1) }
        if !allowsRequantizing, reference.quantization == nil, models.allSatisfy(Self.isMadeOfRepository) {
            return .remote
        }
        guard allowsRequantizing, let best else {
            let forms = models.map { "\($0.key.format) \($0.key.quant)" }.joined(separator: ", ")
            throw Failure(
                .unsupported,
                "`\(reference)` is stored as \(forms) only, which is quantized already",
                hint: "\(fetching(stack)), or add `--allow-requantize`, which costs quality"
            )
        }
        return .here(try ConversionSource(best, on: stack))
    }

    /// Whether it was made here of the safetensors of a repository, which were removed afterwards and can be had again.
    private static func isMadeOfRepository(_ model: StoredModel) -> Bool {
        model.manifest.source.kind == .hub
            && model.manifest.conversion?.format == ModelFormat.safetensors.rawValue
    }

    private func fetching(_ stack: Stack) -> String {
        let plain = ModelReference(reference.source, revision: reference.revision)
        return "fetch its weights with `stackctl \(stack.name) pull \(plain) --format safetensors`"
    }

    private static func place(_ key: ModelKey) -> (Int, Int) {
        (
            key.format == ModelFormat.safetensors.rawValue ? 0 : 1,
            plain.firstIndex(of: key.quant) ?? plain.count
        )
    }

    private static func bits(_ model: StoredModel) -> Double {
        Quantization(parsing: model.key.quant)?.approximateBitsPerWeight ?? 0
    }
}

extension ModelFormat {
    /// Whether it can be made of another format.
    func canBeMade(of format: String) -> Bool {
        switch self {
        case .gguf: format == ModelFormat.gguf.rawValue || format == ModelFormat.safetensors.rawValue
        case .uqff: format == ModelFormat.safetensors.rawValue
        case .safetensors: false
        }
    }
}
