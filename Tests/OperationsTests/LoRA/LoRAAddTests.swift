import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// `lora add`: judged, fetched, declared, in this order.
struct LoRAAddTests {
    @Test func `a GGUF of a repository is fetched and declared for llama.cpp`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        let added = try await home.add("sql", "ada/sql-lora", scale: 0.5)
        #expect((added.format, added.rank, added.alpha, added.scale) == ("gguf", 4, 8, 0.5))
        #expect((added.config, added.changed, added.wasThere) == ("tiny-llama-GGUF", true, false))
        #expect(
            try await home.declared(home.served) == [
                DeclaredAdapter(name: "sql", source: "ada/sql-lora", scale: 0.5)
            ]
        )
        let stored = try #require(try home.stored().first)
        #expect(stored.key.path(below: "") == "/ada--sql-lora/gguf/f32")
        #expect(stored.manifest.files.map(\.path.string) == ["sql-lora-f32.gguf"])
        #expect(try FileSystem.read(stored.path(of: stored.manifest.files[0])) == SampleAdapter().gguf())
        // An engine that scans the models does not meet it.
        #expect(!(try home.home.visibleFiles().contains { $0.contains("sql-lora") }))
    }

    @Test(arguments: ["vllm", "mistral"])
    func `a folder of PEFT is fetched for the others, and only what it needs`(
        stack: String
    ) async throws {
        let home = try await LoRAHome(stack, AdapterRepository.peft("ada/sql-lora"))
        let base = try await LoRAHome.base(home)
        let added = try await home.add("sql", "ada/sql-lora", to: base)
        #expect((added.format, added.rank) == ("peft", 4))
        let stored = try #require(try home.stored().first)
        #expect(stored.key.path(below: "") == "/ada--sql-lora/safetensors/bf16")
        #expect(
            stored.manifest.files.map(\.path.string) == ["adapter_config.json", "adapter_model.safetensors"]
        )
        #expect(stored.manifest.source.repository == "ada/sql-lora")
        #expect(try await home.declared(base) == [DeclaredAdapter(name: "sql", source: "ada/sql-lora")])
    }

    @Test func `the same again does nothing, another strength changes that alone`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora")
        let text = try home.configText("tiny-llama-GGUF")
        home.home.hub.forgetRequests()
        let again = try await home.add("sql", "ada/sql-lora")
        #expect((again.changed, again.wasThere) == (false, true))
        #expect(try home.configText("tiny-llama-GGUF") == text)
        #expect(!home.home.hub.requests().contains { $0.request.target.contains(".gguf") })
        let scaled = try await home.add("sql", "ada/sql-lora", scale: 0.25)
        #expect((scaled.changed, scaled.scale) == (true, 0.25))
        #expect(try await home.declared(home.served).map(\.scale) == [0.25])
        let failure = try await home.failedAdd("sql", "ada/other")
        #expect(
            (failure.kind, failure.message) == (
                .conflict, "`tiny-llama-GGUF` has another adapter `sql`: `ada/sql-lora`"
            )
        )
    }

    @Test func `without the hub, what is stored will do`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora")
        home.home.hub.publish(StubRepository("ada/sql-lora", files: [:], access: .disabled))
        let reports = Reports()
        #expect(try await home.add("more", "ada/sql-lora", reports: reports).wasThere)
        #expect(reports.notes.contains { $0.hasSuffix("what is stored is used") })
        #expect(try await home.declared(home.served).map(\.name) == ["sql", "more"])
    }

    @Test func `a newer commit takes the place of the stored one`() async throws {
        let home = try await LoRAHome("vllm", AdapterRepository.peft("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora")
        home.home.hub.publish(try AdapterRepository.peft("ada/sql-lora", SampleAdapter { $0.rank = 8 }))
        let again = try await home.add("sql", "ada/sql-lora")
        #expect((again.rank, again.wasThere, again.changed) == (8, false, false))
        #expect(try home.stored().count == 1)
    }

    @Test func `a revision is kept apart and written down`() async throws {
        var repository = try AdapterRepository.peft("ada/sql-lora")
        repository.setRevision(
            "v1",
            files: [
                "adapter_config.json": .bytes(SampleAdapter { $0.rank = 2 }.config()),
                "adapter_model.safetensors": .bytes(try SampleAdapter { $0.rank = 2 }.weights()),
            ]
        )
        let home = try await LoRAHome("vllm", repository)
        #expect(try await home.add("old", "ada/sql-lora@v1").rank == 2)
        #expect(try await home.add("new", "ada/sql-lora").rank == 4)
        #expect(try home.stored().count == 2)
        #expect(try await home.declared(LoRAHome.model).map(\.revision) == ["v1", nil])
    }

    @Test func `a dry run judges and tells, and leaves all as it is`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        let planned = try await home.add("sql", "ada/sql-lora", isDryRun: true)
        #expect((planned.changed, planned.wasThere, planned.folder) == (true, false, nil))
        #expect(try home.isUntouched())
    }

    @Test func `a shipped configuration becomes the home's own, and keeps every other byte`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        let text = "# mine\nmodel: \(home.served)   # this one\ngeneration: {temperature: 0.2}\n"
        let file = home.workspace.home.configFile(of: "mine")
        try FileSystem.createDirectory(file.removingLastComponent())
        try FileSystem.write(Array(text.utf8), to: file)
        let added = try await home.add("sql", "ada/sql-lora", to: "mine")
        #expect(added.config == "mine")
        #expect(try home.configText("mine") == text + "lora:\n  - name: sql\n    source: ada/sql-lora\n")
    }

    @Test func `a model that is stored under a name of its own has a configuration of that name`()
        async throws
    {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"), stored: false)
        try await home.home.pull(home.served) { $0.name = "mine" }
        #expect(try await home.add("sql", "ada/sql-lora", to: "mine").config == "mine")
        #expect(try await home.declared("mine").map(\.name) == ["sql"])
        #expect(try await home.failedAdd("sql", "ada/sql-lora", to: "nobodys").kind == .notFound)
        #expect(!FileSystem.exists(home.workspace.home.configFile(of: "nobodys")))
    }

    @Test func `a model that is not stored is read where it is`() async throws {
        let home = try await LoRAHome("vllm", AdapterRepository.peft("ada/sql-lora"), stored: false)
        #expect(try await home.add("sql", "ada/sql-lora").rank == 4)
        #expect(try home.home.visibleFiles("vllm").isEmpty)
    }
}

