import Formats
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// What is read of a model that stays where it is.
struct InspectRemoteTests {
    private let home: TestHome

    init() throws { home = try TestHome() }

    private func publish(
        _ id: String,
        _ files: [String: StubContent],
        _ access: StubRepository.Access = .open
    ) {
        home.hub.publish(StubRepository(id, files: files, access: access))
    }

    /// A GGUF, of which all but the header is a hole.
    private func publishLarge(tokens: Int, dataSize: Int) throws -> (file: FilePath, header: Int64) {
        let gguf = try vocabularyGGUF(tokens: tokens, dataSize: dataSize)
        let file = try home.writeHollow(gguf, to: "large.gguf")
        publish("org/large-GGUF", ["large-Q8_0.gguf": .file(file)])
        return (file, Int64(gguf.header().count))
    }

    private func remote(_ model: String, stack: String = "llamacpp", reports: Reports = Reports())
        async throws
        -> InspectedModel
    {
        try await home.inspect(model, stack: stack, reports: reports) {
            ($0.isRemote, $0.listsTensors) = (true, true)
        }
    }

    @Test func `of a gigabyte only the header is read`() async throws {
        let (file, header) = try publishLarge(tokens: 100_000, dataSize: 1_100_000_000)
        #expect(header > 2_000_000)
        let reports = Reports()
        let model = try await remote("org/large-GGUF:q8_0", reports: reports)
        let served = home.hub.bytesServed(.cdn)
        #expect(served >= header)
        #expect(served < 3 * header)
        #expect(home.hub.requests(.cdn).count <= 4)
        #expect(model.source.readBytes == ByteCount(served))
        #expect(model.source.sizeBytes > 1_100_000_000)
        #expect((model.source.kind, model.source.repository) == ("hub", "org/large-GGUF"))
        #expect(model.source.revision?.count == 40)
        #expect(reports.notes == ["read \(ByteCount(served)) of \(model.source.sizeBytes)"])
        #expect(try home.partials().isEmpty)

        let local = try await home.inspect(file.string) { $0.listsTensors = true }
        #expect(local.metadata == model.metadata)
        let tensors = try [local, model].map { try JSON.encode($0.tensors) }
        #expect(tensors[0] == tensors[1])
        #expect(model.tokenizer?.specialTokens.map(\.text) == ["<token 1>", "<token 99999>"])
    }

    @Test func `a hub that sends whole files is not listened to for long`() async throws {
        let (_, header) = try publishLarge(tokens: 100_000, dataSize: 60_000_000)
        home.hub.inject(StubFault(.cdn, .ignoreRange, times: 100))
        let model = try await remote("org/large-GGUF")
        #expect(model.header.vocabularySize == 100_000)
        #expect(home.hub.bytesServed(.cdn) < 20 * header)
    }

