public import Catalog
import Conversion
import Platform
public import SystemPackage

/// What converts a model.
public enum ConversionEngine: String, Sendable, CaseIterable {
    /// stackctl itself, or an engine's own tools for what it cannot convert, where their image is.
    case auto
    /// stackctl itself.
    case native
    /// An engine's own tools, in a container.
    case container
}

/// What a model is converted to.
public struct ConversionTarget: Sendable, Hashable {
    enum Choice: Hashable {
        /// The type of the source's own weights.
        case usual
        case named(Quantization)
    }

    let choice: Choice

    /// The type of the source's own weights.
    public static let usual = ConversionTarget(choice: .usual)

    /// Reads the name of a quantization in any spelling, or `auto`; `nil` if it has not the shape of one.
    public init?(parsing text: some StringProtocol) {
        if text.lowercased() == "auto" {
            self = .usual
            return
        }
        guard let quant = Quantization(parsing: text) else { return nil }
        choice = .named(quant)
    }

    private init(choice: Choice) { self.choice = choice }

    /// The names that resemble what was typed, and those of all that a format can have.
    public static func hint(near text: some StringProtocol, in format: ModelFormat) -> String {
        TargetForm.hint(near: text, in: format)
    }

    /// Whether weights get scales in common, and not just another width: only then is there something to choose about
    /// how it is done.
    public var isQuantized: Bool {
        switch choice {
        case .usual: false
        case .named(let quant): QuantizationTarget(name: quant.name)?.plainType == nil
        }
    }
}

/// The type that a person wants for some tensors, `REGEX=TYPE`.
public struct TensorTypeChoice: Sendable, Hashable {
    let text: String
    let override: TensorOverride

    /// Reads it; `nil` if a part is missing or there is no such type.
    public init?(parsing text: String) {
        guard let override = TensorOverride(parsing: text) else { return nil }
        self.override = override
        self.text = text
    }
}

/// A name that llama.cpp has for the way in which a tokenizer finds words.
public struct PreTokenizerChoice: Sendable, Hashable {
    let name: String

    /// Takes a name; `nil` if llama.cpp has it not.
    public init?(parsing text: String) {
        guard PreTokenizerNames.all.contains(text) else { return nil }
        name = text
    }

    /// The names that may have been meant, or some that are common.
    public static func suggestions(for text: String) -> [String] {
        let near = nearestNames(to: text, in: PreTokenizerNames.all)
        return near.isEmpty ? ["llama-bpe", "qwen2", "gpt-2", "tekken", "deepseek-v3"] : near
    }
}

/// How a model is converted.
public struct ConvertOptions: Sendable {
    /// The format: `gguf`, or `uqff`.
    public var format = ModelFormat.gguf
    /// What to; nothing is the type of the source's own weights.
    public var targets: [ConversionTarget] = []
    /// What converts it.
    public var engine = ConversionEngine.auto
    /// The image with the tools, if not the one that belongs to the stack's.
    public var image: String?
    /// Where it goes, if not into the stack's volume: a file, or a folder.
    public var output: FilePath?
    /// Whether it goes into a folder of that name, be there one or not.
    public var outputIsFolder = false
    /// How much the columns of tensors matter, measured on a text.
    public var importance: FilePath?
    /// How many threads share the work; one for each core without this.
    public var threads: Int?
    /// Whether a source stays that was fetched only to be converted.
    public var keepsSource = false
    /// The name to store it under.
    public var name: String?
    /// The name of the way in which the tokenizer finds words.
    public var preTokenizer: PreTokenizerChoice?
    /// Whether what is quantized already may be quantized once more.
    public var allowsRequantizing = false
    /// The types that are wanted for some tensors.
    public var tensorTypes: [TensorTypeChoice] = []
    /// Whether `output.weight` stays as it is.
    public var leavesOutput = false
    /// Whether all tensors get the same type.
    public var isPure = false
    /// Whether what is there is made again.
    public var force = false

    /// The usual way.
    public init() {}

    /// Whether something is said of what tensors get beside the target's name.
    public var choosesTypes: Bool { importance != nil || !tensorTypes.isEmpty || leavesOutput || isPure }

    /// The type in which llama.cpp's converter writes what is wanted of a folder; `nil` where it must be quantized.
    ///
    /// It makes `q8_0` too, as long as nobody chooses types.
    func converted(_ target: TargetForm) -> ConversionType? {
        target.native == .q8_0 && !choosesTypes ? .q8_0 : target.plainType
    }

    /// Whether tools make it of a folder with nothing in between.
    func isDirect(_ target: TargetForm) -> Bool { converted(target) != nil || target.format == .uqff }

    /// The options of the command line that decide about the bytes of a target, as they can be typed in any folder.
    func words(for target: TargetForm) -> [String] {
        let importance = importance.map { (try? FileSystem.absolute($0)) ?? $0 }
        let tokenizer = preTokenizer.map { ["--pre", $0.name] } ?? []
        guard target.plainType == nil else { return tokenizer }
        return tokenizer + (importance.map { ["--imatrix", $0.string] } ?? [])
            + tensorTypes.flatMap { ["--tensor-type", $0.text] }
            + (leavesOutput ? ["--leave-output-tensor"] : []) + (isPure ? ["--pure"] : [])
            + (allowsRequantizing ? ["--allow-requantize"] : [])
    }

    /// The same for the room that quantizes.
    func quantization(_ importance: ImportanceMatrix?) -> QuantizationOptions {
        QuantizationOptions(
            overrides: tensorTypes.map(\.override),
            leavesOutput: leavesOutput,
            isPure: isPure,
            allowsRequantizing: allowsRequantizing,
            importance: importance
        )
    }
}