extension LoRAHome {
    /// The model to lay adapters over.
    static func base(_ home: LoRAHome) async throws -> String {
        // mistral.rs was given the original too: it lays none over a GGUF of this architecture.
        guard home.stack == "mistral" else { return home.served }
        return LoRAHome.model
    }
}

/// Where adapters of this machine lie.
struct LocalAdapterTests {
    @Test func `a local folder and a local GGUF are copied, and taken anew when they have changed`()
        async throws
    {
        let home = try await LoRAHome("vllm")
        let folder = home.home.directory.appending("out/sql adapter")
        try SampleAdapter().write(to: folder)
        try FileSystem.write([1, 2, 3], to: folder.appending("optimizer.pt"))
        let added = try await home.add("sql", folder.string)
        #expect((added.wasThere, added.source) == (false, folder.string))
        let stored = try #require(try home.stored().first)
        #expect(stored.key.model.hasPrefix("sql-adapter-"))
        #expect(stored.manifest.files.count == 2)
        #expect(try await home.add("sql", folder.string).wasThere)
        try SampleAdapter { $0.rank = 8 }.write(to: folder)
        #expect(try await home.add("sql", folder.string).rank == 8)
        #expect(try home.stored().count == 1)
        try FileSystem.remove(folder)
        #expect(try await home.add("sql", folder.string).rank == 8)
    }

    @Test func `folders of one name are kept apart`() async throws {
        let home = try await LoRAHome("llamacpp")
        for place in ["a", "b"] {
            let file = home.home.directory.appending("\(place)/adapter.gguf")
            try FileSystem.createDirectory(file.removingLastComponent())
            try FileSystem.write(try SampleAdapter().gguf(), to: file)
            try await home.add(place, file.string)
        }
        #expect(try home.stored().count == 2)
        #expect(try home.stored().allSatisfy { $0.manifest.files.map(\.path.string) == ["adapter.gguf"] })
    }
}
