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
        case .cancelled: self.init(.cancelled, "interrupted", cause: error)
        case .notFinite:
            self.init(
                .invalid,
                "\(error)",
                hint:
                    "the source is damaged: fetch or make it anew; `stackctl verify` tells it of what is stored",
                cause: error
            )
        case .outOfRange:
            self.init(
                .unsupported,
                "\(error)",
                hint: "make it `--quant bf16` or `--quant f32` first, and quantize that",
                cause: error
            )
        case .requantizing:
            self.init(
                .unsupported,
                "\(error)",
                hint: "take a source in f32, f16 or bf16, or add `--allow-requantize`, which costs quality",
                cause: error
            )
        case .unsupportedSource, .unsupportedTarget: self.init(.unsupported, "\(error)", cause: error)
        case .importanceSize:
            self.init(
                .invalid,
                "the importance matrix is that of another model: \(error)",
                hint: "leave `--imatrix` out, or measure one with llama-imatrix on this model",
                cause: error
            )
        case .pattern:
            self.init(.invalid, "\(error)", hint: "see `--tensor-type REGEX=TYPE`", cause: error)
        case .written:
            self.init(
                .failed,
                "what was written is not what should have been, and was not stored: \(error)",
                hint: "the disk or the memory may be damaged: `stackctl doctor` looks at both",
                cause: error
            )
        case .metadata, .layer, .importance: self.init(.invalid, "\(error)", cause: error)
        }
    }

    /// Words why a folder cannot be converted.
    init(folder error: HuggingFaceError, named name: String? = nil) {
        let place = name.map { "\($0): " } ?? ""
        switch error {
        case .system(let error): self.init(system: error)
        case .format(let error, let path): self.init(error, of: path.string)
        case .feature(.preTokenizer):
            self.init(
                .unsupported,
                "\(place)\(error)",
                hint: "`--pre NAME` says it, with a name that llama.cpp has for it, for example `llama-bpe`",
                cause: error
            )
        case .architecture, .feature, .unknownTensor:
            self.init(.unsupported, "\(place)\(error)", cause: error)
        default: self.init(.invalid, "\(place)\(error)", cause: error)
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
