public import Platform

/// A safetensors file under construction: its header in memory, its data streamed.
public struct SafetensorsFile: Sendable {
    /// Free texts of the publisher.
    public var metadata: [String: String]
    /// The tensors in the order they are written, with their places.
    public private(set) var tensors: [TensorDescription] = []

    private var names: Set<String> = ["__metadata__"]
    private var dataSize: Int64 = 0

    /// Starts without tensors.
    public init(metadata: [String: String] = ["format": "pt"]) { self.metadata = metadata }

    /// Adds a tensor after those added before; its shape has the length of a row last.
    public mutating func addTensor(_ name: String, _ type: TensorType, shape: [Int]) throws(FormatError) {
        guard names.insert(name).inserted else { throw .invalid(.duplicate(name), offset: 0) }
        guard type.safetensors != nil else {
            throw .unsupportedTensorType(tensor: name, type: type.rawValue, offset: 0)
        }
        guard let size = shape.elementCount.flatMap(type.byteCount), size < Int64.max / 2 - dataSize else {
            throw .invalid(.shape(tensor: name), offset: 0)
        }
        tensors.append(
            TensorDescription(name: name, type: type, shape: shape, offset: dataSize, size: ByteCount(size))
        )
        dataSize += size
    }

    /// The header with its length in front, filled up with spaces so that the data begin at a multiple of
    /// eight.
    public func header() throws -> [UInt8] {
        var text = try JSON.encodeLine(Document(metadata: metadata, tensors: tensors))
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
    }

    /// Writes the whole file; `content` is asked for each tensor in turn and hands its bytes to what it is
    /// given, in as many pieces as it likes.
    public func write(
        to file: File,
        content: (_ tensor: TensorDescription, _ append: (borrowing RawSpan) throws -> Void) throws -> Void
    ) throws {
        try file.write(header: header(), tensors: tensors, size: dataSize, content: content)
    }
}

/// The header's JSON.
private struct Document: Encodable {
    let metadata: [String: String]
    let tensors: [TensorDescription]

    struct Entry: Encodable {
        let dtype: String
        let shape: [Int]
        let data_offsets: [Int64]
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnyKey.self)
        if !metadata.isEmpty { try container.encode(metadata, forKey: AnyKey(stringValue: "__metadata__")) }
        for tensor in tensors {
            let entry = Entry(
                dtype: tensor.type.safetensors ?? "",
                shape: tensor.shape,
                data_offsets: [tensor.offset, tensor.offset + tensor.size.bytes]
            )
            try container.encode(entry, forKey: AnyKey(stringValue: tensor.name))
        }
    }
}
