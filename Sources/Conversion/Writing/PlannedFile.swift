import Formats
import Platform
import SystemPackage

/// A file that is to be written: its keys, and where which tensor goes.
struct PlannedFile: Sendable {
    /// A tensor in the file.
    struct Tensor: Sendable {
        let source: SourceTensor
        let type: TensorType
        /// Where its data begin, counted from where all data begin.
        let offset: Int64

        var size: Int64 { type.byteCount(elements: source.elements) ?? 0 }
    }

    var path: FilePath
    let tensors: [Tensor]
    /// Where the data begin.
    let dataOffset: Int64
    /// The size of the file.
    let size: Int64

    private let metadata: OutputMetadata
    private let keepsDimensions: Bool

    /// Plans a file of tensors that become those types; dimensions of one at the end of a shape are left out unless they
    /// are kept.
    init(
        _ path: FilePath,
        _ metadata: OutputMetadata,
        _ chosen: [(tensor: SourceTensor, type: TensorType)],
        keepsDimensions: Bool = false
    ) {
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
        self.keepsDimensions = keepsDimensions
        self.tensors = tensors
        let entries = tensors.reduce(0) { size, tensor in
            let dimensions = Self.dimensions(of: tensor, all: keepsDimensions)
            return size + 8 + tensor.source.name.utf8.count + 4 + 8 * dimensions + 4 + 8
        }
        dataOffset = Int64(metadata.headerSize + entries).roundedUp(to: alignment)
        size = dataOffset + end
    }

    private static func dimensions(of tensor: Tensor, all: Bool) -> Int {
        let shape = tensor.source.shape
        return all ? shape.count : max(1, (shape.lastIndex { $0 != 1 } ?? 0) + 1)
    }

    /// The header, made when it is written: with a large vocabulary it takes some ten megabytes.
    func header() -> [UInt8] {
        var header = metadata.header(tensors: tensors.count)
        for tensor in tensors {
            let shape = tensor.source.shape
            let dimensions = Self.dimensions(of: tensor, all: keepsDimensions)
            header.append(text: tensor.source.name.utf8)
            header.append(integer: UInt32(dimensions))
            for dimension in 0..<dimensions {
                header.append(integer: UInt64(dimension < shape.count ? shape[dimension] : 1))
            }
            header.append(integer: tensor.type.ggml ?? 0)
            header.append(integer: UInt64(tensor.offset))
        }
        header.append(contentsOf: repeatElement(0, count: Int(dataOffset) - header.count))
        return header
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
