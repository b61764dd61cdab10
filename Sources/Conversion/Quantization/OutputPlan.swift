import Formats
import Platform
import SystemPackage

/// A file that is to be written: its keys, and where which tensor goes.
struct PlannedFile {
    /// A tensor in the file.
    struct Tensor {
        let source: SourceTensor
        let type: TensorType
        /// Where its data begin, counted from where all data begin.
        let offset: Int64

        var size: Int64 { type.byteCount(elements: source.elements) ?? 0 }
    }

    let path: FilePath
    let tensors: [Tensor]
    /// Where the data begin.
    let dataOffset: Int64
    /// The size of the file.
    let size: Int64

    private let metadata: OutputMetadata

    init(_ path: FilePath, _ metadata: OutputMetadata, _ chosen: [(tensor: SourceTensor, type: TensorType)]) {
        let alignment = Int64(metadata.alignment)
        var tensors: [Tensor] = []
        var end: Int64 = 0
        for (tensor, type) in chosen {
            tensors.append(Tensor(source: tensor, type: type, offset: end))
            // The last tensor is filled up too.
            end = (end + (type.byteCount(elements: tensor.elements) ?? 0)).roundedUp(to: alignment)
        }
        self.path = path
        self.metadata = metadata
        self.tensors = tensors
        dataOffset = Int64(Self.header(metadata, tensors).count)
        size = dataOffset + end
    }

    /// The header, made when it is needed: with a large vocabulary it takes some ten megabytes.
    func header() -> [UInt8] { Self.header(metadata, tensors) }

    private static func header(_ metadata: OutputMetadata, _ tensors: [Tensor]) -> [UInt8] {
        var header = metadata.header(tensors: tensors.count)
        for tensor in tensors {
            let shape = tensor.source.shape
            // Dimensions of one at the end are not written.
            let dimensions = max(1, (shape.lastIndex { $0 != 1 } ?? 0) + 1)
            header.append(text: tensor.source.name.utf8)
            header.append(integer: UInt32(dimensions))
            for dimension in 0..<dimensions {
                header.append(integer: UInt64(dimension < shape.count ? shape[dimension] : 1))
            }
            header.append(integer: tensor.type.ggml ?? 0)
            header.append(integer: UInt64(tensor.offset))
        }
        let data = Int64(header.count).roundedUp(to: Int64(metadata.alignment))
        header.append(contentsOf: repeatElement(0, count: Int(data) - header.count))
        return header
    }
}

/// All that is to be written for one target.
struct OutputPlan {
    let target: QuantizationTarget
    let files: [PlannedFile]
    /// How many tensors got another type than they should have since their rows did not fit.
    let fallbacks: Int

    init(_ output: QuantizationOutput, of source: any TensorSource, options: QuantizationOptions)
        throws(ConversionError)
    {
        target = output.target
        let splits = options.keepsSplits ? source.files : 1
        precondition(output.paths.count == splits, "there is a path for each file")
        let facts = try source.selectionFacts()
        let ordered = Self.ordered(source.tensors, keepingFiles: splits > 1)
        var selection = try TensorTypeSelection(
            output.target,
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
        fallbacks = selection.fallbacks
        let metadata = try OutputMetadata(source.metadata, target: output.target, options: options)
        var files: [PlannedFile] = []
        for split in 0..<splits {
            var keys = split == 0 ? metadata : OutputMetadata(alignment: metadata.alignment)
            if splits > 1 { keys.addSplit(split, of: splits, tensors: ordered.count) }
            let own = splits > 1 ? chosen.filter { $0.tensor.file == split } : chosen
            files.append(PlannedFile(output.paths[split], keys, own))
        }
        self.files = files
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

extension Int64 {
    /// The next multiple of a power of two.
    func roundedUp(to alignment: Int64) -> Int64 { (self + alignment - 1) & ~(alignment - 1) }
}

extension [UInt8] {
    /// Adds an integer's bytes, the least significant first.
    mutating func append(integer value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    /// Adds a text with its length in front.
    mutating func append(text: some Collection<UInt8>) {
        append(integer: UInt64(text.count))
        append(contentsOf: text)
    }
}
