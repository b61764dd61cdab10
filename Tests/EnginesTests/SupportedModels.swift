import Catalog
import Engines
import Formats
import Platform

/// The page `docs/SUPPORTED_MODELS.md`, as the catalog, the limits and the engines' own launches have it.
struct SupportedModels {
    /// The tokens that the memory is told with, where the model can take as many.
    static let context = 8192

    private let catalog: ModelCatalog
    private let limits: LimitTable
    private let llamaCpp: Stack
    private let mistralRs: Stack
    private let vLLM: Stack

    init() async throws {
        catalog = try ModelCatalog.load(home: nil)
        limits = try LimitTable.load(home: nil)
        llamaCpp = try await declaredStack("engine: llamacpp")
        mistralRs = try await declaredStack("engine: mistralrs")
        vLLM = try await declaredStack("engine: vllm")
    }

    /// The whole page.
    func text() throws -> String {
        var names: [String] = []
        for entry in catalog.entries where !names.contains(entry.name) { names.append(entry.name) }
        let sections = try names.map { name in try section(catalog.entries.filter { $0.name == name }) }
        return Self.head + overview(names) + sections.joined() + Self.tail
    }

    private static let head = """
        # Supported models

        Written by `make golden` from `config/models.yaml`, `config/limits.yaml` and the commands that stackctl makes for the \
        engines; a test fails where this page is not current. Any other model of the hub whose files an engine reads works \
        too: `stackctl pull ORG/REPO`. A models.yaml of your own adds names.

        * **Memory** is weights and cache together in GB (10⁹ bytes), for one request of \(context) tokens, or of all that the \
        model can take if that is less, with keys and values of 16 bits. It follows from the catalog by the arithmetic of \
        `stackctl fit MODEL`, which reads the model's own header and adds what the engine takes besides. `—` is a \
        quantization that the catalog has no file of.
        * **Engines**: llama.cpp serves GGUF, vLLM safetensors, mistral.rs both.
        * **LoRA** says which form of an adapter each engine takes for the model: `GGUF` for llama.cpp; `PEFT` for vLLM and \
        mistral.rs, a folder with `adapter_config.json` and safetensors; `no` where the engine refuses adapters for that \
        architecture in that format.
        * **Gated** models want a licence accepted on the hub before it hands out the original weights.

        """

    private static let tail = """

        ---

        `stackctl catalog show NAME` says where the files come from, `stackctl limits NAME` what a model can do, \
        `stackctl recommend` which of them this host can run.

        """

    // MARK: Overview

    private func overview(_ names: [String]) -> String {
        var text = "\n| model | sizes | made for | licence | gated |\n|---|---|---|---|---|\n"
        for name in names {
            let entries = catalog.entries.filter { $0.name == name }
            let sizes = entries.map { $0.parameters.map(Self.count) ?? $0.tag }
            let cases = Self.unlike(entries.flatMap(\.useCases))
            let licences = Self.unlike(entries.compactMap(\.licence))
            text += "| [`\(name)`](#\(Self.anchor(name))) | \(Self.unlike(sizes).joined(separator: ", ")) "
            text += "| \(cases.joined(separator: ", ")) | \(licences.joined(separator: ", ")) "
            text += "| \(entries.contains { $0.gated == true } ? "yes" : "no") |\n"
        }
        return text
    }

    // MARK: A model

    private func section(_ entries: [CatalogEntry]) throws -> String {
        guard let first = entries.first else { return "" }
        var text = "\n## \(first.name)\n\n"
        if let description = first.description { text += "\(description).\n\n" }
        text += "| model | weights | window | can | licence | gated | formats | engines | LoRA |\n"
        text += "|---|---|---|---|---|---|---|---|---|\n"
        for entry in entries { text += try row(of: entry) }
        return text + memory(entries)
    }

    private func row(of entry: CatalogEntry) throws -> String {
        let limits = limits.limits(named: ["\(entry.name):\(entry.tag)", entry.name])
        let window = (limits?.context ?? entry.context).map { "\($0)" } ?? "unknown"
        let can = Capability.allCases.filter { limits?.capabilities.contains($0) == true }.map(\.rawValue)
        var formats: [String] = []
        if !entry.gguf.isEmpty { formats.append("GGUF") }
        if entry.safetensors != nil { formats.append("safetensors") }
        let (engines, adapters) = served(entry)
        let cells = [
            "`\(entry.reference)`", entry.parameters.map(Self.count) ?? "unknown", window,
            can.joined(separator: ", "), entry.licence ?? "unknown", entry.gated == true ? "yes" : "no",
            formats.joined(separator: ", "), engines.joined(separator: ", "),
            adapters.joined(separator: "<br>"),
        ]
        return "| \(cells.joined(separator: " | ")) |\n"
    }

