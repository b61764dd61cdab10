public import Platform

/// Why a file is not the model file that it should be.
public enum FormatError: Error, Sendable, Equatable {
    /// The kernel refused to read it.
    case system(SystemError)
    /// It begins like an HTML page: a download that was answered with a page of a web site.
    case webPage
    /// It is the few lines that Git LFS puts in the place of a file that was not fetched.
    case pointerFile
    /// It begins with other bytes than the format demands.
    case unknownMagic([UInt8])
    /// Its version of the format is not readable here.
    case unsupportedVersion(UInt32)
    /// It was written for machines with the most significant byte first, which the engines here cannot load.
    case bigEndian
    /// It is shorter than what it says about itself.
    case truncated(needed: Int64, actual: Int64)
    /// The bytes at hand end before the header does; the file itself may be whole.
    case incomplete(needed: Int64)
    /// A tensor's type is not known here, or was removed from the format.
    case unsupportedTensorType(tensor: String, type: String, offset: Int64)
    /// Something in it contradicts the format.
    case invalid(Flaw, offset: Int64)
    /// A file that belongs to the model is not there.
    case missing(String)

    /// What contradicts the format.
    public enum Flaw: Sendable, Equatable {
        /// More tensors, keys or elements are announced than the file has room for, or than make sense.
        case count(UInt64)
        /// A text is longer than such a text may be.
        case textLength(UInt64)
        /// The header goes on to a byte that no header of a model reaches.
        case headerLength(Int64)
        /// A name is empty.
        case emptyName
        /// Two keys or two tensors have the same name.
        case duplicate(String)
        /// A value's type has no meaning.
        case valueType(UInt32)
        /// An array holds arrays: the format has such, ggml does not.
        case nestedArray(key: String)
        /// Arrays lie in arrays more often than anyone has a use for.
        case depth(key: String)
        /// A key holds a value of a type that it must not have.
        case keyType(key: String)
        /// The alignment is no power of two.
        case alignment(UInt64)
        /// A tensor has more than four dimensions.
        case dimensions(tensor: String, count: UInt32)
        /// A tensor has a negative dimension, or so many elements that nothing could count them.
        case shape(tensor: String)
        /// A row of a tensor is no multiple of its type's block.
        case partialBlock(tensor: String)
        /// A tensor's data do not begin at a multiple of the alignment.
        case misaligned(tensor: String)
        /// A tensor's data lie within another one's.
        case overlap(tensor: String, with: String)
        /// The data have a part that belongs to no tensor.
        case gap(before: String)
        /// A tensor's data do not follow those of the tensor that is described before it.
        case order(tensor: String)
        /// So many bytes follow the last tensor.
        case trailingBytes(Int64)
        /// A tensor's place and its shape give different sizes.
        case size(tensor: String)
        /// What should be JSON is none, or of another shape.
        case json(String)
        /// The files given are not the ones that make up the model.
        case shards(expected: Int, found: Int)
        /// A tensor of the index is in no file, or one of a file not in the index.
        case index(tensor: String)
    }
}

extension FormatError {
    /// Whether a newer program might read the file.
    ///
    /// What is not known here is what formats grow by; everything else that can be wrong is wrong for every
    /// program.
    public var mayBeNewer: Bool {
        switch self {
        case .unsupportedVersion(let version): (4..<100).contains(version)
        case .unsupportedTensorType(_, let type, _):
            if let number = UInt32(type) { number < 1000 } else { !TensorType.isRemoved(type) }
        case .invalid(.valueType(let number), _): number < 100
        case .invalid(.dimensions(_, let count), _): count <= 8
        default: false
        }
    }
}

extension FormatError: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .system(let error): error.description
        case .webPage: "it is a web page, not a model file"
        case .pointerFile: "it is a Git LFS pointer, not the file itself"
        case .unknownMagic(let bytes):
            "it begins with the bytes \(bytes.map { String($0, radix: 16) }.joined(separator: " "))"
        case .unsupportedVersion(let version): "its version \(version) is not supported"
        case .bigEndian: "it is big-endian"
        case .truncated(.max, let actual): "it has \(actual) bytes and needs more than any file can have"
        case .truncated(let needed, let actual):
            "it has \(actual) bytes and needs at least \(needed): \(needed - actual) are missing"
        case .incomplete(let needed): "its header goes on to byte \(needed) at least"
        case .unsupportedTensorType(let tensor, let type, let offset):
            "tensor `\(tensor)` has the unsupported type \(type) (at byte \(offset))"
        case .invalid(let flaw, let offset): "\(flaw) (at byte \(offset))"
        case .missing(let name): "`\(name)` is missing"
        }
    }
}

extension FormatError.Flaw: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .count(let count): "there cannot be \(count) entries"
        case .textLength(let length): "a text of \(length) bytes is too long"
        case .headerLength(let length): "the header has more than \(length) bytes"
        case .emptyName: "a name is empty"
        case .duplicate(let name): "`\(name)` occurs twice"
        case .valueType(let type): "\(type) is no type of a value"
        case .nestedArray(let key): "`\(key)` is an array of arrays"
        case .depth(let key): "`\(key)` nests arrays too deeply"
        case .keyType(let key): "`\(key)` has a value of the wrong type"
        case .alignment(let alignment): "the alignment \(alignment) is no power of two"
        case .dimensions(let tensor, let count): "tensor `\(tensor)` has \(count) dimensions"
        case .shape(let tensor): "tensor `\(tensor)` has an impossible shape"
        case .partialBlock(let tensor): "the rows of tensor `\(tensor)` are no multiple of its block"
        case .order(let tensor): "the data of tensor `\(tensor)` do not follow those of the one before it"
        case .misaligned(let tensor): "tensor `\(tensor)` is not aligned"
        case .overlap(let tensor, let other): "tensor `\(tensor)` overlaps `\(other)`"
        case .gap(let tensor): "the data before tensor `\(tensor)` belong to nothing"
        case .trailingBytes(let count): "\(count) bytes follow the last tensor"
        case .size(let tensor): "the shape and the place of tensor `\(tensor)` give different sizes"
        case .json(let reason): "the JSON is malformed: \(reason)"
        case .shards(let expected, let found): "\(found) of \(expected) shards are there"
        case .index(let tensor): "the index and the files disagree about tensor `\(tensor)`"
        }
    }
}
