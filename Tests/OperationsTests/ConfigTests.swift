import Catalog
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// A home with files of its own, and nothing else.
struct ConfigHome {
    let folder: TemporaryDirectory
    let workspace: Workspace

    init(_ files: [String: String] = [:], environment: Environment = [:], stack: String? = nil) throws {
        folder = try TemporaryDirectory()
        for (path, text) in files {
            let file = folder.path.appending(path)
            try FileSystem.createDirectory(file.removingLastComponent())
            try FileSystem.write(Array(text.utf8), to: file)
        }
        let home = Home.locate(flag: folder.path.string, environment: environment, workingDirectory: "/")
        workspace = Workspace(home: home, environment: environment, stackName: stack)
    }

    func text(_ path: String) throws -> String {
        String(decoding: try FileSystem.read(folder.path.appending(path), limit: 1_000_000), as: UTF8.self)
    }

    func exists(_ path: String) -> Bool { FileSystem.exists(folder.path.appending(path)) }
}

@Suite struct ConfigTests {
    private func nothing(_ report: Report) {}

    @Test func `a configuration is found by its name and by any name of its model`() async throws {
        let home = try ConfigHome(["config/models/mine.yaml": "model: llama3.1:8b\n"])
        for text in ["mine", "llama3.1:8b", "llama3.1:8b-q4_k_m"] {
            #expect(try await ConfigLookup(text).one(in: home.workspace).name == "mine")
        }
        #expect(try await ConfigLookup("qwen2.5-coder:7b").one(in: home.workspace).name == "qwen2.5-coder-7b")
        let error = await #expect(throws: Failure.self) {
            try await ConfigLookup("mne").one(in: home.workspace)
        }
        #expect(error?.kind == .notFound)
        #expect(error?.hint == "did you mean `mine`?")
    }

    @Test func `two configurations of one model have to be told apart`() async throws {
        let home = try ConfigHome([
            "config/models/a.yaml": "model: owner/x\n", "config/models/b.yaml": "model: owner/x\n",
        ])
        let error = await #expect(throws: Failure.self) {
            try await ConfigLookup("owner/x").one(in: home.workspace)
        }
        #expect(error?.kind == .conflict)
        #expect(try await ConfigLookup("a").one(in: home.workspace).name == "a")
    }

    @Test func `setting a value of a shipped configuration writes the home's own, and the rest as it was`()
        async throws
    {
        let home = try ConfigHome()
        let outcome = try await ConfigChange("llama3.1:8b", set: "temperature", to: ["0.1"])
            .run(in: home.workspace, isDryRun: false, report: nothing)
        #expect(outcome.setting == "generation.temperature")
        #expect(outcome.isNew)
        let shipped = try #require(Home.shipped.first { $0.path == "config/models/llama3.1-8b.yaml" })
        let before = String(decoding: shipped.bytes, as: UTF8.self).split(separator: "\n")
        let after = try home.text("config/models/llama3.1-8b.yaml").split(separator: "\n")
        let changes = after.difference(from: before)
        #expect(changes.removals.count == 1)
        #expect(changes.insertions.count == 1)
        #expect(try await ConfigLookup("llama3.1:8b").one(in: home.workspace).settings[.temperature] == 0.1)
    }

    @Test func `a model without a configuration gets one, and another owner's model not the same`()
        async throws
    {
        let home = try ConfigHome()
        for (model, name) in [("owner/thing", "thing"), ("other/thing", "other-thing")] {
            let outcome = try await ConfigChange(model, set: "context", to: ["4096"])
                .run(in: home.workspace, isDryRun: false, report: nothing)
            #expect(outcome.name == name)
            #expect(try await ConfigLookup(model).one(in: home.workspace).settings[.context] == 4096)
        }
    }

    @Test func `items of lists are set, and several words make a list`() async throws {
        let home = try ConfigHome([
            "config/models/a.yaml": "model: owner/x\nlora:\n  - name: sql\n    source: o/sql\n"
        ])
        func set(_ path: String, _ words: String...) async throws {
            _ = try await ConfigChange("a", set: path, to: words)
                .run(in: home.workspace, isDryRun: false, report: nothing)
        }
        try await set("lora.0.scale", "0.5")
        try await set("generation.stop", "a", "b,c")
        try await set("gpu.devices", "[0, 2]")
        let settings = try await ConfigLookup("a").one(in: home.workspace).settings
        #expect(settings[.adapters] == [DeclaredAdapter(name: "sql", source: "o/sql", scale: 0.5)])
        #expect(settings[.stop] == ["a", "b,c"])
        #expect(settings[.devices] == [0, 2])
        await #expect(throws: Failure.self) { try await set("lora.0.scal", "1") }
        await #expect(throws: Failure.self) { try await set("lora.x.scale", "1") }
        await #expect(throws: Failure.self) { try await set("context", "1", "2") }
    }

    @Test func `nothing is written where the result would be wrong, or in a dry run`() async throws {
        let home = try ConfigHome(["config/models/a.yaml": "model: owner/x\nflash_attention: \"off\"\n"])
        let before = try home.text("config/models/a.yaml")
        let error = await #expect(throws: Failure.self) {
            try await ConfigChange("a", set: "kv_type", to: ["q8_0"])
                .run(in: home.workspace, isDryRun: false, report: nothing)
        }
        #expect(error?.kind == .invalid)
        _ = try await ConfigChange("a", set: "context", to: ["1"])
            .run(in: home.workspace, isDryRun: true, report: nothing)
        _ = try await ConfigChange("owner/new", set: "context", to: ["1"])
            .run(in: home.workspace, isDryRun: true, report: nothing)
        #expect(try home.text("config/models/a.yaml") == before)
        #expect(!home.exists("config/models/new.yaml"))
    }

    @Test func `many changes at once are all there afterwards`() async throws {
        let home = try ConfigHome(["config/models/a.yaml": "model: owner/x\n"])
        let workspace = home.workspace
        let paths = ["context", "parallel", "threads", "batch", "generation.seed", "generation.top_k"]
        try await withThrowingTaskGroup { group in
            for path in paths {
                group.addTask {
                    _ = try await ConfigChange("a", set: path, to: ["7"]).run(in: workspace, isDryRun: false)
                    { _ in
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await ConfigLookup("a").one(in: workspace).settings.entries.count == paths.count + 1)
    }

    @Test func `a new file is a copy of the shipped one, or of a template, or has the catalog's context`()
        async throws
    {
        let home = try ConfigHome()
        let copy = try await ConfigNew("mistral:7b").run(in: home.workspace, isDryRun: false, force: false)
        #expect(copy.name == "mistral-7b")
        #expect(
            copy.text
                == String(
                    decoding: try #require(
                        Home.shipped.first { $0.path == "config/models/mistral-7b-instruct.yaml" }
                    ).bytes,
                    as: UTF8.self
                )
        )
        let adapted = try await ConfigNew("sql", model: "llama3:8b", template: "lora-template", name: "sql")
            .run(in: home.workspace, isDryRun: false, force: false)
        #expect(adapted.text.contains("model: \"llama3:8b\""))
        #expect(try await ConfigLookup("sql").one(in: home.workspace).settings[.adapters]?.count == 1)
        _ = try await ConfigNew("gemma2:27b").run(in: home.workspace, isDryRun: false, force: false)
        #expect(try await ConfigLookup("gemma2:27b").one(in: home.workspace).settings[.context] == 8192)
        let again = await #expect(throws: Failure.self) {
            try await ConfigNew("mistral:7b").run(in: home.workspace, isDryRun: false, force: false)
        }
        #expect(again?.kind == .conflict)
        let unknown = await #expect(throws: Failure.self) {
            try await ConfigNew("nothing-like-it").run(in: home.workspace, isDryRun: false, force: false)
        }
        #expect(unknown?.kind == .notFound)
    }

    @Test func `a check names every mistake, what the engine does not take, and a context beyond the model`()
        async throws
    {
        let home = try ConfigHome(
            [
                "config/models/a.yaml": "model: owner/x\nbad: 1\nthreads: 0\n",
                "config/models/b.yaml": "model: llama3:8b\ncontext: 100000\nkv_type: f16\ngpu: {layers: 1}\n",
            ],
            stack: "vllm"
        )
        let (files, findings) = try await ConfigValidate([]).run(in: home.workspace, report: nothing)
        #expect(files == 2)
        #expect(findings.map(\.severity) == [.error, .error, .warning, .warning])
        #expect(findings.map(\.line) == [2, 3, 4, 2])
        #expect(findings[2].message == "vllm has no word for `gpu.layers`")
        #expect(findings[3].message == "`context` is beyond the model's own window of 8192 tokens")
    }

    @Test func `what is shown tells who won: environment, the model's file, the stack, the machine`()
        async throws
    {
        let home = try ConfigHome(
            [
                "config/models/a.yaml": "model: owner/x\ncontext: 1000\ngeneration: {temperature: 0.1}\n",
                "config/settings.yaml": "context_size: 2000\ntop_p: 0.5\nparallel: 3\n",
                "stacks/llamacpp/stack.yaml": "engine: llamacpp\ndefaults: {parallel: 2, context: 3000}\n",
            ],
            environment: ["STACKCTL_TEMPERATURE": "0.9"],
            stack: "llamacpp"
        )
        let shown = try await ConfigShow("a").run(in: home.workspace)
        let rows = Dictionary(
            uniqueKeysWithValues: shown.settings.map { ($0.name, ($0.value?.plain ?? "", $0.origin)) }
        )
        #expect(rows["generation.temperature"]?.0 == "0.9")
        #expect(rows["generation.temperature"]?.1 == "$STACKCTL_TEMPERATURE")
        #expect(rows["context"]?.0 == "1000")
        #expect(rows["context"]?.1.hasSuffix("config/models/a.yaml:2") == true)
        #expect(rows["parallel"]?.0 == "2")
        #expect(rows["parallel"]?.1.contains("stack.yaml") == true)
        #expect(rows["generation.top_p"]?.0 == "0.5")
        #expect(rows["generation.top_p"]?.1.hasSuffix("config/settings.yaml:2") == true)
    }

    @Test func `a setting of the machine is set, told, and taken out again`() async throws {
        let home = try ConfigHome()
        _ = try SettingsChange("top-p", to: ["0.5"]).run(in: home.workspace, isDryRun: false, report: nothing)
        #expect(try SettingsShow().one("STACKCTL_TOP_P", in: home.workspace).value == .number(0.5))
        _ = try SettingsChange("stack", to: ["vllm"]).run(
            in: home.workspace,
            isDryRun: false,
            report: nothing
        )
        #expect(try home.workspace.stack().name == "vllm")
        _ = try SettingsChange("top_p", to: nil).run(in: home.workspace, isDryRun: false, report: nothing)
        #expect(try SettingsShow().one("top_p", in: home.workspace).origin == "default")
        #expect(throws: Failure.self) {
            try SettingsChange("top_p", to: ["2"]).run(in: home.workspace, isDryRun: false, report: nothing)
        }
        let unknown = #expect(throws: Failure.self) {
            try SettingsChange("topp", to: ["1"]).run(in: home.workspace, isDryRun: false, report: nothing)
        }
        #expect(unknown?.hint == "did you mean `top_p`?")
    }

    @Test
    func
        `a file that cannot be read is a mistake of its model, and of every one if it does not tell whose it is`()
        async throws
    {
        for (text, others) in [
            ("model: owner/x\ncontext: [\n", false), ("modell: owner/x\n", true), ("[", true),
        ] {
            let home = try ConfigHome(["config/models/a.yaml": text])
            let error = await #expect(throws: Failure.self) {
                try await ConfigLookup("owner/x").one(in: home.workspace)
            }
            #expect(error?.kind == .invalid)
            #expect(error?.message.contains("a.yaml:") == true)
            if others {
                await #expect(throws: Failure.self) {
                    try await ConfigLookup("mistral:7b").one(in: home.workspace)
                }
            } else {
                #expect(
                    try await ConfigLookup("mistral:7b").one(in: home.workspace).name == "mistral-7b-instruct"
                )
            }
        }
    }

    @Test func `no name of a file leads out of its folder, and no slip makes one`() async throws {
        let home = try ConfigHome()
        for name in ["../evil", "/tmp/evil", ".hidden", "-x", ""] {
            await #expect(throws: Failure.self) {
                try await ConfigNew("owner/x", name: name).run(
                    in: home.workspace,
                    isDryRun: false,
                    force: true
                )
            }
        }
        for text in ["fsat", "qwen2.5-codr:7b"] {
            let error = await #expect(throws: Failure.self) {
                try await ConfigChange(text, set: "context", to: ["5"])
                    .run(in: home.workspace, isDryRun: false, report: nothing)
            }
            #expect(error?.kind == .notFound)
        }
        for path in [".", "", "lora.0.scale", "lora..scale"] {
            await #expect(throws: Failure.self) {
                try await ConfigChange("mistral:7b", set: path, to: ["1"])
                    .run(in: home.workspace, isDryRun: false, report: nothing)
            }
        }
        #expect(!home.exists("config"))
    }

    @Test func `unset tells whether there was anything`() async throws {
        let home = try ConfigHome(["config/models/a.yaml": "model: owner/x\ncontext: 1\n"])
        func unset() async throws -> Bool {
            try await ConfigChange("a", unset: "context").run(
                in: home.workspace,
                isDryRun: false,
                report: nothing
            )
            .changed
        }
        #expect(try await unset())
        #expect(try await !unset())
    }

    @Test func `an editor changes a file, and what it made wrong is not kept`() async throws {
        let folder = try TemporaryDirectory()
        let script = folder.path.appending("editor.sh")
        try FileSystem.write(Array("printf 'parallel: 4\\n' >>\"$1\"\n".utf8), to: script)
        let home = try ConfigHome(
            ["config/models/a.yaml": "model: owner/x\n"],
            environment: ["EDITOR": "sh \(script)", "PATH": "/usr/bin:/bin"]
        )
        let outcome = try await ConfigEditing("a").run(in: home.workspace) { _ in false }
        #expect(outcome.changed)
        #expect(try home.text("config/models/a.yaml") == "model: owner/x\nparallel: 4\n")
        let error = await #expect(throws: Failure.self) {
            // The second time the key is there twice.
            try await ConfigEditing("a").run(in: home.workspace) { problems in
                #expect(problems.count == 1)
                return false
            }
        }
        #expect(error?.kind == .invalid)
        #expect(try home.text("config/models/a.yaml") == "model: owner/x\nparallel: 4\n")
    }

    @Test func `the answers to the questions make the file`() async throws {
        let home = try ConfigHome()
        let questions = try await ConfigQuestions("mistral:7b", in: home.workspace)
        #expect(questions.questions.map(\.setting.path).contains("gpu.layers"))
        #expect(!questions.questions.map(\.setting.path).contains("gpu.memory_fraction"))
        let answers = questions.questions.map { $0.setting.path == "context" ? "2048" : "" }
        #expect(questions.questions[0].problem(with: "many") != nil)
        let text = try await questions.text(answers, in: home.workspace)
        let path = try await questions.write(text, in: home.workspace)
        #expect(FileSystem.exists(FilePath(path)))
        // What is there already is what Enter leaves as it is.
        _ = try await ConfigChange("mistral:7b", set: "temperature", to: ["0.25"])
            .run(in: home.workspace, isDryRun: false, report: nothing)
        let again = try await ConfigQuestions("mistral:7b", in: home.workspace)
        #expect(again.questions.first { $0.setting.path == "generation.temperature" }?.usual == "0.25")
        let same = try await again.text(again.questions.map(\.usual), in: home.workspace)
        #expect(try home.text("config/models/mistral-7b-instruct.yaml").contains("temperature: 0.25"))
        #expect(same.contains("temperature: 0.25"))
        #expect(try await ConfigLookup("mistral:7b").one(in: home.workspace).settings[.context] == 2048)
    }
}
