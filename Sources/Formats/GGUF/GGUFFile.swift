public import Platform

/// A GGUF under construction: its header in memory, its data streamed.
public struct GGUFFile: Sendable {
    /// The keys and values in the order they are written.
    public private(set) var metadata: [(key: String, value: GGUFValue)] = []
    /// The tensors in the order they are written, with their places.
    public private(set) var tensors: [TensorDescription] = []
    /// What the offsets of the tensors are multiples of.
    public let alignment: Int

    private var places: [String: Int] = [:]
    private var names: Set<String> = []
    private var dataSize: Int64 = 0

    /// Starts with nothing; an alignment other than the usual 32 becomes a key.
    public init(alignment: Int = 32) {
        precondition(alignment > 0 && alignment & (alignment - 1) == 0 && alignment <= 1 << 30)
        self.alignment = alignment
        if alignment != 32 { self["general.alignment"] = .uint32(UInt32(alignment)) }
    }

    /// A key's value; one that is set again keeps its place, one set to `nil` is removed.
    public subscript(_ key: String) -> GGUFValue? {
        get { places[key].map { metadata[$0].value } }
        set {
            switch (places[key], newValue) {
            case (let place?, let value?): metadata[place].value = value
            case (nil, let value?):
                places[key] = metadata.count
                metadata.append((key, value))
            case (let place?, nil):
                metadata.remove(at: place)
                places = Dictionary(
                    uniqueKeysWithValues: metadata.enumerated().map { ($0.element.key, $0.offset) }
                )
            case (nil, nil): break
            }
        }
    }

    /// Adds a tensor after those added before; its shape has the length of a row first.
    public mutating func addTensor(_ name: String, _ type: TensorType, shape: [Int]) throws(FormatError) {
        guard !name.isEmpty else { throw .invalid(.emptyName, offset: 0) }
        guard name.utf8.count <= 63 else { throw .invalid(.textLength(UInt64(name.utf8.count)), offset: 0) }
        guard names.insert(name).inserted else { throw .invalid(.duplicate(name), offset: 0) }
        guard shape.count <= 4 else {
            throw .invalid(.dimensions(tensor: name, count: UInt32(clamping: shape.count)), offset: 0)
        }
        guard type.ggml != nil else {
            throw .unsupportedTensorType(tensor: name, type: type.rawValue, offset: 0)
        }
        guard (shape.first ?? 1) % type.blockElements == 0 else {
            throw .invalid(.partialBlock(tensor: name), offset: 0)
        }
        guard let size = shape.elementCount.flatMap(type.byteCount), size < Int64.max / 2 - dataSize else {
            throw .invalid(.shape(tensor: name), offset: 0)
        }
        tensors.append(
            TensorDescription(name: name, type: type, shape: shape, offset: dataSize, size: ByteCount(size))
        )
        dataSize = (dataSize + size).roundedUp(to: Int64(alignment))
    }

    /// The header, filled up with zeros to where the data begin.
    public func header() -> [UInt8] {
        var bytes: [UInt8] = Array("GGUF".utf8)
        bytes.append(integer: UInt32(3))
        bytes.append(integer: UInt64(tensors.count))
        bytes.append(integer: UInt64(metadata.count))
        for (key, value) in metadata {
            bytes.append(text: key.utf8)
            bytes.append(integer: value.type.rawValue)
            bytes.append(value)
        }
        for tensor in tensors {
            bytes.append(text: tensor.name.utf8)
            bytes.append(integer: UInt32(tensor.shape.count))
            for dimension in tensor.shape { bytes.append(integer: UInt64(dimension)) }
            bytes.append(integer: tensor.type.ggml ?? 0)
            bytes.append(integer: UInt64(tensor.offset))
        }
        let end = Int(Int64(bytes.count).roundedUp(to: Int64(alignment)))
        return bytes + [UInt8](repeating: 0, count: end - bytes.count)
    }

    /// Writes the whole file; `content` is asked for each tensor in turn and hands its bytes to what it is
    /// given, in as many pieces as it likes.
    public func write(
        to file: File,
        content: (_ tensor: TensorDescription, _ append: (borrowing RawSpan) throws -> Void) throws -> Void
    ) throws {
        // The last tensor is filled up too, as llama.cpp's own tools do it.
        try file.write(header: header(), tensors: tensors, size: dataSize, content: content)
    }
}
