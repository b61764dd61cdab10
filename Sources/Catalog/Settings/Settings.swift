public import Platform
public import SystemPackage

/// What holds on a machine for all models: `config/settings.yaml` and the variables over it.
public enum Settings {
    /// Everything that can be set for a machine, in the order in which it is shown.
    public static let table: [Setting] =
        [
            stack, connections, limitRate, timeout, color, progress,
        ] + ModelConfig.table.filter { $0.reach == .everywhere }

    /// The stack that verbs act on when none is named.
    public static let stack = Setting(
        "stack",
        .word,
        "The stack that verbs act on when none is named",
        reach: .machine,
        usual: "the only one of the home, else llamacpp",
        example: "llamacpp"
    )
    /// The connections of a download.
    public static let connections = Setting(
        "connections",
        .integer(1...64),
        "Connections of a download to one host",
        reach: .machine,
        usual: "8",
        example: "8"
    )
    /// The rate of a download.
    public static let limitRate = Setting(
        "limit_rate",
        .rate,
        "Bytes a second that all downloads of a command may take together",
        reach: .machine,
        usual: "no limit",
        example: "40MB"
    )
    /// How long a model may take to come up.
    public static let timeout = Setting(
        "timeout",
        .span,
        "How long a model may take to come up",
        reach: .machine,
        usual: "10m",
        example: "10m"
    )
    /// When colour is used.
    public static let color = Setting(
        "color",
        .choice(["auto", "always", "never"]),
        "When to use colour",
        reach: .machine,
        usual: "auto",
        example: "auto"
    )
    /// How progress is shown.
    public static let progress = Setting(
        "progress",
        .choice(["auto", "bar", "plain", "json", "none"]),
        "How to show progress",
        reach: .machine,
        usual: "auto",
        example: "auto"
    )

    /// The file in a home where the user sets them.
    public static func file(in home: FilePath) -> FilePath {
        home.appending("config").appending("settings.yaml")
    }

    /// The setting of a name, in the spelling of a file, a flag or a variable.
    public static func setting(named name: String) -> Setting? {
        let plain = name.lowercased().map { $0 == "-" ? "_" : $0 }
        let stem =
            plain.starts(with: "stackctl_") ? String(plain.dropFirst("stackctl_".count)) : String(plain)
        return table.first { $0.name == stem }
    }

    /// What the variables of the environment set; the first mistake is thrown.
    public static func read(_ environment: Environment) throws(DeclarationError) -> EffectiveSettings {
        var settings = EffectiveSettings()
        for setting in table {
            guard let variable = setting.variable, let text = environment[variable], !text.isEmpty else {
                continue
            }
            let value = try setting.rule.read(text, place: "$\(variable)")
            settings[setting] = EffectiveSettings.Entry(value, .variable(variable))
        }
        return settings
    }

    /// What a `settings.yaml` sets; the first mistake is thrown.
    public static func read(_ bytes: [UInt8], file: String) throws(DeclarationError) -> EffectiveSettings {
        let (settings, problems) = reading(bytes, file: file)
        if let problem = problems.first { throw problem }
        return settings
    }

    /// Every mistake of a `settings.yaml`, in the order of the text.
    public static func problems(in bytes: [UInt8], file: String) -> [DeclarationError] {
        reading(bytes, file: file).problems
    }

    /// What a `settings.yaml` sets as far as it can be read, and every mistake of the rest, in the order of the text.
    public static func reading(
        _ bytes: [UInt8],
        file: String
    ) -> (settings: EffectiveSettings, problems: [DeclarationError]) {
        var reader = DeclarationReader()
        var read = EffectiveSettings()
        do throws(DeclarationError) {
            read = settings(of: try YAMLNode.parse(bytes, file: file), &reader)
        } catch { reader.report(error) }
        return (read, reader.sorted)
    }

    private static func settings(
        of root: YAMLNode,
        _ reader: inout DeclarationReader
    ) -> EffectiveSettings {
        reader.mapping(root, known: table.map(\.name))
        var settings = EffectiveSettings()
        for setting in table {
            guard let node = root[setting.name], !node.isNull else { continue }
            let value = reader.keep { () throws(DeclarationError) in try setting.rule.read(node) }
            if let value {
                settings[setting] = EffectiveSettings.Entry(value, .file(node.file, line: node.line))
            }
        }
        return settings
    }

    /// The text of a home's `settings.yaml`, or `nil` if there is none.
    public static func text(in home: FilePath) throws(DeclarationError) -> [UInt8]? {
        try DeclaredFile.read(file(in: home))
    }

    /// What the home's file sets; nothing where there is none.
    public static func read(in home: FilePath) throws(DeclarationError) -> EffectiveSettings {
        guard let bytes = try text(in: home) else { return EffectiveSettings() }
        return try read(bytes, file: file(in: home).string)
    }

    /// What holds: the environment over the home's file.
    public static func load(
        home: FilePath,
        environment: Environment
    ) throws(DeclarationError) -> EffectiveSettings {
        try read(environment).over(try read(in: home))
    }

    /// A new file, in which every setting stands as a comment.
    public static var template: String {
        let head = """
            # The settings of this machine: what holds for all models and stacks unless something nearer says otherwise.
            #
            # A flag of the command goes before a variable of the environment, that before the file of a model in
            # config/models/, that before the stack's own defaults, and those before this file. The variable of a setting is
            # its name in capitals after STACKCTL_.
            # yaml-language-server: $schema=../schemas/settings.json

            """
        let lines = table.map { setting in
            let line = "# \(setting.name): \(setting.example ?? "")"
            let usual = setting.usual.map { " (otherwise: \($0))" } ?? ""
            return line + String(repeating: " ", count: max(2, 30 - line.count))
                + "# \(setting.summary)\(usual)\n"
        }
        return head + "\n" + lines.joined()
    }
}
