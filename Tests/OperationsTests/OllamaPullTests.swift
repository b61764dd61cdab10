import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What a pull by an Ollama name chooses, fetches and makes visible.
struct OllamaPullTests {
    @Test func `a model is stored whole, with a manifest that tells where from`() async throws {
        let (home, registry) = try OllamaHome.with(
            "library/tiny:1b",
            ["model": smallGGUF(), "license": .text("MIT")]
        )
        let outcome = try await home.pull(registry.name("library/tiny:1b"))
        let model = "ollama-\(registry.stem)--library--tiny:1b"
        #expect((outcome.model, outcome.format, outcome.quant) == (model, "gguf", "q8_0"))
        let folder = "\(model.replacing(":", with: "-"))/gguf/q8_0"
        #expect(try home.visibleFiles() == ["\(folder)/manifest.json", "\(folder)/tiny-1b.gguf"])
        #expect(try home.read("\(folder)/tiny-1b.gguf") == smallGGUF().all)
        let manifest = try JSON.decode(Manifest.self, from: home.read("\(folder)/manifest.json"))
        #expect((manifest.source.kind, manifest.source.endpoint) == (.ollama, registry.endpoint))
        #expect((manifest.source.repository, manifest.source.requestedRevision) == ("library/tiny", "1b"))
        #expect(manifest.source.revision == outcome.revision)
        #expect(manifest.files.map(\.sha256) == [try smallGGUF().sha256.hex])
        #expect((manifest.facts.architecture, manifest.facts.contextLength) == ("llama", 2048))
        #expect(try home.partials().isEmpty)
        // The weights come from the storage once, and nothing of what only Ollama needs is fetched.
        #expect(registry.bytesStored == (try smallGGUF().size + 23))
        #expect(home.hub.requests().isEmpty)
    }

    @Test func `a second pull asks one question and fetches nothing`() async throws {
        let (home, registry) = try OllamaHome.with("library/tiny:latest", ["model": smallGGUF()])
        try await home.pull(registry.name("library/tiny"))
        registry.forgetRequests()
        let again = try await home.pull(registry.name("library/tiny:latest"))
        #expect(again.wasThere)
        #expect(registry.requests.map(\.request.path) == ["/v2/library/tiny/manifests/latest"])
        #expect(registry.storageRequests.isEmpty)
    }

    @Test func `a tag that has moved is fetched anew, but for what has not changed`() async throws {
        let (home, registry) = try OllamaHome.with(
            "library/see:1b",
            ["model": smallGGUF(), "projector": smallGGUF(1)]
        )
        let first = try await home.pull(registry.name("library/see:1b"))
        registry.publish(
            "library/see:1b",
            layers: ["model": try smallGGUF(2), "projector": try smallGGUF(1)]
        )
        registry.forgetRequests()
        let second = try await home.pull(registry.name("library/see:1b"))
        #expect(!second.wasThere && second.revision != first.revision)
        let kept = try smallGGUF(1).sha256.hex
        #expect(!registry.storageRequests.contains { $0.request.target.contains(kept) })
        #expect(try FileSystem.read(FilePath(second.path).appending("see-1b.gguf")) == smallGGUF(2).all)
    }

    @Test func `a projector lies beside its model, and the launch has it`() async throws {
        let (home, registry) = try OllamaHome.with(
            "library/see:q4_0",
            ["projector": smallGGUF(1), "model": smallGGUF(), "template": .text("t")]
        )
        let outcome = try await home.pull(registry.name("library/see:q4_0")) { $0.name = "see" }
        #expect((outcome.model, outcome.quant, outcome.files) == ("see", "q4_0", 2))
        let folder = "see/gguf/q4_0"
        let names = ["manifest.json", "mmproj-see-q4_0.gguf", "see-q4_0.gguf"]
        #expect(try home.visibleFiles() == names.map { "\(folder)/\($0)" })
        let launch = try await Launch(try home.reference("see")).run(in: home.workspace(), report: { _ in })
        #expect(launch.argv.prefix(3) == ["llama-server", "--model", "/models/\(folder)/see-q4_0.gguf"])
        #expect(launch.argv.contains("/models/\(folder)/mmproj-see-q4_0.gguf"))
    }

