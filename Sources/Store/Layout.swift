public import Platform
public import SystemPackage

/// Where things lie inside a volume.
///
///     <volume>/<model>/<format>/<quant>/<files>
///     <volume>/<model>/<format>/<quant>/manifest.json     its presence is what makes the model exist
///     <volume>/.stackctl/partial/<digest>/                a download under way
///     <volume>/.stackctl/staging/<model>/                 a model being put together, renamed into its place
///     <volume>/.stackctl/removed/<number>/                a model being removed from the disk, out of sight already
///     <volume>/.stackctl/locks/<model>.lock               held by whoever changes the model
///     <volume>/.stackctl/state/                           what is served, what was used when, kept logs
public struct Layout: Sendable, Hashable {
    /// The volume's root.
    public let volume: FilePath

    /// Describes a volume.
    public init(volume: FilePath) { self.volume = volume }

    /// The name of a manifest.
    public static let manifestName = "manifest.json"

    var control: FilePath { volume.appending(".stackctl") }
    var partials: FilePath { control.appending("partial") }
    var staging: FilePath { control.appending("staging") }
    var removed: FilePath { control.appending("removed") }
    var locks: FilePath { control.appending("locks") }
    var state: FilePath { control.appending("state") }
    /// The logs of runs that failed when a model was to be served.
    public var keptLogs: FilePath { state.appending("logs") }

    /// The folder of one format and quantization of a model.
    public func directory(of key: ModelKey) -> FilePath {
        volume.appending(key.directoryName).appending(key.format).appending(key.quant)
    }
}

/// What tells one stored model from another.
public struct ModelKey: Sendable, Hashable, CustomStringConvertible {
    /// The name that the user gives, for example `qwen2.5-coder:32b` or `org/name`.
    public let model: String
    /// `gguf` or `safetensors`.
    public let format: String
    /// The quantization, for example `q4_k_m` or `bf16`.
    public let quant: String

    /// Accepts a key if its parts can be the names of folders.
    public init(model: String, format: String, quant: String) throws(StoreError) {
        self.model = model
        self.format = format
        self.quant = quant
        for part in [directoryName, format, quant] {
            guard Self.isFolderName(part) else { throw .invalidName(part) }
        }
    }

    /// Refuses a model whose name cannot be the name of a folder.
    static func checkDirectoryName(of model: String) throws(StoreError) {
        let name = directoryName(of: model)
        guard isFolderName(name) else { throw .invalidName(name) }
    }

    private static func isFolderName(_ name: String) -> Bool {
        // `C:` is a drive on some systems that a volume may be shared with.
        (1...255).contains(name.utf8.count) && !(name.utf8.count == 2 && name.hasSuffix(":"))
            && name.utf8.first != UInt8(ascii: ".")
            && name.utf8.allSatisfy {
                $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\")
            }
    }

    /// The name of the model's folder: the name with `-` for `:` and `--` for `/`.
    public var directoryName: String { Self.directoryName(of: model) }

    /// The name of a model's folder, for a name that was not checked.
    public static func directoryName(of model: String) -> String {
        var name = ""
        for character in model {
            switch character {
            case ":": name += "-"
            case "/": name += "--"
            default: name.append(character)
            }
        }
        return name
    }

    /// The model's folder below another root, for example where a container sees the volume.
    public func path(below root: String) -> String { "\(root)/\(directoryName)/\(format)/\(quant)" }

    /// For example `qwen2.5-coder:32b gguf q4_k_m`.
    public var description: String { "\(model) \(format) \(quant)" }
}

/// A fact that stopped the store.
public enum StoreError: Error, Sendable, CustomStringConvertible {
    /// A call of the kernel failed.
    case system(SystemError)
    /// A manifest that does not say what it must.
    case malformedManifest(FilePath, reason: String)
    /// What is written down of a stack's launches cannot be read.
    case malformedState(FilePath, reason: String)
    /// The name cannot be the name of a folder.
    case invalidName(String)
    /// Files that stackctl did not put there are in the way.
    case foreignFiles(FilePath)
    /// Another model's name leads to the same folder.
    case nameTaken(FilePath, by: String)
    /// A model is stored whose name differs in the case of its letters only.
    case spelledOtherwise(String, as: String)
    /// Another process works on it.
    case busy(String)

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .malformedManifest(let path, let reason): "\(path): \(reason)"
        case .malformedState(let path, let reason): "\(path): \(reason)"
        case .invalidName(let name): "`\(name)` cannot be the name of a folder"
        case .foreignFiles(let path): "\(path) holds files without a manifest"
        case .nameTaken(let path, let model): "\(path) belongs to \(model)"
        case .spelledOtherwise(let name, let model):
            "`\(name)` differs from the stored `\(model)` in the case of its letters only"
        case .busy(let what): "another process works on \(what)"
        }
    }
}

/// Runs file work and reports its failures as facts of the store.
func stored<Result>(_ work: () throws(SystemError) -> Result) throws(StoreError) -> Result {
    do throws(SystemError) { return try work() } catch { throw .system(error) }
}
