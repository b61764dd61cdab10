import Docker
import Formats
import Platform
import Synchronization
import SystemPackage

extension ContainerTools {
    /// What an engine reads beside the weights, which mistral.rs copies and older versions of it did not.
    private static let companions = [
        "config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json",
        "special_tokens_map.json", "tokenizer.model", "chat_template.jinja", "chat_template.json",
        "preprocessor_config.json", "processor_config.json", "modules.json",
    ]

    /// Writes a folder with the weights of another in UQFF, of which only these files are seen.
    func makeUQFF(
        _ files: [Given],
        named name: String,
        to target: TargetForm,
        at path: FilePath,
        for output: FilePath,
        _ options: ConvertOptions,
        _ progress: @escaping @Sendable (Double) -> Void
    ) async throws {
        guard case .mistralRs(let hasGPUs) = image.kit else { preconditionFailure("mistral.rs makes a uqff") }
        let source = "\(Place.source)/\(name)"
        let file = "\(Place.work)/\(target.word).uqff"
        let command = ["quantize", "-m", source, "--isq", target.word, "-o", file]
        var container = container(
            "mistralrs quantize",
            command + (hasGPUs ? [] : ["--cpu"]),
            try files.map { try mount($0.path, at: "\(source)/\($0.name)") }
        )
        container.entrypoint = ["mistralrs"]
        container.environment = ["RAYON_NUM_THREADS=\(options.threads ?? Machine.processors)"]
        // Only a terminal is shown how far it is.
        (container.hasTerminal, container.takesGPUs) = (true, hasGPUs)
        let stage = Mutex(UQFFProgress())
        try await run(container, for: output, writing: path) { folder in
            try accept(uqff: folder, of: files)
        } line: { line in
            if let part = stage.withLock({ $0.part(after: line) }) { progress(part) }
        }
    }

    /// Completes and checks what mistral.rs has written.
    private func accept(uqff folder: FilePath, of files: [Given]) throws -> FilePath {
        for given in files where Self.companions.contains(given.name) {
            let own = folder.appending(given.name)
            if !FileSystem.exists(own) { try FileSystem.copy(try FileSystem.resolve(given.path), to: own) }
        }
        for name in try FileSystem.list(folder) {
            try accept(folder.appending(name), of: "one of mistral.rs, of 0.9.2 or later")
        }
        do throws(FormatError) { _ = try ModelFacts.read(uqff: folder) } catch {
            throw Failure(
                .failed,
                "what mistral.rs in \(image.name) has written is no whole uqff: \(error)",
                hint: "see that the image is one of mistral.rs, of 0.9.2 or later",
                cause: error
            )
        }
        try FileSystem.synchronize(folder)
        return folder
    }
}

/// How far mistral.rs is, by the bars that it draws: it loads a model, then quantizes it.
struct UQFFProgress {
    private var isQuantizing = false
    private var most = 0.0

    /// The part that is done, if the line tells that more is than before.
    mutating func part(after line: String) -> Double? {
        if line.contains("in-situ quantization") { isQuantizing = true }
        // `[00:00:12] [#######>------] 57/225 (36s)`
        let words = line.split { $0 == " " || $0 == "]" || $0 == "\u{1B}" }
        for word in words {
            let numbers = word.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
            guard numbers.count == 2, let done = numbers[0], let all = numbers[1], all > 0, done <= all else {
                continue
            }
            let part = (done / all + (isQuantizing ? 1 : 0)) / 2
            guard part > most else { return nil }
            most = part
            return part
        }
        return nil
    }
}