    @Test func `a header that claims to be gigantic is refused, and not fetched`() async throws {
        let gguf = try vocabularyGGUF(tokens: 10, dataSize: 100_000_000)
        var header = gguf.header()
        // The list of tokens becomes one of bytes, most of the file.
        let key = try #require(header.firstRange(of: Array("tokenizer.ggml.tokens".utf8)))
        header.replaceSubrange(
            key.upperBound + 4..<key.upperBound + 16,
            with: [0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0]
        )
        let file = try home.writeHollow(gguf, to: "large.gguf")
        try File(file, .update).write(header, at: 0)
        publish("org/claim", ["claim-Q8_0.gguf": .file(file)])
        let failure = try await home.failedInspect("org/claim") { $0.isRemote = true }
        #expect(
            (failure.kind, failure.message.contains("no model's header is that long")) == (.invalid, true)
        )
        #expect(home.hub.bytesServed(.cdn) == 256 << 10)
    }

    @Test func `a file that its hub has cut short is told as such`() async throws {
        let bytes = try largeGGUF(mebibytes: 2).all
        publish("org/cut", ["m-Q8_0.gguf": .bytes(Array(bytes.dropLast(5)))])
        let failure = try await home.failedInspect("org/cut") { $0.isRemote = true }
        #expect(failure.kind == .invalid)
        #expect(failure.message.contains("ends at byte \(bytes.count - 5)"))
        publish("org/page", ["m-Q8_0.gguf": .text("<html>404</html>")])
        let page = try await home.failedInspect("org/page") { $0.isRemote = true }
        #expect(page.message.contains("is a web page"))
    }

    @Test func `all shards are read, and the tensors say in which file they are`() async throws {
        let shards = try SampleModel.gguf(.bf16, shards: 3)
        let names = (1...3).map { "BF16/m-BF16-0000\($0)-of-00003.gguf" }
        publish("org/split", Dictionary(uniqueKeysWithValues: zip(names, shards.map { .bytes($0) })))
        for model in ["org/split", "org/split/\(names[2])"] {
            let model = try await remote(model)
            #expect(model.files.map(\.path) == names)
            #expect(model.totals.parameters == SampleModel.parameters)
            #expect(Set(model.tensors?.compactMap(\.file) ?? []) == Set(names))
        }
    }

    @Test func `of safetensors the headers are read and the small files that describe them`() async throws {
        let files = try SampleModel.files().filter { $0.path.hasPrefix("\(SampleModel.repository)/") }
        publish(
            SampleModel.repository,
            Dictionary(
                uniqueKeysWithValues: files.map {
                    (String($0.path.dropFirst(SampleModel.repository.count + 1)), .bytes($0.bytes))
                }
            )
        )
        // A stack that could not serve them shows them too.
        for stack in ["llamacpp", "vllm"] {
            home.hub.forgetRequests()
            let model = try await remote(SampleModel.repository, stack: stack)
            #expect((model.format, model.header.architecture) == ("safetensors", "llama"))
            #expect(model.totals.parameters == SampleModel.parameters)
            #expect(model.chatTemplate != nil)
            let asked = home.hub.requests().map(\.request.target)
            #expect(!asked.contains { $0.contains("/tokenizer.json") || $0.contains("README") })
            #expect(home.hub.bytesServed(.cdn) <= 32 << 10)
        }
    }

    @Test func `a name of the catalog is read where a pull would fetch it`() async throws {
        try home.directory.write(
            """
            models:
              mine:
                variants:
                  7b:
                    gguf:
                      repository: me/mine-GGUF
                      file: mine-{QUANT}.gguf
                      quants: [q8_0]
            """,
            to: "home/config/models.yaml"
        )
        publish("me/mine-GGUF", ["mine-Q8_0.gguf": try smallGGUF(), "mine-Q4_0.gguf": try smallGGUF(1)])
        let model = try await remote("mine:7b")
        #expect(model.files.map(\.path) == ["mine-Q8_0.gguf"])
        #expect(model.source.repository == "me/mine-GGUF")
    }

    @Test func `a name of Ollama's is read at its registry`() async throws {
        let (home, registry) = try OllamaHome.with("library/tiny:1b", ["model": smallGGUF()])
        let model = try await home.inspect(registry.name("library/tiny:1b")) { $0.isRemote = true }
        #expect((model.source.kind, model.source.repository) == ("ollama", "library/tiny"))
        #expect((model.header.architecture, model.header.contextLength) == ("llama", 2048))
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `a projector in a repository is read by its path`() async throws {
        publish(
            "org/see",
            [
                "m-Q8_0.gguf": try smallGGUF(),
                "mmproj-F16.gguf": .bytes(try GGUFBuilder.tiny(architecture: "clip")),
            ]
        )
        #expect(try await remote("org/see/mmproj-F16.gguf").kind == "mmproj")
        #expect(try await remote("org/see").kind == "model")
    }

    @Test func `an address that has become too old is asked for again, once`() async throws {
        publish("org/tiny", ["m-Q8_0.gguf": try smallGGUF()])
        home.hub.inject(StubFault(.cdn, .expiredURL))
        #expect(try await remote("org/tiny").header.architecture == "llama")
        home.hub.inject(StubFault(.cdn, .expiredURL, times: 9))
        let failure = try await home.failedInspect("org/tiny") { $0.isRemote = true }
        #expect(failure.kind == .refused)
        #expect(home.hub.pendingFaults.first?.times == 7)
    }

    @Test func `who may not have it is told so, as by a pull`() async throws {
        publish("org/gated", ["m-Q8_0.gguf": try smallGGUF()], .gated)
        for token in [nil, StubHub.notGrantedToken] {
            let environment = token.map { ["HF_TOKEN": $0] } ?? [:]
            let failure = try await home.failedInspect("org/gated", environment: environment) {
                $0.isRemote = true
            }
            #expect((failure.kind, failure.message.contains("is gated")) == (.refused, true))
        }
        let granted = ["HF_TOKEN": StubHub.grantedToken]
        let model = try await home.inspect("org/gated", environment: granted) { $0.isRemote = true }
        #expect(model.header.architecture == "llama")
        for name in ["org/absent", "org/gated@v9", "org/gated/absent.gguf"] {
            let failure = try await home.failedInspect(name, environment: granted) { $0.isRemote = true }
            #expect(failure.kind == .notFound)
        }
        let offline = granted.merging(["HF_HUB_OFFLINE": "1"]) { $1 }
        let failure = try await home.failedInspect("org/gated", environment: offline) { $0.isRemote = true }
        #expect(failure.kind == .unavailable)
        #expect(try await home.failedInspect("./x.gguf") { $0.isRemote = true }.kind == .invalid)
    }
}
