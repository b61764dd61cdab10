import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// Models of this machine that are taken into a volume.
struct ImportTests {
    @Test func `a file is copied, hashed and described, and the original stays`() async throws {
        let home = try TestHome()
        let bytes = try smallGGUF().all
        let file = try home.directory.write(bytes, to: "mine/My-Model-Q8_0.gguf")
        let outcome = try await home.pull(file.string)
        #expect((outcome.model, outcome.quant, outcome.wasThere) == ("My-Model-Q8_0", "q8_0", false))
        let folder = "My-Model-Q8_0/gguf/q8_0"
        #expect(try home.visibleFiles() == ["\(folder)/My-Model-Q8_0.gguf", "\(folder)/manifest.json"])
        #expect(try FileSystem.read(file) == bytes)
        let manifest = try JSON.decode(Manifest.self, from: home.read("\(folder)/manifest.json"))
        #expect(manifest.source.kind == .local)
        #expect(manifest.source.repository == file.string)
        #expect(manifest.files.map(\.sha256) == [Digest.of(bytes).hex])
        #expect(home.hub.requests().isEmpty)
        let checked = try await Verify([]).run(in: home.workspace()) { _ in }
        #expect(checked.map(\.state) == [.ok])
    }

    @Test func `a shard brings its set, and a missing one is named`() async throws {
        let home = try TestHome()
        for index in 0..<2 as Range<UInt16> {
            let bytes = try GGUFBuilder.tiny(shard: (index, 2))
            try home.directory.write(bytes, to: "mine/m-Q8_0-0000\(index + 1)-of-00002.gguf")
        }
        let first = home.directory.appending("mine/m-Q8_0-00001-of-00002.gguf")
        #expect(try await home.pull(first.string) { $0.name = "split" }.files == 2)
        try FileSystem.remove(home.directory.appending("mine/m-Q8_0-00002-of-00002.gguf"))
        let failure = try await home.failedPull(first.string) { $0.name = "other" }
        #expect(failure.kind == .invalid)
        #expect(failure.message.contains("lacks 1 of the shards of `m-Q8_0.gguf`"))
    }

    @Test func `a folder of safetensors is taken with all that belongs to it`() async throws {
        let home = try TestHome()
        try SampleModel.write(below: home.directory.appending("mine"))
        let folder = home.directory.appending("mine").pushing(FilePath(SampleModel.repository))
        let outcome = try await home.pull(folder.string, stack: "vllm")
        #expect((outcome.model, outcome.format, outcome.quant) == ("tiny-llama", "safetensors", "bf16"))
        #expect(outcome.files == 6)
        let checked = try await Verify([]).run(in: home.workspace(stack: "vllm")) { _ in }
        #expect(checked.count == 6 && checked.allSatisfy { $0.state == .ok })
    }

    @Test func `the same content is there already, another one replaces it by force only`() async throws {
        let home = try TestHome()
        let file = try home.directory.write(smallGGUF().all, to: "m-Q8_0.gguf")
        try await home.pull(file.string)
        #expect(try await home.pull(file.string).wasThere)
        try home.directory.write(smallGGUF(7).all, to: "m-Q8_0.gguf")
        #expect(try await home.failedPull(file.string).kind == .conflict)
        #expect(try home.read("m-Q8_0/gguf/q8_0/m-Q8_0.gguf") == smallGGUF().all)
        try await home.pull(file.string) { $0.force = true }
        #expect(try home.read("m-Q8_0/gguf/q8_0/m-Q8_0.gguf") == smallGGUF(7).all)
        #expect(try home.visibleFiles().count == 2)
    }

    @Test func `a dry run tells what would be copied and changes nothing`() async throws {
        let home = try TestHome()
        let file = try home.directory.write(smallGGUF().all, to: "m-Q8_0.gguf")
        let before = try home.directory.files()
        let plan = try await Pull(try home.reference(file.string)).plan(in: home.workspace()) { _ in }
        #expect((plan.model, plan.quant, plan.repository) == ("m-Q8_0", "q8_0", file.string))
        #expect(plan.revision == nil)
        #expect(plan.missing.bytes == (try smallGGUF().size))
        #expect(try home.directory.files() == before)
    }

    @Test func `nothing there, no model, no GGUF`() async throws {
        let home = try TestHome()
        #expect(try await home.failedPull("/nonexistent/m.gguf").kind == .notFound)
        let text = try home.directory.write("text", to: "notes.txt")
        #expect(try await home.failedPull(text.string).kind == .unsupported)
        #expect(try await home.failedPull(text.removingLastComponent().string).kind == .notFound)
        let page = try home.directory.write("<!DOCTYPE html>", to: "page.gguf")
        #expect(try await home.failedPull(page.string).kind == .invalid)
        #expect(try home.visibleFiles().isEmpty)
    }
}
