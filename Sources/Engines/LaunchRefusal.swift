public import Catalog
public import Formats

/// Why an engine would not serve what it is asked to.
public enum LaunchRefusal: Error, Sendable, Equatable {
    /// The engine does not read the format.
    case formatNotServed(EngineName, ModelFormat)
    /// The engine does not read the quantization.
    case quantizationNotServed(EngineName, Quantization)
    /// The engine does not read a type that some tensors of the files have.
    case tensorTypeNotServed(EngineName, TensorType)
    /// The engine is given no adapters that belong to a model.
    case adaptersNotServed(EngineName)
    /// A file that the engine needs is not among the model's.
    case missingFile(String)
    /// The files hold more than one model.
    case ambiguousFiles([String])
    /// The engine would take the model's name for something else.
    case nameNotServed(EngineName, String)
    /// The engine would take the path of a file for something else.
    case pathNotServed(EngineName, String)
    /// The engine does not know an argument of the stack's `extra`, or no longer.
    case argumentNotAccepted(EngineName, String)
    /// An argument of the stack's `extra` is set by other keys of the stack.
    case argumentReserved(EngineName, String)
    /// An argument of the stack's `extra` is followed by a secret, which a command shows to everybody.
    case secretInCommand(String)
}

extension LaunchRefusal: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .formatNotServed(let engine, let format): "\(engine.rawValue) does not serve \(format.rawValue)"
        case .quantizationNotServed(let engine, let quantization):
            "\(engine.rawValue) does not serve the quantization \(quantization)"
        case .tensorTypeNotServed(let engine, let type):
            "\(engine.rawValue) does not serve tensors of type \(type.rawValue.lowercased())"
        case .adaptersNotServed(let engine):
            "\(engine.rawValue) does not serve the adapters that belong to it"
        case .missingFile(let name): "`\(name)` is missing"
        case .ambiguousFiles(let names):
            "there is more than one model: \(names.map { "`\($0)`" }.joined(separator: ", "))"
        case .nameNotServed(let engine, let name): "\(engine.rawValue) cannot serve a model as `\(name)`"
        case .pathNotServed(let engine, let path): "\(engine.rawValue) cannot be given the path `\(path)`"
        case .argumentNotAccepted(let engine, let argument):
            "\(engine.rawValue) does not accept `\(argument)`"
        case .argumentReserved(let engine, let argument):
            "`\(argument)` of \(engine.rawValue) follows from other keys of the stack"
        case .secretInCommand(let argument):
            "`\(argument)` would show its secret; put it into the container's environment, in compose.yaml"
        }
    }
}
