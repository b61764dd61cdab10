import Catalog
import Platform
import SystemPackage
import TestSupport
import Testing

@Suite struct SettingsTests {
    private func home(_ text: String) throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        try FileSystem.createDirectory(folder.path.appending("config"))
        try FileSystem.write(Array(text.utf8), to: Settings.file(in: folder.path))
        return folder
    }

    @Test func `a variable goes before the file, and each tells where it is from`() throws {
        let home = try home("top_p: 0.5\ntemperature: 0.2\n")
        let settings = try Settings.load(
            home: home.path,
            environment: ["STACKCTL_TOP_P": "0.9", "STACKCTL_SEED": "7", "STACKCTL_MIN_P": ""]
        )
        #expect(settings[.topP] == 0.9)
        #expect(settings[.temperature] == 0.2)
        #expect(settings[.seed] == 7)
        #expect(settings[.minP] == nil)
        #expect(settings[SettingKey.topP.setting]?.origin == .variable("STACKCTL_TOP_P"))
        #expect(
            settings[SettingKey.temperature.setting]?.origin
                == .file(Settings.file(in: home.path).string, line: 2)
        )
    }

    @Test(arguments: [
        ("STACKCTL_TOP_P", "2", "$STACKCTL_TOP_P: 2 is out of range: it must be above 0 and at most 1"),
        ("STACKCTL_MAX_TOKENS", "many", "$STACKCTL_MAX_TOKENS: expected a whole number, found `many`"),
        (
            "STACKCTL_COLOR", "blue",
            "$STACKCTL_COLOR: `blue` is not allowed: it must be one of `auto`, `always`, `never`"
        ),
        (
            "STACKCTL_TIMEOUT", "0s",
            "$STACKCTL_TIMEOUT: `0s` is not allowed: it must be a span of time, for example `90s` or `10m`"
        ),
        ("STACKCTL_GPU_DEVICES", "0,x", "$STACKCTL_GPU_DEVICES: expected a whole number, found `x`"),
    ])
    func `a wrong variable says what is allowed`(name: String, text: String, message: String) {
        let error = #expect(throws: DeclarationError.self) { try Settings.read([name: text] as Environment) }
        #expect(error?.description == message)
    }

    @Test func `a list in a variable is split at commas`() throws {
        #expect(try Settings.read(["STACKCTL_GPU_DEVICES": "0,2"])[.devices] == [0, 2])
    }

    @Test(arguments: [
        ("topp: 1\n", "a.yaml:1:1: unknown key `topp`: did you mean `top_p`?"),
        ("seed: x\n", "a.yaml:1:7: expected a whole number, found `x`"),
        ("- a\n", "a.yaml:1:1: expected a mapping, found a list"),
    ])
    func `a wrong file says where`(text: String, message: String) {
        #expect(Settings.problems(in: Array(text.utf8), file: "a.yaml").map(\.description) == [message])
    }

    @Test func `the shipped file sets nothing and has every setting`() throws {
        let shipped = try #require(Home.shipped.first { $0.path == "config/settings.yaml" })
        #expect(String(decoding: shipped.bytes, as: UTF8.self) == Settings.template)
        #expect(try Settings.read(shipped.bytes, file: "a.yaml").entries.isEmpty)
        for setting in Settings.table { #expect(Settings.template.contains("# \(setting.name): ")) }
    }

    @Test func `every example in a template is a value that is allowed`() throws {
        for text in [Settings.template, ModelConfigDraft(model: "a", title: "t").text] {
            for line in text.split(separator: "\n") where line.contains("# ") && line.contains(": ") {
                let bare = line.drop { $0 == " " }
                guard bare.hasPrefix("# "), let colon = bare.firstIndex(of: ":") else { continue }
                let name = bare[..<colon].dropFirst(2)
                guard !name.contains(" "), !name.contains("$"), name != "yaml-language-server" else {
                    continue
                }
                let node = try YAMLNode.parse(Array(bare.dropFirst(2).utf8), file: "line")
                #expect(node[String(name)]?.isNull == false, "\(line)")
            }
        }
        for setting in ModelConfig.table + Settings.table {
            let example = try #require(setting.example, "\(setting.name)")
            let text =
                "model: o/a\n"
                + (setting.path.contains(".")
                    ? setting.path.replacing(".", with: ":\n  ") : setting.path) + ": \(example)\n"
            guard setting.reach != .machine, setting.name != "model" else { continue }
            let problems = ModelConfig.problems(in: Array(text.utf8), file: "a.yaml")
                .filter {
                    !$0.message.contains("needs `speculative.model`")
                        && !$0.message.contains("without `speculative.method`")
                }
            #expect(problems == [], "\(setting.name)")
        }
    }

    @Test func `the schemas in the project are those of the tables`() throws {
        for (path, schema) in [
            ("schemas/model.json", SettingSchema.model), ("schemas/settings.json", .settings),
        ] {
            let shipped = try #require(Home.shipped.first { $0.path == path })
            #expect(shipped.bytes == (try JSON.encode(schema)), "\(path)")
        }
    }
}