    /// The engines that serve it, and which adapters they take for it: what their launches refuse, they do not.
    private func served(_ entry: CatalogEntry) -> (engines: [String], adapters: [String]) {
        var engines: [String] = []
        var adapters: [String] = []
        for (name, stack) in [("llama.cpp", llamaCpp), ("mistral.rs", mistralRs), ("vLLM", vLLM)] {
            var said: [String] = []
            for format in ModelFormat.allCases where has(entry, format) {
                guard launches(entry, format, stack, adapter: nil) else { continue }
                if engines.last != name { engines.append(name) }
                let form = ["GGUF": "/adapters/a.gguf", "PEFT": "/adapters/a"].sorted { $0.key < $1.key }
                    .filter { launches(entry, format, stack, adapter: $0.value) }.map(\.key)
                let word = form.isEmpty ? "no" : form.joined(separator: " or ")
                said.append(name == "mistral.rs" ? "\(word) (\(format.rawValue))" : word)
            }
            if !said.isEmpty { adapters.append("\(name): \(said.joined(separator: ", "))") }
        }
        return (engines, adapters)
    }

    private func has(_ entry: CatalogEntry, _ format: ModelFormat) -> Bool {
        format == .gguf ? !entry.gguf.isEmpty : entry.safetensors != nil
    }

    /// What the catalog calls otherwise than the header of a GGUF does.
    private static let architectures = ["mistral": "llama", "mixtral": "llama"]

    private func launches(_ entry: CatalogEntry, _ format: ModelFormat, _ stack: Stack, adapter: String?)
        -> Bool
    {
        let family = entry.family ?? ""
        let request = LaunchRequest(
            stack: stack,
            settings: stack.settings,
            model: entry.reference,
            format: format,
            files: format == .gguf
                ? ["/models/m/m.gguf"] : ["/models/m/config.json", "/models/m/model.safetensors"],
            adapters: adapter.map { [LaunchAdapter(path: $0)] } ?? [],
            facts: ModelFacts(architecture: format == .gguf ? Self.architectures[family] ?? family : family)
        )
        return (try? LaunchPlan(request)) != nil
    }

    // MARK: Memory

    private func memory(_ entries: [CatalogEntry]) -> String {
        let quantizations = Set(entries.flatMap(\.quantizations)).sorted()
        guard !quantizations.isEmpty else { return "" }
        let original = entries.contains { $0.safetensors != nil }
        var text = "\nMemory in GB:\n\n| model | "
        text += (quantizations.map(\.name) + (original ? ["safetensors, bf16"] : [])).joined(separator: " | ")
        text += " |\n|---|\(String(repeating: "---|", count: quantizations.count + (original ? 1 : 0)))\n"
        for entry in entries {
            var cells = quantizations.map { quantization in
                entry.gguf[quantization] == nil ? "—" : Self.need(of: entry, in: quantization, .llamacpp)
            }
            if original {
                let bf16 = Quantization(parsing: "bf16")
                cells.append(
                    entry.safetensors == nil ? "—" : bf16.map { Self.need(of: entry, in: $0, .vllm) } ?? "—"
                )
            }
            text += "| `\(entry.reference)` | \(cells.joined(separator: " | ")) |\n"
        }
        return text
    }

    private static func need(of entry: CatalogEntry, in quantization: Quantization, _ engine: EngineName)
        -> String
    {
        guard let shape = ModelShape(entry), let weights = entry.weights(in: quantization) else {
            return "unknown"
        }
        let tokens = min(context, entry.context ?? context)
        let need = MemoryNeed(
            shape,
            MemorySettings(engine: engine, context: tokens, slots: 1),
            weights: weights
        )
        return decimal((need.weights + need.cache).bytes, of: 1_000_000_000)
    }

    // MARK: Words

    /// For example `7.6 B`.
    private static func count(_ parameters: Int) -> String {
        parameters < 999_500_000
            ? "\((parameters + 500_000) / 1_000_000) M" : "\(decimal(Int64(parameters), of: 1_000_000_000)) B"
    }

    /// With one digit behind the point.
    private static func decimal(_ number: Int64, of unit: Int64) -> String {
        let tenths = (number * 10 + unit / 2) / unit
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func unlike(_ words: [String]) -> [String] {
        var seen: Set<String> = []
        return words.filter { seen.insert($0).inserted }
    }

    /// How a heading is linked to.
    private static func anchor(_ name: String) -> String { name.filter { $0 != "." } }
}
