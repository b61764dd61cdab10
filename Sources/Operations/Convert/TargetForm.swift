import Catalog
import Conversion
import Platform

/// What a model is to become: a quantization in a format.
struct TargetForm: Sendable, Hashable, CustomStringConvertible {
    let format: ModelFormat
    /// The name of the quantization, under which it is stored.
    let quant: String
    /// The same for the room that converts; `nil` for what only an engine's own tools make.
    let native: QuantizationTarget?
    /// What these tools call it.
    let word: String

    var description: String { quant }

    /// The quantization in a format; `nil` if nobody makes that.
    init?(_ quantization: Quantization, in format: ModelFormat) {
        let name = quantization.name
        native = format == .gguf ? QuantizationTarget(name: name) : nil
        quant = native?.rawValue ?? name
        self.format = format
        switch format {
        case .gguf:
            guard native != nil || Self.ofLlamaCppAlone.contains(name) else { return nil }
            word = quant.uppercased()
        case .uqff:
            guard let own = Self.ofMistralRs[name] else { return nil }
            word = own
        case .safetensors: return nil
        }
    }

    /// A GGUF that is made here.
    init(_ native: QuantizationTarget) {
        (format, quant, self.native) = (.gguf, native.rawValue, native)
        word = quant.uppercased()
    }

    /// What `llama-quantize` makes and nobody here.
    private static let ofLlamaCppAlone: Set = [
        "iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq2_m", "iq3_xxs", "iq3_xs", "iq3_s", "iq3_m",
        "iq4_nl", "iq4_xs", "tq1_0", "tq2_0", "q1_0", "q2_0", "q2_k_s", "mxfp4_moe",
    ]

    /// What it refuses to make without an importance matrix.
    private static let needingImportance: Set = [
        "iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq2_m", "iq3_xxs", "iq3_xs", "q2_k_s",
    ]

    /// The words of `mistralrs quantize --isq` that every machine has a use for.
    private static let ofMistralRs = [
        "q4_0": "q4_0", "q4_1": "q4_1", "q5_0": "q5_0", "q5_1": "q5_1", "q8_0": "q8_0",
        "q2_k": "q2k", "q3_k": "q3k", "q4_k": "q4k", "q5_k": "q5k", "q6_k": "q6k",
        "hqq4": "hqq4", "hqq8": "hqq8", "fp8": "f8e4m3",
    ]

    /// The names that resemble what was typed, and those of all that a format can have.
    static func hint(near text: some StringProtocol, in format: ModelFormat) -> String {
        let names =
            format == .gguf
            ? QuantizationTarget.allCases.map(\.rawValue) + ofLlamaCppAlone.sorted()
            : ofMistralRs.keys.sorted()
        let near = nearestNames(to: String(text), in: names).map { "`\($0)`" }.joined(separator: " or ")
        return (near.isEmpty ? "" : "did you mean \(near)? ")
            + "`--quant` takes \(names.joined(separator: ", "))"
    }

    /// Whether nothing good comes of it unless it is known which weights matter.
    var needsImportance: Bool { format == .gguf && Self.needingImportance.contains(quant) }

    /// The same for weights that keep a number each; `nil` for a quantization.
    var plainType: ConversionType? { native?.plainType }
}

extension QuantizationTarget {
    /// The same for weights that keep a number each; `nil` for a quantization.
    var plainType: ConversionType? {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        default: nil
        }
    }
}

/// A quantization that nobody here makes, and an engine's own tools do.
struct ForeignForm: ConversionLimit {
    let quant: String
    var isOnlyUnknownHere: Bool { true }
}

extension ConvertOptions {
    /// The forms in the order in which they were named, each once.
    func resolvedTargets(usual: QuantizationTarget?) throws(Failure) -> [TargetForm] {
        var resolved: [TargetForm] = []
        for target in targets.isEmpty ? [.usual] : targets {
            let one: TargetForm
            switch target.choice {
            case .named(let quant):
                guard let form = TargetForm(quant, in: format) else { throw cannotMake(quant) }
                one = form
            case .usual:
                guard format == .gguf, let usual else { throw quantizationNeeded }
                one = TargetForm(usual)
            }
            if !resolved.contains(one) { resolved.append(one) }
        }
        return resolved
    }

    /// Refuses what cannot be made of anything.
    func checkTargets() throws(Failure) {
        if format == .uqff, engine == .native {
            throw Failure(
                .unsupported,
                "stackctl itself makes no uqff",
                hint: "leave `--engine` out: mistral.rs makes it, in a container of its image"
            )
        }
        for target in targets {
            guard case .named(let quant) = target.choice else { continue }
            guard let form = TargetForm(quant, in: format) else { throw cannotMake(quant) }
            guard !form.needsImportance || importance != nil else {
                throw Failure(
                    .unsupported,
                    "\(form) needs an importance matrix: without one, nothing useful comes of so few bits",
                    hint: "add `--imatrix FILE`, which llama-imatrix measures, or take iq3_s or more"
                )
            }
        }
    }

    /// Refuses what stackctl itself does not make.
    func checkNative(_ forms: [TargetForm]) throws(Failure) {
        guard let foreign = forms.first(where: { $0.native == nil }) else { return }
        throw Failure(
            .unsupported,
            "a model cannot be made \(foreign) here",
            cause: ForeignForm(quant: foreign.quant)
        )
    }

    private func cannotMake(_ quant: Quantization) -> Failure {
        Failure(
            .unsupported,
            format == .gguf ? "a model cannot be made \(quant) here" : "mistral.rs makes no \(quant)",
            hint: TargetForm.hint(near: quant.name, in: format)
        )
    }

    private var quantizationNeeded: Failure {
        Failure(
            .usage,
            format == .gguf
                ? "a GGUF is converted to another quantization, and none is named"
                : "a uqff is quantized, and no quantization is named",
            hint: "add `--quant`, for example `--quant \(format == .gguf ? "q4_k_m" : "q4_k")`"
        )
    }
}
