import Glibc

/// The keys that tell people what a model is: from its card, its configuration and the name of its folder.
struct ModelDescription {
    private let card: ModelCard
    private let generation: JSONMembers?
    private let size: ParameterCount
    private var texts: [String: String] = [:]

    init(
        card: ModelCard,
        path: String?,
        folder: String,
        generation: JSONMembers?,
        size: ParameterCount
    ) {
        self.card = card
        self.generation = generation
        self.size = size
        readCard()
        // A path on somebody's disk is no name.
        if let path, path.utf8.count(where: { $0 == UInt8(ascii: "/") }) <= 1 { guess(from: path) }
        guess(from: folder)
        if texts["name"] == nil { texts["name"] = folder }
        if texts["size_label"] == nil { texts["size_label"] = size.label }
    }

    private mutating func readCard() {
        let words = [
            "name", "author", "version", "organization", "description", "finetune", "basename", "size_label",
        ]
        let sources = ["url", "doi", "uuid", "repo_url"]
        for prefix in ["", "model_"] {
            for word in words { use(prefix + word, as: word) }
            for source in sources { use(prefix + source, as: "source.\(source)") }
        }
        use("model_creator", as: "author")
        use("model_type", as: "basename")
        use("license_name", as: "license.name")
        use("license_link", as: "license.link")
    }

    private mutating func use(_ entry: String, as key: String) {
        if texts[key] == nil, let text = card[entry]?.text { texts[key] = text }
    }

    private mutating func guess(from identifier: String) {
        let parts = NameParts(identifier, parameters: size.total)
        let guesses = [
            ("name", parts.name.map(NameParts.title)),
            ("organization", parts.organization.map(NameParts.title)),
            ("basename", parts.basename), ("finetune", parts.finetune), ("version", parts.version),
            ("size_label", parts.sizeLabel),
        ]
        for (key, value) in guesses where texts[key] == nil { texts[key] = value }
    }

    /// Adds all keys but the type of the file, which comes before them.
    func add(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        try addSampling(to: &keys)
        let order = [
            "name", "author", "version", "organization", "finetune", "basename", "description", "size_label",
        ]
        for key in order { keys.set("general.\(key)", text: texts[key] ?? "") }
        keys.set("general.license", text: (card["license"]?.texts ?? []).joined(separator: ","))
        let sources = [
            "license.name", "license.link", "source.url", "source.doi", "source.uuid", "source.repo_url",
        ]
        for key in sources { keys.set("general.\(key)", text: texts[key] ?? "") }
        try addReferences("base_model", ["base_model", "base_models", "base_model_sources"], to: &keys)
        try addReferences("dataset", ["datasets", "dataset", "dataset_sources"], to: &keys)
        keys.set("general.tags", texts: ["tags", "pipeline_tag"].flatMap { card[$0]?.texts ?? [] })
        keys.set("general.languages", texts: ["languages", "language"].flatMap { card[$0]?.texts ?? [] })
    }

    private func addSampling(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        guard let generation else { return }
        func key(_ name: String) -> String { "general.sampling.\(name)" }
        keys.set(key("sequence"), text: generation["sequence"]?.string ?? "")
        let integers: Set = ["top_k", "penalty_last_n", "mirostat"]
        let order = [
            "top_k", "top_p", "min_p", "xtc_probability", "xtc_threshold", "temp", "penalty_last_n",
            "penalty_repeat", "mirostat", "mirostat_tau", "mirostat_eta",
        ]
        for name in order {
            var value = generation[name == "temp" ? "temperature" : name]
            if name == "penalty_repeat", value == nil { value = generation["repetition_penalty"] }
            guard let value = value?.nonNull else { continue }
            guard integers.contains(name) else {
                guard let number = value.number else {
                    throw .configuration(key: "generation_config.\(name)")
                }
                keys.set(key(name), real: number)
                continue
            }
            guard let number = value.integer else { throw .configuration(key: "generation_config.\(name)") }
            try keys.set(key(name), signed: number)
        }
    }

