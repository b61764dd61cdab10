public import Platform

/// A tensor as a file's header describes it.
public struct TensorDescription: Sendable, Hashable {
    /// The name.
    public let name: String
    /// How the elements are stored.
    public let type: TensorType
    /// The dimensions in the order of the file: the length of a row comes first in a GGUF and last in
    /// safetensors.
    public let shape: [Int]
    /// Where the data begin, counted from the header's `dataOffset`.
    public let offset: Int64
    /// The length of the data.
    public let size: ByteCount

    /// Describes a tensor.
    public init(name: String, type: TensorType, shape: [Int], offset: Int64, size: ByteCount) {
        self.name = name
        self.type = type
        self.shape = shape
        self.offset = offset
        self.size = size
    }

    /// The number of elements.
    public var elements: Int { shape.reduce(1, &*) }
}

extension [Int] {
    /// The number of elements of a tensor of this shape; `nil` if a dimension is negative or the product too
    /// large.
    var elementCount: Int? {
        var product = 1
        for dimension in self {
            let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { return nil }
            product = next
        }
        return product
    }
}
