import Catalog
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// What is said to do next, where the first thought would be wrong.
struct HintTests {
    @Test func `a folder with an adapter is not converted, and told what it is for`() async throws {
        let home = try TestHome()
        let folder = home.directory.appending("sql")
        try home.directory.write("{}", to: "sql/adapter_config.json")
        let refused = try await home.failedConversion(folder.string, "q8_0")
        #expect(refused.kind == .unsupported)
        #expect(refused.hint?.contains("`stackctl lora add MODEL NAME=\(folder)`") == true)
    }

    @Test func `shards of a local folder that are missing are nobody's to upload`() async throws {
        let home = try TestHome()
        let part = try home.directory.write(
            try GGUFBuilder.tiny(shard: (0, 2)),
            to: "m/m-Q8_0-00001-of-00002.gguf"
        )
        let refused = try await home.failedPull(part.removingLastComponent().string)
        #expect(refused.kind == .invalid && refused.hint == "bring all of them together in one folder")
    }

    @Test func `what lies here under the name of what is not found is told`() async throws {
        // The tests' working directory is that of the package.
        let home = try TestHome()
        for name in ["docs/runbooks", "docs"] {
            let refused = try await home.failedPull(name)
            #expect(refused.hint == "there is `\(name)` here: it is named `./\(name)`")
        }
        #expect(try await home.failedPull("docs/nothing-here").hint?.contains("./") != true)
    }

    @Test func `a format that the engine does not read is told with what to do, and who reads it`()
        async throws
    {
        let home = try TestHome(
            StubRepository("org/tiny-GGUF", files: ["tiny-Q4_K_M.gguf": .bytes(try GGUFBuilder.tiny())])
        )
        try await home.pull("org/tiny-GGUF", stack: "vllm") { $0.format = .gguf }
        let refused = await failure {
            try await Launch(try home.reference("org/tiny-GGUF")).run(in: home.workspace(stack: "vllm")) {
                _ in
            }
        }
        #expect(refused?.kind == .unsupported)
        #expect(refused?.hint?.contains("in safetensors") == true)
        #expect(refused?.hint?.contains("`stackctl llamacpp use org/tiny-GGUF`") == true)
    }

    @Test func `a file of one's own with a number that is none is not to be compared with a publisher's`()
        async throws
    {
        let home = try TestHome()
        let source = try home.sampleGGUF("f16")
        var bytes = try FileSystem.read(source)
        // Some of its weights.
        let middle = bytes.count / 128 * 64
        for index in middle..<middle + 64 { bytes[index] = index.isMultiple(of: 2) ? 0xFF : 0x7F }
        try FileSystem.write(bytes, to: source)
        let refused = try await home.failedConversion(source.string, "q4_0")
        #expect(refused.kind == .invalid && refused.hint?.contains("fetch or make it anew") == true)
    }
}
