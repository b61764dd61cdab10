import Conversion
import Formats
import Platform
import Store
import SystemPackage

extension Failure {
    /// Words why a model could not be converted or quantized.
    init(conversion error: ConversionError) {
        switch error {
        case .system(let error): self.init(system: error)
        case .format(let error, let path): self.init(error, of: path.string)
        default: self.init(error.kind, error.words, hint: error.hint, cause: error)
        }
    }

    /// Words why a folder cannot be converted.
    init(folder error: HuggingFaceError, named name: String? = nil) {
        switch error {
        case .system(let error): self.init(system: error)
        case .format(let error, let path): self.init(error, of: path.string)
        default:
            let place = name.map { "\($0): " } ?? ""
            self.init(error.kind, "\(place)\(error)", hint: error.hint, cause: error)
        }
    }

    /// Words why no GGUF can be made of an adapter.
    init(_ error: HuggingFaceError, of name: String) {
        if case .system(let error) = error {
            self.init(system: error)
        } else if error.kind == .unsupported {
            self.init(
                .unsupported,
                "no GGUF can be made of `\(name)`: \(error)",
                hint: "name one that there is, `OWNER/NAME/FILE.gguf` or `./FILE.gguf`; llama.cpp's "
                    + "convert_lora_to_gguf.py may make it",
                cause: error
            )
        } else {
            self.init(.invalid, "`\(name)` is no valid adapter: \(error)", cause: error)
        }
    }

    /// Words why the GGUF of an adapter was not made.
    init(_ error: ConversionError, of name: String) {
        switch error {
        case .system, .cancelled: self.init(conversion: error)
        case .written:
            self.init(.failed, "the GGUF of `\(name)`: \(error.words)", hint: error.hint, cause: error)
        default: self.init(.invalid, "`\(name)` is no valid adapter: \(error)", cause: error)
        }
    }

    /// What is stored is not what would be made.
    static func stored(_ key: ModelKey, _ difference: String) -> Failure {
        Failure(
            .conflict,
            "`\(key)` is stored already, \(difference)",
            hint: "add `--force` to replace it, or `--as NAME`"
        )
    }
}

extension ConversionError {
    fileprivate var kind: Failure.Kind {
        switch self {
        case .cancelled: .cancelled
        case .system, .written: .failed
        case .outOfRange, .requantizing, .unsupportedSource, .unsupportedTarget, .tensors: .unsupported
        case .format, .notFinite, .importanceSize, .unusedPattern, .pattern, .metadata, .layer, .importance:
            .invalid
        }
    }

    fileprivate var words: String {
        switch self {
        case .cancelled: "interrupted"
        case .importanceSize: "the importance matrix is that of another model: \(self)"
        case .written: "what was written is not what should have been, and was not stored: \(self)"
        default: "\(self)"
        }
    }

    fileprivate var hint: String? {
        switch self {
        case .notFinite:
            "the source is damaged: fetch or make it anew; `stackctl verify` tells it of what is stored"
        case .outOfRange: "make it `--quant bf16` or `--quant f32` first, and quantize that"
        case .requantizing:
            "take a source in f32, f16 or bf16, or add `--allow-requantize`, which costs quality"
        case .tensors: "no engine loads it: take one that is whole"
        case .importanceSize, .importance(.foreign, _):
            "leave `--imatrix` out, or measure one with llama-imatrix on this model"
        case .unusedPattern: "`stackctl inspect --tensors` lists the names"
        case .pattern: "see `--tensor-type REGEX=TYPE`"
        case .written: "the disk or the memory may be damaged: `stackctl doctor` looks at both"
        default: nil
        }
    }
}

extension HuggingFaceError {
    fileprivate var kind: Failure.Kind {
        switch self {
        case .architecture, .feature, .unknownTensor, .tensors, .layer: .unsupported
        default: .invalid
        }
    }

    fileprivate var hint: String? {
        switch self {
        case .feature(.preTokenizer):
            "`--pre NAME` says it, with a name that llama.cpp has for it, for example `llama-bpe`"
        case .tensors, .layer:
            "see that all files of it are there, and that `config.json` is that of these weights"
        default: nil
        }
    }
}
