/// A LoRA adapter that a model's file declares.
public struct DeclaredAdapter: Sendable, Hashable {
    /// What clients call it.
    public let name: String
    /// Where it comes from: a repository, a folder or a file of this machine.
    public let source: String
    /// The state of the repository.
    public let revision: String?
    /// How strongly it is laid over the weights, where the engine can be told.
    public let scale: Double?

    /// Describes an adapter.
    public init(name: String, source: String, revision: String? = nil, scale: Double? = nil) {
        self.name = name
        self.source = source
        self.revision = revision
        self.scale = scale
    }

    /// What a model's file says of one.
    static let fields = [
        Setting("name", .word, "What clients call the adapter", isRequired: true),
        Setting(
            "source",
            .word,
            "Where it is: a repository on the hub, or a folder or file of this machine",
            isRequired: true
        ),
        Setting("revision", .word, "A branch, a tag or a commit of its repository"),
        Setting(
            "scale",
            .number(scales),
            "How strongly it is laid over the weights; 0 loads it and leaves it off",
            engines: [.llamacpp],
            usual: "1"
        ),
    ]
}

extension DeclaredAdapter: SettingConvertible {
    /// An item of the list.
    public init?(setting value: SettingValue) {
        guard case .fields(let fields) = value, let name = fields["name"].flatMap(String.init(setting:)),
            let source = fields["source"].flatMap(String.init(setting:))
        else { return nil }
        self.init(
            name: name,
            source: source,
            revision: fields["revision"].flatMap(String.init(setting:)),
            scale: fields["scale"].flatMap(Double.init(setting:))
        )
    }
}

/// Adapters that are mixed anew for each token, as mistral.rs does it.
public struct DeclaredMixture: Sendable, Hashable {
    /// The adapters and the part that mixes them: a repository or a folder.
    public let source: String
    /// The file that says their order, as the container sees it.
    public let order: String

    static let fields = [
        Setting(
            "source",
            .word,
            "The X-LoRA model: a repository on the hub, or a folder as the container sees it",
            engines: [.mistralrs],
            isRequired: true
        ),
        Setting(
            "order",
            .word,
            "The file with the order of its adapters, as the container sees it",
            engines: [.mistralrs],
            isRequired: true
        ),
    ]
}

extension DeclaredMixture: SettingConvertible {
    /// The mapping.
    public init?(setting value: SettingValue) {
        guard case .fields(let fields) = value, let source = fields["source"].flatMap(String.init(setting:)),
            let order = fields["order"].flatMap(String.init(setting:))
        else { return nil }
        self.init(source: source, order: order)
    }
}

extension SettingKey where Value == [DeclaredAdapter] {
    /// The adapters.
    public static var adapters: Self {
        Self(
            Setting(
                "lora",
                .list(.fields(DeclaredAdapter.fields)),
                "LoRA adapters: what `stackctl lora` writes",
                example: "[{name: sql, source: owner/adapter, scale: 0.5}]"
            )
        )
    }
}

extension EffectiveSettings {
    /// The adapters that are declared.
    public var adapters: [DeclaredAdapter] { self[SettingKey<[DeclaredAdapter]>.adapters] ?? [] }
}

extension SettingKey where Value == DeclaredMixture {
    /// The adapters that are mixed.
    public static var mixture: Self {
        Self(
            Setting(
                "xlora",
                .fields(DeclaredMixture.fields),
                "Adapters that are mixed anew for each token",
                engines: [.mistralrs],
                example: "{source: owner/x-lora, order: /adapters/order.json}"
            )
        )
    }
}
