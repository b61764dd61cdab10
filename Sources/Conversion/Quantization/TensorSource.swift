public import Formats

/// A key of a model with its value.
public struct MetadataEntry: Sendable, Equatable {
    /// The key.
    public let key: String
    /// The value; of a long array perhaps only the beginning.
    public let value: GGUFValue
    /// The value's type and the whole value, as a little-endian file of version 3 has them.
    public let bytes: [UInt8]

    /// States an entry.
    public init(key: String, value: GGUFValue, bytes: [UInt8]) {
        self.key = key
        self.value = value
        self.bytes = bytes
    }
}

/// A tensor that a model has.
public struct SourceTensor: Sendable, Equatable {
    /// The name.
    public let name: String
    /// How the elements are stored.
    public let type: TensorType
    /// The dimensions, the length of a row first.
    public let shape: [Int]
    /// Which of the model's files it is in.
    public let file: Int
    /// Where it lies there; tensors are read in this order.
    public let offset: Int64

    /// Describes a tensor.
    public init(name: String, type: TensorType, shape: [Int], file: Int = 0, offset: Int64) {
        self.name = name
        self.type = type
        self.shape = shape
        self.file = file
        self.offset = offset
    }

    /// The number of elements.
    public var elements: Int { shape.reduce(1, *) }
    /// The length of a row.
    var columns: Int { shape.first ?? 1 }
    /// The bytes in the source.
    var size: Int64 { type.byteCount(elements: elements) ?? 0 }
}

/// A model that can be read piece by piece: files, or what is being made of other files.
public protocol TensorSource: Sendable {
    /// The keys and values in their order, without those that say how the model lies in files.
    var metadata: [MetadataEntry] { get }
    /// The tensors, in any order.
    var tensors: [SourceTensor] { get }
    /// The number of files.
    var files: Int { get }
    /// Lends the bytes of some neighbouring elements, which are whole blocks, to `body`.
    func withElements(
        _ range: Range<Int>,
        of tensor: SourceTensor,
        _ body: (UnsafeRawBufferPointer) throws(ConversionError) -> Void
    ) throws(ConversionError)
}

extension TensorSource {
    /// The value of a key.
    func value(_ key: String) -> GGUFValue? { metadata.first { $0.key == key }?.value }

    /// What of the model decides about the types of its tensors.
    func selectionFacts() throws(ConversionError) -> SelectionFacts {
        guard let architecture = value("general.architecture")?.text else {
            throw .metadata(key: "general.architecture")
        }
        func number(_ key: String) -> Int? {
            let value = value("\(architecture).\(key)")
            return value?.integer ?? value?.array?.elements.first?.integer
        }
        guard let layers = number("block_count"), layers >= 0 else {
            throw .metadata(key: "\(architecture).block_count")
        }
        let heads = number("attention.head_count") ?? 0
        return SelectionFacts(
            architecture: architecture,
            layers: layers,
            experts: number("expert_count") ?? 0,
            heads: heads,
            keyValueHeads: number("attention.head_count_kv") ?? heads
        )
    }
}
