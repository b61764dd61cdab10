import Formats
import Platform
import SystemPackage

/// All that is to be written for one target.
struct OutputPlan {
    let target: QuantizationTarget
    private(set) var files: [PlannedFile]
    /// How many tensors got another type than they should have since their rows did not fit.
    let fallbacks: Int
    /// How many tensors are quantized as if no column mattered more than another, though weights for others are there.
    let unweighted: Int

    /// Plans files that have no paths yet.
    init(_ target: QuantizationTarget, of source: any TensorSource, options: QuantizationOptions)
        throws(ConversionError)
    {
        self.target = target
        let splits = options.keepsSplits ? source.files : 1
        let facts = try source.selectionFacts()
        let ordered = Self.ordered(source.tensors, keepingFiles: splits > 1)
        var selection = try TensorTypeSelection(
            target,
            of: ordered.map(\.name),
            facts: facts,
            options: options
        )
        var chosen: [(tensor: SourceTensor, type: TensorType)] = []
        for tensor in ordered {
            let type = try selection.type(tensor.name, tensor.type, shape: tensor.shape)
            try Self.check(tensor, becoming: type, options: options)
            chosen.append((tensor, type))
        }
        try selection.checkOverrides()
        fallbacks = selection.fallbacks
        unweighted = try Self.unweighted(chosen, options.importance)
        let metadata = try OutputMetadata(source.metadata, target: target, options: options)
        var files: [PlannedFile] = []
        for split in 0..<splits {
            var keys = split == 0 ? metadata : OutputMetadata(alignment: metadata.alignment)
            if splits > 1 { keys.addSplit(split, of: splits, tensors: ordered.count) }
            let own = splits > 1 ? chosen.filter { $0.tensor.file == split } : chosen
            files.append(PlannedFile("", keys, own))
        }
        self.files = files
    }

    /// The same with a path for each file.
    func placed(at paths: [FilePath]) -> OutputPlan {
        precondition(paths.count == files.count, "there is a path for each file")
        var plan = self
        for (index, path) in paths.enumerated() { plan.files[index].path = path }
        return plan
    }

    /// The tensors in the order in which they are written: those of no layer, layer by layer the others.
    private static func ordered(_ tensors: [SourceTensor], keepingFiles: Bool) -> [SourceTensor] {
        if keepingFiles { return tensors.sorted { ($0.file, $0.offset) < ($1.file, $1.offset) } }
        return tensors.map { (layer: layerNumber(of: $0.name) ?? -1, tensor: $0) }
            .sorted { one, other in
                guard one.layer == other.layer else { return one.layer < other.layer }
                // Names are ordered by their bytes, which is not how `String` does it.
                return one.tensor.name.utf8.lexicographicallyPrecedes(other.tensor.name.utf8)
            }
            .map(\.tensor)
    }

    /// How many tensors have no weights and should; refuses weights that are of another model.
    private static func unweighted(
        _ chosen: [(tensor: SourceTensor, type: TensorType)],
        _ importance: ImportanceMatrix?
    ) throws(ConversionError) -> Int {
        guard let importance else { return 0 }
        let quantized = chosen.filter { $0.type.kernelFormat != nil && $0.type != $0.tensor.type }
        let missing = quantized.filter { importance.entries[$0.tensor.name] == nil }
        guard missing.isEmpty || missing.count < quantized.count else {
            throw .importance(.foreign, path: importance.path)
        }
        // Rows of it are looked up, which is not measured.
        return missing.count { $0.tensor.name != "token_embd.weight" }
    }

    private static func check(
        _ tensor: SourceTensor,
        becoming type: TensorType,
        options: QuantizationOptions
    ) throws(ConversionError) {
        guard type != tensor.type else { return }
        guard tensor.type.blockElements == 1 || options.allowsRequantizing else {
            throw .requantizing(tensor: tensor.name, type: tensor.type)
        }
        guard tensor.type.canBeMade else { throw .unsupportedSource(tensor: tensor.name, type: tensor.type) }
        guard type.canBeMade else { throw .unsupportedTarget(tensor: tensor.name, type: type) }
    }
}
