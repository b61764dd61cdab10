import Catalog
import Glibc
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What is stored, compared with its manifests, repaired and removed.
struct VerifyTests {
    private static let first = "org--split/gguf/q4_k_m/m-Q4_K_M-00001-of-00002.gguf"
    private static let second = "org--split/gguf/q4_k_m/m-Q4_K_M-00002-of-00002.gguf"

    private func home() async throws -> (home: TestHome, files: [String: StubContent]) {
        let files: [String: StubContent] = [
            "m-Q4_K_M-00001-of-00002.gguf": .bytes(try GGUFBuilder.tiny(shard: (0, 2))),
            "m-Q4_K_M-00002-of-00002.gguf": .bytes(try GGUFBuilder.tiny(shard: (1, 2))),
        ]
        let home = try TestHome(StubRepository("org/split", files: files))
        try await home.pull("org/split")
        home.hub.forgetRequests()
        return (home, files)
    }

    private func spoil(_ path: String, _ home: TestHome) throws {
        try File(home.volume().pushing(FilePath(path)), .update).write([0xAA].span.bytes, at: 100)
    }

    @Test func `what is whole is ok, and the hub is not asked`() async throws {
        let (home, files) = try await home()
        let checked = try await Verify([try home.reference("org/split")]).run(in: home.workspace()) { _ in }
        #expect(checked.map(\.state) == [.ok, .ok])
        #expect(checked.map(\.actual) == checked.map(\.expected))
        #expect(Set(checked.compactMap(\.expected)) == Set(files.values.map(\.sha256.hex)))
        #expect(home.hub.requests().isEmpty)
    }

    @Test func `what differs and what is missing is told with both hashes`() async throws {
        let (home, files) = try await home()
        try spoil(Self.first, home)
        try FileSystem.remove(home.volume().pushing(FilePath(Self.second)))
        let checked = try await Verify([]).run(in: home.workspace()) { _ in }
        #expect(checked.map(\.state) == [.differs, .missing])
        #expect(checked[0].expected == files["m-Q4_K_M-00001-of-00002.gguf"]?.sha256.hex)
        #expect(checked[0].actual == Digest.of(try home.read(Self.first)).hex)
        #expect(checked[1].actual == nil)
    }

    @Test func `a repair fetches only what differs, at the commit it came from`() async throws {
        let (home, files) = try await home()
        home.hub.publish(StubRepository("org/split", files: ["other.gguf": .text("moved on")]))
        try spoil(Self.second, home)
        let checked = try await Verify([], repairs: true).run(in: home.workspace()) { _ in }
        #expect(checked.map(\.repaired) == [nil, true])
        #expect(home.hub.bytesServed(.cdn) == files["m-Q4_K_M-00002-of-00002.gguf"]?.size)
        let again = try await Verify([]).run(in: home.workspace()) { _ in }
        #expect(again.map(\.state) == [.ok, .ok])
        #expect(try home.partials().isEmpty)
    }

    @Test func `a repair leaves the other names of a shared file with right bytes or none`() async throws {
        let (home, _) = try await home()
        try await home.pull("org/split", stack: "mistral")
        try spoil(Self.first, home)
        _ = try await Verify([], repairs: true).run(in: home.workspace()) { _ in }
        let here = try await Verify([]).run(in: home.workspace()) { _ in }
        #expect(here.map(\.state) == [.ok, .ok])
        let there = try await Verify([], repairs: true).run(in: home.workspace(stack: "mistral")) { _ in }
        #expect(there.map(\.repaired) == [true, nil])
    }

    @Test func `what cannot be repaired is told with the reason and what to type, beside what was`()
        async throws
    {
        let (home, _) = try await home()
        let file = try home.directory.write(smallGGUF().all, to: "m-Q8_0.gguf")
        try await home.pull(file.string)
        try spoil("m-Q8_0/gguf/q8_0/m-Q8_0.gguf", home)
        try spoil(Self.second, home)
        let found = try await Verify([]).run(in: home.workspace()) { _ in }
        let importing = "import it again: `stackctl llamacpp pull \(file) --force`"
        let fetching = "fetch it again with `stackctl llamacpp verify org/split --repair`"
        #expect(found.map(\.fix) == [importing, nil, fetching])
        #expect(found.allSatisfy { $0.repaired == nil && $0.reason == nil })
        let repaired = try await Verify([], repairs: true).run(in: home.workspace()) { _ in }
        #expect(repaired.map(\.repaired) == [false, nil, true])
        #expect(repaired.map(\.fix) == [importing, nil, nil])
        #expect(repaired[0].reason?.contains("did not come from a hub") == true)
        let view = home.workspace()
        home.hub.stop()
        for path in [Self.first, Self.second] { try spoil(path, home) }
        let down = try await Verify([], repairs: true).run(in: view) { _ in }
        #expect(down.map(\.repaired) == [false, false, false])
        #expect(down[1].reason == down[2].reason && down[1].reason?.contains("does not answer") == true)
    }

    @Test func `a manifest that cannot be read is a line, and hides no other damage`() async throws {
        let (home, _) = try await home()
        let file = try home.directory.write(smallGGUF().all, to: "m-Q8_0.gguf")
        try await home.pull(file.string) { $0.name = "a" }
        let manifest = home.volume().appending("a/gguf/q8_0/manifest.json")
        try FileSystem.write(Array("{".utf8), to: manifest)
        try spoil(Self.second, home)
        let found = try await Verify([]).run(in: home.workspace()) { _ in }
        #expect(found.map(\.state) == [.ok, .differs, .damaged])
        let line = try #require(found.last)
        #expect((line.model, line.path.string, line.reason) == ("a", "manifest.json", "it is no manifest"))
        #expect(line.fix?.contains("`stackctl llamacpp rm a --format gguf --quant q8_0`") == true)
        let repaired = try await Verify([], repairs: true).run(in: home.workspace()) { _ in }
        #expect(repaired.map(\.repaired) == [nil, true, false])
        let removal = Remove([try home.reference("a")], format: .gguf, quant: Quantization(parsing: "q8_0"))
        try removal.run(await removal.plan(in: home.workspace()) { _ in })
        #expect(!FileSystem.exists(manifest))
    }

    @Test func `a link in the place of a file is not followed`() async throws {
        let (home, files) = try await home()
        let path = home.volume().pushing(FilePath(Self.first))
        try FileSystem.remove(path)
        let other = try home.directory.write(
            try #require(files["m-Q4_K_M-00001-of-00002.gguf"]).all,
            to: "elsewhere"
        )
        try #require(
            other.string.withCString { target in path.withPlatformString { symlink(target, $0) } } == 0
        )
        let checked = try await Verify([]).run(in: home.workspace()) { _ in }
        #expect(checked.map(\.state) == [.missing, .ok])
    }
}
