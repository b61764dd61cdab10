import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What others write must not stop the program, nor make it say what is not so.
struct HostileInputTests {
    @Test func `letters that change their length in lower case do no harm`() async throws {
        let name = String(repeating: "\u{130}", count: 20) + ".gguf.part1of2"
        let home = try TestHome(StubRepository("org/odd", files: [name: .text("x")]))
        #expect(try await home.failedPull("org/odd").kind == .invalid)
    }

    @Test func `a file from a far future can be pulled`() async throws {
        let home = try TestHome()
        let file = try home.directory.write(try smallGGUF().all, to: "mine/m-Q8_0.gguf")
        let touch = "/usr/bin/touch"
        _ = try await BinaryRun.run(FilePath(touch), ["-d", "2400-01-01", file.string])
        #expect(try await home.pull(file.string).files == 1)
    }

    @Test func `a negative size is damage, also where there is a quota`() async throws {
        let home = try TestHome(StubRepository("org/tiny-GGUF", files: ["tiny-Q4_K_M.gguf": try smallGGUF()]))
        try await home.pull("org/tiny-GGUF")
        let manifest = "home/stacks/llamacpp/models/org--tiny-GGUF/gguf/q4_k_m/manifest.json"
        let text = String(decoding: try FileSystem.read(home.directory.appending(manifest)), as: UTF8.self)
        let size = "\"sizeBytes\" : "
        let start = try #require(text.firstRange(of: size))
        let digits = text[start.upperBound...].prefix { $0.isNumber }
        let changed = text[..<start.upperBound] + "-9223372036854775807" + text[digits.endIndex...]
        try home.directory.write(String(changed), to: manifest)
        try home.directory.write("engine: llamacpp\nquota: 200GB\n", to: "home/stacks/llamacpp/stack.yaml")
        let use = try await DiskUse.all(in: home.workspace()) { _ in }
        #expect(use.first?.modelsBytes == 0)
    }

    @Test func `with the hub down another revision is not called there`() async throws {
        let home = try TestHome(StubRepository("org/tiny-GGUF", files: ["tiny-Q4_K_M.gguf": try smallGGUF()]))
        try await home.pull("org/tiny-GGUF")
        home.hub.stop()
        #expect(try await home.pull("org/tiny-GGUF").wasThere)
        #expect(try await home.failedPull("org/tiny-GGUF@v2").kind == .unavailable)
    }

    @Test func `a download under way is not removed, whenever it began`() async throws {
        let home = try TestHome()
        let store = ModelStore(volume: home.volume())
        let purpose = Partial.Purpose(model: "a/b", format: "gguf", quant: nil, path: "x", sizeBytes: 1)
        let (directory, lock) = try await store.openPartial(.of([1]), for: purpose) {}
        #expect(throws: StoreError.self) { try store.removePartial(directory) }
        #expect(FileSystem.exists(directory))
        withExtendedLifetime(lock) {}
    }

    @Test func `what a link in the volume leads to is not emptied`() async throws {
        let home = try TestHome(StubRepository("org/tiny-GGUF", files: ["tiny-Q4_K_M.gguf": try smallGGUF()]))
        try await home.pull("org/tiny-GGUF")
        let inside = home.volume().appending("org--tiny-GGUF")
        let outside = home.directory.appending("outside")
        try FileSystem.rename(inside, to: outside)
        _ = try await BinaryRun.run("/usr/bin/ln", ["-s", outside.string, inside.string])
        let removal = Remove([try home.reference("org/tiny-GGUF")])
        let plan = try await removal.plan(in: home.workspace()) { _ in }
        #expect(throws: Failure.self) { try removal.run(plan) }
        #expect(FileSystem.exists(outside.appending("gguf/q4_k_m/tiny-Q4_K_M.gguf")))
    }

    @Test func `a pipe in the place of a manifest is not waited for`() async throws {
        let home = try TestHome()
        let folder = home.volume().appending("m/gguf/q4_0")
        try FileSystem.createDirectory(folder)
        _ = try await BinaryRun.run("/usr/bin/mkfifo", [folder.appending("manifest.json").string])
        #expect(try await Listing().run(in: home.workspace()) { _ in }.allSatisfy { $0.state == .damaged })
    }

    @Test func `a folder of links, as the hub's cache has, can be imported`() async throws {
        let home = try TestHome()
        let blob = try home.directory.write(try smallGGUF().all, to: "blobs/abc")
        let snapshot = home.directory.appending("snapshot")
        try FileSystem.createDirectory(snapshot)
        let link = snapshot.appending("m-Q8_0.gguf").string
        _ = try await BinaryRun.run("/usr/bin/ln", ["-s", blob.string, link])
        #expect(try await home.pull(snapshot.string).quant == "q8_0")
    }
}
