public import Catalog
import Engines
public import Platform
import SystemPackage

/// A model of the catalog that this host can run.
public struct RecommendedModel: Sendable, Encodable {
    /// The stack that would serve it.
    public let stack: String
    /// What it is recommended for.
    public let profile: String
    /// Its name.
    public let model: String
    /// The quantization, or the type of the weights.
    public let quant: String
    /// `gguf` or `safetensors`.
    public let format: String
    /// The number of its weights.
    public let parameters: Int?
    /// Whether the hub wants a licence accepted before it hands out the original weights.
    public let gated: Bool?
    /// What its files take, by the number of weights.
    public let sizeBytes: ByteCount
    /// What it takes of memory, on GPUs and beside them.
    public let needBytes: ByteCount
    /// What of that is the processors' memory.
    public let ramBytes: ByteCount
    /// What of that is GPUs' memory.
    public let vramBytes: ByteCount
    /// The tokens that it has room for then.
    public let contextLength: Int
    /// `gpu`, `partial` or `cpu`.
    public let verdict: String
    /// How many of its layers lie on GPUs.
    public let gpuLayers: Int
    /// How many layers it has.
    public let layers: Int?
    /// Whether it is the first that should be tried.
    public let recommended: Bool
    /// Whether it is stored.
    public let stored: Bool
    /// Why it is recommended, in a sentence.
    public let reason: String
    /// What to type for it.
    public let command: String
    /// What to ask `Pull` and `Use` for.
    public let reference: ModelReference
    /// Where its layers lie, in words.
    public let place: String

    private enum CodingKeys: String, CodingKey {
        case stack, profile, model, quant, format, parameters, gated, sizeBytes, needBytes, ramBytes,
            vramBytes
        case contextLength, verdict, gpuLayers, layers, recommended, stored, reason, command
    }
}

extension RecommendedModel {
    init(
        _ choice: Recommendation.Choice,
        for profile: Profile,
        in workspace: Workspace,
        _ stack: Stack,
        isFirst: Bool
    ) {
        let (form, fit) = (choice.form, choice.fit)
        self.stack = stack.name
        self.profile = profile.name
        model = form.entry.reference
        quant = form.quantization.name
        format = form.format.rawValue
        (parameters, gated, layers) = (form.entry.parameters, form.entry.gated, form.entry.layers)
        (sizeBytes, needBytes, ramBytes, vramBytes) = (form.size, fit.total, fit.onHost, fit.onGPUs)
        (contextLength, verdict, gpuLayers) = (choice.context, fit.verdict.rawValue, fit.gpuLayers)
        (recommended, stored) = (isFirst, choice.isStored)
        place = fit.words(layers: form.entry.layers)
        reason = "\(profile.name): \(choice.words)"
        reference = form.reference
        command = workspace.command(of: stack, stored ? "use" : "pull", "\(reference)")
    }
}

extension CatalogForm {
    /// What a person asks for; the original weights are what a stack of safetensors takes by itself.
    var reference: ModelReference {
        let name = ModelReference.Source.catalog(
            name: entry.name,
            tag: entry.reference == entry.name ? nil : entry.tag
        )
        return ModelReference(name, quantization: format == .gguf ? quantization : nil)
    }
}

extension Workspace {
    /// A command for a person to type, quoted for a shell.
    func command(of stack: Stack, _ verb: String, _ words: String...) -> String {
        let options = home.origin == .flag ? ["--home", home.path.string] : []
        return (["stackctl"] + options + [stack.name, verb] + words).map(ShellCommand.quoted).joined(
            separator: " "
        )
    }
}

extension Recommendation.Choice {
    fileprivate var words: String {
        let place =
            switch fit.verdict {
            case .gpu: "on the GPU"
            case .partial: "partly on the GPU"
            case .cpu, .no, .unknown: "in RAM"
            }
        let what =
            switch reason {
            case .rung(let memory): "for hosts with \(memory) of RAM or more"
            case .lowerRung(let memory): "smaller, for hosts with \(memory) of RAM or more"
            case .ofProfile(isLargest: true): "the largest that fits \(place)"
            case .ofProfile(isLargest: false): "smaller, fits \(place)"
            case .ofCatalog(isLargest: true): "recommended, the largest that fits \(place)"
            case .ofCatalog(isLargest: false): "recommended, fits \(place)"
            case .fits: "fits \(place)"
            }
        return isShort ? "\(what), with a context of \(context) tokens" : what
    }
}