    @Test(arguments: ["mmproj-x", "x-00001-of"])
    func `a name that an engine would misread is not taken for the file`(model: String) async throws {
        let (home, registry) = try OllamaHome.with("library/\(model):00002", ["model": smallGGUF()])
        try await home.pull(registry.name("library/\(model):00002")) { $0.name = "own" }
        #expect(try home.visibleFiles() == ["own/gguf/q8_0/manifest.json", "own/gguf/q8_0/model.gguf"])
        let launch = try await Launch(try home.reference("own")).run(in: home.workspace(), report: { _ in })
        #expect(launch.argv.contains("/models/own/gguf/q8_0/model.gguf"))
    }

    @Test func `what Ollama would add to every talk is told to be left out`() async throws {
        let (home, registry) = try OllamaHome.with(
            "library/tiny:1b",
            ["model": smallGGUF(), "system": .text("Be kind."), "params": .text("{}")]
        )
        let reports = Reports()
        let name = registry.name("library/tiny:1b")
        try await home.pull(name, reports: reports)
        #expect(
            reports.notes == [
                "`\(name)`: its system prompt and parameters are Ollama's own and are not taken"
            ]
        )
    }

    @Test func `a dry run settles everything and changes nothing`() async throws {
        let (home, registry) = try OllamaHome.with(
            "library/see:1b",
            ["model": smallGGUF(), "projector": smallGGUF(1)],
            fileType: "Q4_K_M"
        )
        let before = try home.directory.files()
        let name = registry.name("library/see:1b")
        let plan = try await Pull(try home.reference(name)).plan(in: home.workspace()) { _ in }
        #expect(plan.files.map(\.path.string) == ["see-1b.gguf", "mmproj-see-1b.gguf"])
        #expect(plan.missing.bytes == (try smallGGUF().size + smallGGUF(1).size))
        #expect((plan.repository, plan.quant, plan.format) == (name, "q4_k_m", "gguf"))
        #expect(plan.revision?.count == 64)
        #expect(try home.directory.files() == before)
        #expect(registry.storageRequests.count == 1)
    }

    @Test func `offline, and with a registry that is down, what is stored answers`() async throws {
        let (home, registry) = try OllamaHome.with("library/tiny:1b", ["model": smallGGUF()])
        let name = registry.name("library/tiny:1b")
        let failure = try await home.failedPull(name) { $0.isOffline = true }
        #expect((failure.kind, failure.message) == (.unavailable, "the registry may not be asked: offline"))
        #expect(registry.requests.isEmpty)
        try await home.pull(name)
        registry.forgetRequests()
        #expect(try await home.pull(name) { $0.isOffline = true }.wasThere)
        #expect(try await home.pull(name, environment: ["HF_HUB_OFFLINE": "1"]).wasThere)
        #expect(registry.requests.isEmpty)
        registry.stop()
        let reports = Reports()
        #expect(try await home.pull(name, reports: reports).wasThere)
        #expect(
            reports.notes.first?.hasPrefix("the registry at \(registry.endpoint) does not answer") == true
        )
    }

    @Test func `with force it is fetched again`() async throws {
        let (home, registry) = try OllamaHome.with("library/tiny:q8_0", ["model": smallGGUF()])
        try await home.pull(registry.name("library/tiny:q8_0"))
        registry.forgetRequests()
        let again = try await home.pull(registry.name("library/tiny:q8_0")) { $0.force = true }
        #expect(!again.wasThere)
        #expect(registry.bytesStored == (try smallGGUF().size))
    }

    @Test func `a content that another stack has is linked and not fetched`() async throws {
        let (home, registry) = try OllamaHome.with("library/tiny:q8_0", ["model": smallGGUF()])
        try await home.pull(registry.name("library/tiny:q8_0"))
        registry.forgetRequests()
        try await home.pull(registry.name("library/tiny:q8_0"), stack: "mistral")
        #expect(registry.storageRequests.isEmpty)
    }

    // MARK: Quantization

    @Test(
        arguments: [
            ("7b-instruct-q4_K_M", "Q8_0", "q4_k_m"), ("7b", "Q4_K_M", "q4_k_m"), ("7b", "unknown", "q8_0"),
            ("7b", nil, "q8_0"),
        ] as [(String, String?, String)]
    )
    func `the tag tells the quantization, else the description, else the file`(
        tag: String,
        fileType: String?,
        quant: String
    ) async throws {
        let (home, registry) = try OllamaHome.with("a/b:\(tag)", ["model": smallGGUF()], fileType: fileType)
        #expect(try await home.pull(registry.name("a/b:\(tag)")).quant == quant)
        let wanted = try #require(Quantization(parsing: quant))
        let other = try #require(Quantization(parsing: "q2_k"))
        #expect(try await home.pull(registry.name("a/b:\(tag)")) { $0.quant = wanted }.wasThere)
        let failure = try await home.failedPull(registry.name("a/b:\(tag)")) { $0.quant = other }
        #expect(failure.kind == .unsupported)
        #expect(failure.hint == "its tags are its quantizations")
    }

    // MARK: What contradicts such a name

    @Test(
        arguments: [
            ("revision", "leave out `--revision`, and name the tag behind a colon"),
            ("include", "leave out `--include` and `--exclude`"),
            ("exclude", "leave out `--include` and `--exclude`"), ("format", "leave out `--format`"),
        ]
    )
    func `options that choose where there is no choice are refused before anything is asked`(
        option: String,
        hint: String
    ) async throws {
        let (home, registry) = try OllamaHome.with("library/tiny:1b", ["model": smallGGUF()])
        let failure = try await home.failedPull(registry.name("library/tiny:1b")) { options in
            switch option {
            case "revision": options.revision = "main"
            case "include": options.include = ["*"]
            case "exclude": options.exclude = ["*"]
            default: options.format = .safetensors
            }
        }
        #expect((failure.kind, failure.hint) == (.unsupported, hint))
        #expect(registry.requests.isEmpty)
    }

    @Test func `a stack that serves no gguf refuses it, and stores it if told to`() async throws {
        let (home, registry) = try OllamaHome.with("library/tiny:q8_0", ["model": smallGGUF()])
        let name = registry.name("library/tiny:q8_0")
        let failure = try await home.failedPull(name, stack: "vllm")
        #expect((failure.kind, failure.message) == (.unsupported, "`\(name)` has gguf only, not safetensors"))
        #expect(registry.requests.isEmpty)
        #expect(try await home.pull(name, stack: "vllm") { $0.format = .gguf }.quant == "q8_0")
    }

    @Test(
        arguments: [
            (["license"], "has no weights: such a model runs in Ollama's cloud only"),
            (["tensor", "tensor"], "has its weights as single tensors for Ollama's own engine"),
            (
                ["model", "model"],
                "is put together of 2 models and 0 projectors, which no engine here serves"
            ),
            (
                ["model", "projector", "projector"],
                "is put together of 1 models and 2 projectors, which no engine here serves"
            ),
        ]
    )
    func `a model that no engine here serves is refused before its first byte`(
        roles: [String],
        reason: String
    ) async throws {
        let (home, registry) = try OllamaHome.with("library/odd:q8_0", [:])
        let digest = try smallGGUF().sha256
        let layers = roles.map {
            "{\"mediaType\":\"\(StubRegistry.type($0))\",\"digest\":\"\(digest)\",\"size\":1}"
        }
        registry.publish(
            "library/odd:q8_0",
            manifest: "{\"schemaVersion\":2,\"layers\":[\(layers.joined(separator: ","))]}"
        )
        let name = registry.name("library/odd:q8_0")
        let failure = try await home.failedPull(name)
        #expect((failure.kind, failure.message) == (.unsupported, "`\(name)` \(reason)"))
        #expect(registry.requests.count == 1)
    }
}

/// A home and a registry with one model.
enum OllamaHome {
    static func with(
        _ name: String,
        _ layers: KeyValuePairs<String, StubContent>,
        fileType: String? = nil
    ) throws -> (TestHome, StubRegistry) {
        let registry = try StubRegistry()
        registry.publish(name, layers: layers, fileType: fileType)
        return (try TestHome(), registry)
    }
}

extension StubRegistry {
    /// What to type for a model of it.
    func name(_ model: String) -> String { "ollama://\(host)/\(model)" }
    /// The host as it stands in the names of what is stored.
    var stem: String { host.map { $0 == ":" ? "-" : "\($0)" }.joined() }
}
