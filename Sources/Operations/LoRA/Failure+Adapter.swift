import Catalog
import Engines
import Formats

extension Failure {
    /// Does what may find that files are no adapter, and words it.
    static func wording<Answer>(
        _ name: String,
        _ work: () throws(AdapterError) -> Answer
    ) throws(Failure) -> Answer {
        do throws(AdapterError) { return try work() } catch { throw Failure(error, of: name) }
    }

    /// Words why files are not the adapter that they should be.
    init(_ error: AdapterError, of name: String) {
        switch error {
        case .format(let error, let file): self.init(error, of: file.map { "\(name)/\($0)" } ?? name)
        case .otherMethod(let method) where method.uppercased() == "XLORA":
            self.init(
                .unsupported,
                "`\(name)` mixes adapters anew for each token (X-LoRA)",
                hint: "mistral.rs serves it by `xlora.source` and `xlora.order` in the model's configuration",
                cause: error
            )
        case .otherMethod:
            self.init(.unsupported, "`\(name)` cannot be served: \(error)", cause: error)
        case .noAdapter(let kind):
            self.init(
                .invalid,
                "`\(name)` is no adapter: \(error)",
                hint: kind == "model" || kind == nil ? "a model is fetched with `stackctl pull`" : nil,
                cause: error
            )
        default: self.init(.invalid, "`\(name)` is no valid adapter: \(error)", cause: error)
        }
    }

    /// Words why an adapter cannot be laid over a model.
    init(_ refusal: AdapterRefusal, adapter: String, model: String, stack: Stack) {
        let kind: Kind =
            switch refusal {
            case .mixture: .conflict
            default: refusal.isOfEngine ? .unsupported : .invalid
            }
        self.init(
            kind,
            refusal.isOfEngine
                ? "`\(stack.name)` cannot serve `\(model)` with `\(adapter)`: \(refusal)"
                : "`\(adapter)` does not fit `\(model)`: \(refusal)",
            hint: Self.hint(refusal, model),
            cause: refusal
        )
    }

    private static func hint(_ refusal: AdapterRefusal, _ model: String) -> String? {
        switch refusal {
        case .form(_, .peft): "`stackctl lora add \(model) NAME=SOURCE` makes a GGUF of it"
        case .form(_, .gguf): "name the repository or the folder that it was made from"
        case .architecture, .baseFormat(_, .gguf), .baseFormat(.vllm, .uqff):
            "adapters go over the original: `stackctl pull --format safetensors \(model)`"
        case .baseFormat(_, .safetensors), .baseFormat(_, .uqff):
            "adapters go over a GGUF of it: `stackctl pull --format gguf \(model)`"
        case .scale: "leave `--scale` out"
        case .mixture: "`stackctl config unset \(model) xlora` takes it out"
        case .otherArchitecture, .noLayer, .noModule, .size, .width:
            "name the model that it was made for, or another adapter"
        case .feature, .module: "another adapter of the kind, or another engine, may do"
        case .rank: nil
        }
    }
}
