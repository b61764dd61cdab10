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
    /// The engine lays no adapters over a model of this architecture in this format, or adapters of this kind over none.
    case adaptersNotServed(EngineName, architecture: String?)
    /// The engine reads adapters in another form: llama.cpp in GGUF, the others as folders of PEFT.
    case adapterFormNotServed(EngineName, path: String)
    /// The engine takes no adapter of this rank, or is told to take none.
    case rankNotServed(EngineName, rank: Int, most: Int)
    /// The engine asks nobody for a key, so that a model which is to have one would be open to all.
    case keyNotServed(EngineName)
    /// The engine does not store its cache in this type.
    case cacheTypeNotServed(EngineName, String)
    /// The engine has no template of this name.
    case templateNotServed(EngineName, String)
    /// The engine is not shared out over several machines.
    case nodesNotServed(EngineName)
    /// The engine would take the address of a machine for something else.
    case addressNotServed(EngineName, String)
    /// One machine alone is named where several are to share a model.
    case oneMachine(String)
    /// A container alone is not what several machines serve a model with.
    case severalMachines
    /// A file of variables cannot demand that the key is there.
    case keyNotInVariables(SecretReference)
    /// The engine has no image for every machine, and the stack names none.
    case imageUnknown(EngineName)
    /// Two settings exclude each other with this engine.
    case settingsConflict(EngineName, String, String)
    /// An adapter that the settings name is not among those to lay over the weights.
    case missingAdapter(String)
    /// The smaller model that guesses ahead is not there.
    case missingDraft(String?)
    /// A file that the engine needs is not among the model's.
    case missingFile(String)
    /// The files hold more than one model.
    case ambiguousFiles([String])
    /// The engine would take the model's or an adapter's name for something else.
    case nameNotServed(EngineName, String)
    /// The engine would take the path of a file for something else.
    case pathNotServed(EngineName, String)
    /// The engine would take a word of `extra` for something else.
    case argumentNotAccepted(EngineName, String)
    /// The engine does not know an argument of `extra` in the version that was read.
    case argumentUnknown(EngineName, String, version: String, near: String?)
    /// The engine no longer knows an argument of `extra`.
    case argumentRemoved(EngineName, String, successor: String?)
    /// An argument of `extra` lacks its value.
    case valueMissing(EngineName, String)
    /// An argument of `extra` has a value that the engine stops at.
    case valueNotAccepted(EngineName, String, String, choices: [String])
    /// An argument of `extra` is set by other settings.
    case argumentReserved(EngineName, String)
    /// An argument of `extra` is followed by a secret, which a command shows to everybody.
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
        case .adaptersNotServed, .adapterFormNotServed, .rankNotServed: ofAdapters
        case .keyNotServed(let engine): "\(engine.rawValue) asks nobody for a key, and `api_key` is set"
        case .cacheTypeNotServed(let engine, let type): "\(engine.rawValue) has no cache of type `\(type)`"
        case .templateNotServed(let engine, let name): "\(engine.rawValue) has no template named `\(name)`"
        case .nodesNotServed(let engine): "\(engine.rawValue) is not shared out over several machines"
        case .addressNotServed(let engine, let address):
            "\(engine.rawValue) cannot be given the address `\(address)`"
        case .imageUnknown(let engine):
            "the stack names no image, and \(engine.rawValue) has one a generation of GPUs"
        case .oneMachine(let address):
            "`nodes` names `\(address)` alone: several machines share a model, the first one's address first"
        case .severalMachines: "several machines serve it, each with a command of its own"
        case .keyNotInVariables(let secret):
            "a file of variables cannot demand the key: without `\(secret)` the server would be open to all"
        case .settingsConflict(let engine, let one, let other):
            "with \(engine.rawValue), `\(one)` and `\(other)` exclude each other"
        case .missingAdapter(let name): "the adapter `\(name)` is not there"
        case .missingDraft(let name?): "the model `\(name)`, which is to guess ahead, is not there"
        case .missingDraft(nil): "no model is named that is to guess ahead"
        case .missingFile(let name): "`\(name)` is missing"
        case .ambiguousFiles(let names):
            "there is more than one model: \(names.map { "`\($0)`" }.joined(separator: ", "))"
        case .nameNotServed(let engine, let name): "\(engine.rawValue) cannot serve anything as `\(name)`"
        case .pathNotServed(let engine, let path): "\(engine.rawValue) cannot be given the path `\(path)`"
        case .argumentNotAccepted, .argumentUnknown, .argumentRemoved, .valueMissing, .valueNotAccepted,
            .argumentReserved, .secretInCommand:
            ofArguments
        }
    }

    private var ofAdapters: String {
        switch self {
        case .adaptersNotServed(let engine, let architecture?):
            "\(engine.rawValue) lays no adapters over a model of the architecture \(architecture)"
        case .adapterFormNotServed(.llamacpp, let path):
            "llamacpp reads adapters in GGUF, and `\(path)` is not one"
        case .adapterFormNotServed(let engine, let path):
            "\(engine.rawValue) reads adapters as folders of PEFT, and `\(path)` is none"
        case .rankNotServed(let engine, let rank, let most):
            "an adapter has rank \(rank), and \(engine.rawValue) takes \(most) at most"
        default: "adapters are not served"
        }
    }

    private var ofArguments: String {
        switch self {
        case .argumentUnknown(let engine, let word, let version, let near):
            "\(engine.rawValue) \(version) has no argument `\(word)`"
                + (near.map { "; the nearest is `\($0)`" } ?? "") + "; what a newer one has goes behind `--`"
        case .argumentRemoved(let engine, let word, let successor):
            "\(engine.rawValue) does not accept `\(word)` any more"
                + (successor.map { "; it has `\($0)` for it" } ?? "")
        case .valueMissing(let engine, let word): "`\(word)` of \(engine.rawValue) lacks its value"
        case .valueNotAccepted(let engine, let word, let value, let choices):
            "`\(word)` of \(engine.rawValue) cannot be `\(value)`, only "
                + choices.map { "`\($0)`" }.joined(separator: ", ")
        case .argumentReserved(let engine, let word):
            "`\(word)` of \(engine.rawValue) follows from other settings"
        case .secretInCommand(let word):
            "`\(word)` would show its secret; put it into the container's environment, in compose.yaml"
        case .argumentNotAccepted(let engine, let word): "\(engine.rawValue) does not accept `\(word)`"
        default: "the argument is not accepted"
        }
    }
}
