import ArgumentParser
import Catalog
import Operations
import Platform
import SystemPackage

struct ModelConvert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Make a GGUF or UQFF of safetensors, or a quantized GGUF of a GGUF",
        discussion: """
            MODEL is stored in the stack, or is fetched from the hub for this and removed afterwards; or it is a folder \
            as the hub has them, or a `.gguf` file. What it is made of stays as it is.

            Several quantizations are made in one pass over the weights. What is written is what llama.cpp's own tools \
            would write, byte for byte, and is checked before it becomes visible.

            What is not known here, the tools of an engine convert in a container of their own: of the image that is \
            named, else of the stack's if it has them, else of the `full` one of llama.cpp that belongs to it. A UQFF is \
            always made so, by mistral.rs.
            """
    )

    @Argument(help: "The model, folder or file to convert.", transform: ModelReference.typed)
    var model: ModelReference

    @Option(
        help: ArgumentHelp("The format: gguf, or uqff, which only mistral.rs serves.", valueName: "format")
    )
    var to = ConvertedFormat.gguf

    @Option(
        help: ArgumentHelp(
            "The quantizations, for example `q4_k_m,q8_0`; also f32, f16, bf16, and auto: the source's own precision.",
            valueName: "q"
        )
    )
    var quant: [String] = []

    @Option(
        help: ArgumentHelp(
            "Write a file here, or several into a folder, and not into the stack's volume.",
            valueName: "path"
        )
    )
    var output: String?

    @Option(
        help: ArgumentHelp(
            "What converts: native, container (the tools of an engine), or auto: the second for what the first cannot.",
            valueName: "engine"
        )
    )
    var engine = ConversionEngine.auto

    @Option(
        help: ArgumentHelp(
            "The image with the tools, if not the stack's or the `full` one that belongs to it.",
            valueName: "image"
        )
    )
    var image: String?

    @Option(help: ArgumentHelp("An importance matrix of llama-imatrix, of either format.", valueName: "file"))
    var imatrix: String?

    @Option(
        help: ArgumentHelp("The threads that share the work; one for each core without this.", valueName: "n")
    )
    var threads: Int?

    @Flag(help: "Keep the safetensors that were fetched for this.")
    var keepSource = false

    @Option(name: .customLong("as"), help: ArgumentHelp("The name to store it under.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "How the tokenizer finds words, where that is not known: llama.cpp's name for it, for example llama-bpe.",
            valueName: "name"
        )
    )
    var pre: String?

    @Flag(help: "Also quantize what is quantized already, which costs quality.")
    var allowRequantize = false

    @Option(
        name: .customLong("tensor-type"),
        help: ArgumentHelp(
            "The type of the tensors whose names match, for example `ffn_down=q8_0`.",
            valueName: "regex=type"
        )
    )
    var tensorTypes: [String] = []

    @Flag(help: "Leave `output.weight` as it is.")
    var leaveOutputTensor = false

    @Flag(help: "Give all tensors the same type, without a mixture.")
    var pure = false

    @Flag(help: "Make it again, even if it is there.")
    var force = false

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...1024).contains(threads ?? 1) else {
            throw ValidationError("`--threads` takes a number from 1 to 1024")
        }
        if output == "" { throw ValidationError("`--output` takes the path of a file or folder") }
        if engine == .container, pre != nil {
            throw ValidationError(
                "`--pre` is for `--engine native`: llama.cpp's own tools know what they know"
            )
        }
        if to == .uqff {
            let isPlain = !allowRequantize && !leaveOutputTensor && !pure && tensorTypes.isEmpty
            guard isPlain, pre == nil, imatrix == nil else {
                throw ValidationError(
                    "`--imatrix`, `--tensor-type`, `--leave-output-tensor`, `--pure`, `--allow-requantize` and `--pre` "
                        + "are about a GGUF"
                )
            }
            if output != nil {
                throw ValidationError(
                    "`--output` takes a GGUF: a uqff is a folder, and is stored in the stack"
                )
            }
        }
        if output != nil, name != nil {
            throw ValidationError("`--as` names what is stored, and `--output` stores nothing")
        }
        let options = try options()
        if let output, output.lowercased().hasSuffix(".gguf"), Set(options.targets).count > 1 {
            throw ValidationError(
                "several quantizations do not go into one file: `--output` takes a folder, for example "
                    + "`\(output.dropLast(".gguf".utf8.count))/`"
            )
        }
        guard !options.choosesTypes || options.targets.contains(where: \.isQuantized) else {
            throw ValidationError(
                "`--imatrix`, `--tensor-type`, `--leave-output-tensor` and `--pure` say how to quantize: name a "
                    + "quantization with `--quant`"
            )
        }
    }

    private func options() throws -> ConvertOptions {
        var options = ConvertOptions()
        options.format = to == .uqff ? .uqff : .gguf
        options.targets = try quant.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map
        { text in
            guard let target = ConversionTarget(parsing: text) else {
                throw ValidationError(
                    "`\(text)` is no quantization\n\nhint: \(ConversionTarget.hint(near: text, in: options.format))"
                )
            }
            return target
        }
        options.tensorTypes = try tensorTypes.map { text in
            guard let choice = TensorTypeChoice(parsing: text) else {
                throw ValidationError("`\(text)` is not of the form REGEX=TYPE, for example `ffn_down=q8_0`")
            }
            return choice
        }
        (options.engine, options.image) = (engine, image)
        (options.threads, options.name) = (threads, name)
        (options.output, options.importance) = (output.map { FilePath($0) }, imatrix.map { FilePath($0) })
        options.outputIsFolder = output?.hasSuffix("/") == true
        (options.keepsSource, options.preTokenizer, options.force) = (keepSource, try preTokenizer(), force)
        (options.allowsRequantizing, options.leavesOutput) = (allowRequantize, leaveOutputTensor)
        options.isPure = pure
        return options
    }

    private func preTokenizer() throws -> PreTokenizerChoice? {
        guard let pre else { return nil }
        if let choice = PreTokenizerChoice(parsing: pre) { return choice }
        let names = PreTokenizerChoice.suggestions(for: pre).map { "`\($0)`" }.joined(separator: ", ")
        throw ValidationError(
            "llama.cpp has no way to find words named `\(pre)`: `--pre` takes \(names) and others"
        )
    }

    func run() async throws {
        let workspace = try common.workspace()
        let conversion = Convert(model, try options())
        if change.dryRun {
            let plan = try await conversion.plan(in: workspace, report: common.reporter)
            try common.output.print(ConvertPlanView(plan)) {
                ConvertPlanView.text(plan, common.output.terminal)
            }
            return try plan.checkSpace()
        }
        let made = try await common.showingProgress("\(model)") { report in
            try await conversion.run(in: workspace, report: report)
        }
        try common.output.tell(made) { ConvertedModelView.text(made) }
    }
}

/// What a model can be converted to.
enum ConvertedFormat: String, CaseIterable, ExpressibleByArgument {
    case gguf, uqff
}
