import Formats
import SystemPackage

/// A model of the hub as if it had been converted already: what a quantizer reads, with no file in between.
public struct HuggingFaceSource: TensorSource {
    /// The keys and values of the file that is not made.
    public let metadata: [MetadataEntry]
    /// The tensors of that file.
    public let tensors: [SourceTensor]
    /// There would be one file.
    public var files: Int { 1 }

    private let contents: [String: ConvertedTensor]
    private let kernels = Kernels.fastest

    /// A model with its weights in a type; quantizing it gives what quantizing its file of that type would.
    ///
    /// Weights cannot be read as `q8_0`: that is made of them, not before.
    public init(_ model: HuggingFaceModel, as type: ConversionType = .auto) throws(HuggingFaceError) {
        let type = model.resolved(type)
        precondition(type != .q8_0, "a source is not quantized")
        self.init(model.tensors, metadata: try model.metadata(type), as: type)
    }

    init(_ converted: [ConvertedTensor], metadata: [MetadataEntry], as type: ConversionType) {
        self.metadata = metadata
        contents = Dictionary(converted.map { ($0.name, $0) }) { first, _ in first }
        // They are read in the order in which they are found.
        tensors = converted.enumerated().map { index, tensor in
            SourceTensor(
                name: tensor.name,
                type: type.type(of: tensor.name, shape: tensor.shape),
                shape: tensor.shape,
                offset: Int64(index)
            )
        }
    }

    /// Reads some neighbouring elements, as the type that the tensor has here.
    public func withElements(
        _ range: Range<Int>,
        of tensor: SourceTensor,
        _ body: (UnsafeRawBufferPointer) throws(ConversionError) -> Void
    ) throws(ConversionError) {
        guard let content = contents[tensor.name] else { preconditionFailure("the tensor is of this source") }
        let exact = try content.read(range)
        var failure: ConversionError?
        func lend(_ bytes: [UInt8]) {
            bytes.withUnsafeBytes { buffer in
                do throws(ConversionError) { try body(buffer) } catch { failure = error }
            }
        }
        if content.exactType == tensor.type {
            lend(exact)
        } else {
            lend(try changed(exact, of: content, to: tensor.type, count: range.count))
        }
        if let failure { throw failure }
    }

    private func changed(_ exact: [UInt8], of content: ConvertedTensor, to type: TensorType, count: Int)
        throws(ConversionError) -> [UInt8]
    {
        guard exact.withUnsafeBytes({ kernels.isFinite(content.exactType, $0) }) else {
            throw .notFinite(tensor: content.name)
        }
        let wide = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            let numbers = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            exact.withUnsafeBytes { kernels.widen(content.exactType, $0, to: numbers) }
            filled = count
        }
        guard let size = type.byteCount(elements: count).map(Int.init) else {
            preconditionFailure("a part of a tensor is whole blocks")
        }
        let narrow = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            let bytes = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<size]))
            wide.withUnsafeBufferPointer { kernels.narrow(type, $0, weights: nil, columns: count, to: bytes) }
            filled = size
        }
        guard narrow.withUnsafeBytes({ kernels.isFinite(type, $0) }) else {
            throw .outOfRange(tensor: content.name, type: type)
        }
        return narrow
    }
}