    private func addReferences(_ name: String, _ entries: [String], to keys: inout HeaderKeys)
        throws(HuggingFaceError)
    {
        guard let value = entries.lazy.compactMap({ card[$0] }).first else { return }
        var references: [CardValue] = []
        switch value {
        case .text: references = [value]
        case .list(let values): references = values
        default: break
        }
        try keys.set("general.\(name).count", unsigned: references.count)
        let order = [
            "name", "author", "version", "organization", "description", "url", "doi", "uuid", "repo_url",
        ]
        for (index, reference) in references.enumerated() {
            let facts = facts(of: reference)
            for key in order { keys.set("general.\(name).\(index).\(key)", text: facts[key] ?? "") }
        }
    }

    private func facts(of reference: CardValue) -> [String: String] {
        var facts: [String: String] = [:]
        if case .map(let entries) = reference {
            for entry in entries { facts[entry.key] = entry.value.text }
        }
        guard let text = reference.text else { return facts }
        var identifier = text
        let isAddress = ["http://", "https://", "ssh://"].contains { text.hasPrefix($0) }
        if isAddress {
            facts["repo_url"] = text
            guard let found = Self.repository(in: text) else { return facts }
            identifier = found
        }
        let parts = NameParts(identifier, parameters: size.total)
        facts["name"] = parts.name.map(NameParts.title)
        facts["organization"] = parts.organization.map(NameParts.title)
        facts["version"] = parts.version
        if !isAddress, let organization = parts.organization, let name = parts.name {
            facts["repo_url"] = "https://huggingface.co/\(organization)/\(name)"
        }
        return facts
    }

    /// The owner and the name in the address of a repository on the hub.
    private static func repository(in address: String) -> String? {
        for prefix in ["https://huggingface.co/", "http://huggingface.co/"] where address.hasPrefix(prefix) {
            let rest = address.dropFirst(prefix.count)
            let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
            if parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) { return String(rest) }
        }
        return nil
    }
}

/// How many weights a model has.
struct ParameterCount: Sendable, Equatable {
    /// All; negative for an adapter, where only those are counted that it changes.
    var total = 0
    /// Those that every token needs.
    private var shared = 0
    /// Those of one expert of each kind.
    private var expert = 0
    private var experts = 0
    private var stacks = 0

    init() {}

    /// So many weights of the model are changed by an adapter.
    init(ofAdapter weights: Int) { total = -weights }

    /// Counts a tensor; its shape has the length of a row first.
    mutating func add(_ name: String, shape: [Int]) {
        let size = shape.reduce(1, *)
        total += size
        guard name.contains("_exps."), shape.count >= 3 else {
            shared += size
            return
        }
        let count = shape[name.contains(".bias") ? 1 : 2]
        expert += size / max(1, count)
        experts += count
        stacks += 1
    }

    /// The size in a few characters; `nil` if nothing was counted.
    var label: String? {
        guard total > 0 else { return nil }
        guard stacks > 0, experts / stacks > 0 else { return Self.rounded(total) }
        return "\(experts / stacks)x\(Self.rounded(shared + expert))"
    }

    private static func rounded(_ count: Int) -> String {
        let number = Double(count)
        let (value, unit) =
            number > 1e12
            ? (number * 1e-12, "T")
            : number > 1e9
                ? (number * 1e-9, "B") : number > 1e6 ? (number * 1e-6, "M") : (number * 1e-3, "K")
        let whole = Int(value.rounded(.toNearestOrEven))
        let digits = max(2 - (whole == 0 ? 0 : String(whole).count), 0)
        return value.fixed(digits) + unit
    }
}

extension Double {
    /// The number with so many digits behind the point, rounded as C and Python do it: by its exact value.
    fileprivate func fixed(_ digits: Int) -> String {
        withVaList([Int32(digits), self]) { arguments in
            String(unsafeUninitializedCapacity: 400) { buffer in
                buffer.withMemoryRebound(to: CChar.self) {
                    Int(vsnprintf($0.baseAddress, $0.count, "%.*f", arguments))
                }
            }
        }
    }
}
