import Catalog
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// What becomes of a model that was damaged behind our back.
struct DamagedModelTests {
    private let folder = "home/stacks/llamacpp/models/org--tiny-GGUF/gguf/q4_k_m"

    private func home() async throws -> TestHome {
        let home = try TestHome(StubRepository("org/tiny-GGUF", files: ["tiny-Q4_K_M.gguf": try smallGGUF()]))
        try await home.pull("org/tiny-GGUF")
        return home
    }

    private func states(_ home: TestHome) async throws -> [ListedModel.State] {
        try await Listing().run(in: home.workspace()) { _ in }.map(\.state)
    }

    @Test func `a damaged manifest is put right by a pull`() async throws {
        let home = try await home()
        try home.directory.write("{bad", to: "\(folder)/manifest.json")
        #expect(try await states(home) == [.damaged])
        #expect(try await home.pull("org/tiny-GGUF").wasThere == false)
        #expect(try await states(home) == [.ready])
    }

    @Test func `a model with a damaged manifest can be removed`() async throws {
        let home = try await home()
        try home.directory.write("{bad", to: "\(folder)/manifest.json")
        let removal = Remove([try home.reference("org/tiny-GGUF")])
        let plan = try await removal.plan(in: home.workspace()) { _ in }
        #expect(plan.items.map(\.state) == [.damaged])
        try removal.run(plan)
        #expect(try await states(home).isEmpty)
        #expect(!FileSystem.exists(home.directory.appending(folder)))
    }

    @Test(arguments: [true, false])
    func `a file that is gone or cut short is not called ready`(isGone: Bool) async throws {
        let home = try await home()
        let file = home.directory.appending("\(folder)/tiny-Q4_K_M.gguf")
        if isGone { try FileSystem.remove(file) } else { try File(file, .update).truncate(to: 10) }
        #expect(try await states(home) == [.damaged])
        let failure = await #expect(throws: Failure.self) {
            try await Launch(try home.reference("org/tiny-GGUF")).run(in: home.workspace(), report: { _ in })
        }
        #expect(failure?.kind == .invalid)
        #expect(failure?.hint?.contains("--repair") == true)
        #expect(try await home.pull("org/tiny-GGUF").wasThere == false)
        #expect(try await states(home) == [.ready])
    }

    @Test func `an imported folder with several quantizations gives the one that is meant`() async throws {
        let home = try TestHome()
        for quant in ["Q4_K_M", "Q8_0"] {
            let content = try smallGGUF(quant == "Q8_0" ? 1 : 0)
            try home.directory.write(content.all, to: "mine/m-\(quant).gguf")
        }
        let mine = home.directory.appending("mine").string
        let usual = try await home.pull(mine)
        #expect(usual.quant == "q4_k_m" && usual.files == 1)
        let other = try await home.pull(mine) { $0.quant = Quantization(parsing: "q8_0") }
        #expect(other.quant == "q8_0" && other.files == 1)
    }

    @Test func `safetensors that lack a shard are refused before the first byte`() async throws {
        let files = ["model-00001-of-00002.safetensors": StubContent.text("x"), "config.json": .text("{}")]
        let home = try TestHome(StubRepository("org/half", files: files))
        let failure = try await home.failedPull("org/half", stack: "vllm")
        #expect(failure.kind == .invalid)
        #expect(failure.message.contains("lacks 1 of the shards"))
        #expect(home.hub.bytesServed(.cdn) == 0)
    }
}
