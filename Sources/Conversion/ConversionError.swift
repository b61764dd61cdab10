public import Formats
public import Platform
public import SystemPackage

/// An error that may say: nothing is wrong with the model, what it has is just not known here, and perhaps elsewhere.
public protocol ConversionLimit: Error {
    /// Whether it says that.
    var isOnlyUnknownHere: Bool { get }
}

/// Why a model could not be turned into another form.
public enum ConversionError: ConversionLimit, Sendable, Equatable {
    /// The kernel refused something.
    case system(SystemError)
    /// A file is not what it should be.
    case format(FormatError, path: FilePath)
    /// A key without which nothing can be decided is missing, or makes no sense.
    case metadata(key: String)
    /// A tensor of the source has a number that is infinite or none.
    case notFinite(tensor: String)
    /// A tensor has numbers that the type cannot hold.
    case outOfRange(tensor: String, type: TensorType)
    /// A tensor is quantized already, and that was not allowed.
    case requantizing(tensor: String, type: TensorType)
    /// A tensor's type cannot be read here.
    case unsupportedSource(tensor: String, type: TensorType)
    /// A tensor's type cannot be made here.
    case unsupportedTarget(tensor: String, type: TensorType)
    /// Tensors are missing that the model has by its own description.
    case tensors(TensorFlaws)
    /// A tensor of a model with experts does not say which layer it belongs to.
    case layer(tensor: String)
    /// What should choose tensors is no regular expression.
    case pattern(String)
    /// What should choose tensors occurs in the name of none that is quantized.
    case unusedPattern(String)
    /// An importance matrix is not what it should be.
    case importance(ImportanceFlaw, path: FilePath)
    /// An importance matrix has another number of weights for a tensor than a row of it has elements.
    case importanceSize(tensor: String, expected: Int, found: Int)
    /// What was written is not what should have been.
    case written(WrittenFlaw, path: FilePath)
    /// It was told to stop.
    case cancelled

    /// What is wrong with an importance matrix.
    public enum ImportanceFlaw: Sendable, Equatable {
        /// It ends before it should, or says that it has more than could be.
        case truncated(offset: Int64)
        /// It has no entries.
        case empty
        /// A key of it is missing.
        case missingKey(String)
        /// The sums and the counts of an entry do not fit each other.
        case mismatch(entry: String)
        /// A weight is infinite or no number.
        case notFinite(entry: String)
        /// A weight is below zero, and it should be a sum of squares.
        case negative(entry: String)
        /// It has weights for none of the model's tensors.
        case foreign
    }

    /// What is wrong with a file that was written.
    public enum WrittenFlaw: Sendable, Equatable {
        /// It has other tensors than it should.
        case tensors
        /// The part of a tensor from an element on is too far from the source.
        case content(tensor: String, element: Int)
    }
}

extension ConversionError {
    /// Whether a type of a tensor is not known here.
    public var isOnlyUnknownHere: Bool {
        switch self {
        case .unsupportedSource, .unsupportedTarget: true
        default: false
        }
    }
}

extension ConversionError: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .system(let error): error.description
        case .format(let error, let path): "\(path): \(error)"
        case .metadata(let key): "the key `\(key)` is missing or makes no sense"
        case .notFinite(let tensor): "tensor `\(tensor)` has a number that is infinite or none"
        case .outOfRange(let tensor, let type):
            "tensor `\(tensor)` has numbers that \(type.rawValue) cannot hold"
        case .requantizing(let tensor, let type):
            "tensor `\(tensor)` is quantized already, as \(type.rawValue)"
        case .unsupportedSource(let tensor, let type):
            "tensor `\(tensor)` has the type \(type.rawValue), which cannot be read"
        case .unsupportedTarget(let tensor, let type):
            "tensor `\(tensor)` cannot be made \(type.rawValue)"
        case .tensors(let flaws): flaws.description
        case .layer(let tensor): "tensor `\(tensor)` does not tell its layer"
        case .pattern(let pattern): "`\(pattern)` is no regular expression"
        case .unusedPattern(let pattern): "`\(pattern)` is in the name of no tensor that is quantized"
        case .importance(let flaw, let path): "\(path): \(flaw)"
        case .importanceSize(let tensor, let expected, let found):
            "there are \(found) weights for tensor `\(tensor)` and not \(expected)"
        case .written(let flaw, let path): "\(path): \(flaw)"
        case .cancelled: "it was stopped"
        }
    }
}

extension ConversionError.ImportanceFlaw: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .truncated(let offset): "it ends too early (at byte \(offset))"
        case .empty: "it has no entries"
        case .missingKey(let key): "the key `\(key)` is missing"
        case .mismatch(let entry): "the sums and the counts of `\(entry)` do not fit each other"
        case .notFinite(let entry): "`\(entry)` has a weight that is infinite or none"
        case .negative(let entry): "`\(entry)` has a weight below zero"
        case .foreign: "it has weights for none of the model's tensors"
        }
    }
}

extension ConversionError.WrittenFlaw: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .tensors: "it has other tensors than it should"
        case .content(let tensor, let element):
            "tensor `\(tensor)` is too far from the source (at element \(element))"
        }
    }
}
