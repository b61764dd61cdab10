import Glibc
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What is written where the user wants it, and what comes in the way.
struct ConvertOutputTests {
    @Test func `a file is replaced by force only, and never what it is made of`() async throws {
        let home = try TestHome()
        let source = try home.sampleGGUF("f16")
        let file = try home.directory.write("mine", to: "out/a.gguf")
        let refused = try await home.failedConversion(source.string, "q8_0") { $0.output = file }
        #expect(refused.kind == .conflict && refused.hint == "add `--force` to replace it")
        #expect(try FileSystem.read(file) == Array("mine".utf8))
        let made = try await home.convert(source.string, "q8_0") { ($0.output, $0.force) = (file, true) }
        #expect(made.map(\.path) == [file.string])
        #expect(try FileSystem.status(file)?.size == made[0].sizeBytes)

        let before = try Digest.ofFile(source)
        let link = home.directory.appending("link.gguf")
        try FileSystem.link(source, as: link)
        for output in [source, link] {
            let itself = try await home.failedConversion(source.string, "q8_0") {
                ($0.output, $0.force) = (output, true)
            }
            #expect(itself.kind == .conflict && itself.message.hasSuffix("is what would be converted"))
        }
        #expect(try Digest.ofFile(source) == before)
        #expect(!FileSystem.exists(home.volume()))
    }

    @Test func `several go into a folder, which is made`() async throws {
        let home = try TestHome()
        let folder = try home.sampleFolder()
        let output = home.directory.appending("new/folder")
        let made = try await home.convert(folder.string, "q8_0", "bf16") { $0.output = output }
        #expect(made.map(\.path) == ["q8_0", "bf16"].map { "\(output)/tiny-llama-\($0).gguf" })
        #expect(try FileSystem.list(output) == ["tiny-llama-bf16.gguf", "tiny-llama-q8_0.gguf"])
        // One goes into a folder too, if there is one.
        let one = try await home.convert(folder.string, "f16") { $0.output = output }
        #expect(one.map(\.path) == ["\(output)/tiny-llama-f16.gguf"])
        let again = try await home.failedConversion(folder.string, "q8_0", "q6") { $0.output = output }
        #expect(again.kind == .conflict)
    }

    @Test func `what a killed run has left beside a file is replaced, and another run is left alone`()
        async throws
    {
        let home = try TestHome()
        let source = try home.sampleGGUF("f16")
        let output = home.directory.appending("out/a.gguf")
        let left = try home.directory.write("left", to: "out/.a.gguf.partial/data")
        try home.directory.write("left", to: "out/.a.gguf.partial/data.work/model.gguf")
        let lock = try #require(try FileLock.attempt(left.removingLastComponent().appending("lock")))
        let busy = try await home.failedConversion(source.string, "q8_0") { $0.output = output }
        #expect(busy.kind == .conflict && busy.message == "another stackctl writes \(output)")
        #expect(try FileSystem.read(left) == Array("left".utf8))
        withExtendedLifetime(lock) {}
        try FileSystem.remove(left.removingLastComponent().appending("lock"))
        try await home.convert(source.string, "q8_0") { $0.output = output }
        #expect(try FileSystem.list(output.removingLastComponent()) == ["a.gguf"])
    }

    @Test func `what somebody else keeps where a file is written first is left alone`() async throws {
        let home = try TestHome()
        let source = try home.sampleGGUF("f16")
        let output = home.directory.appending("out/a.gguf")
        let place = home.directory.appending("out/.a.gguf.partial")
        let theirs = try home.directory.write("theirs", to: "theirs/data")
        try home.directory.write("theirs", to: "out/notes")
        #expect(symlink("../theirs", place.string) == 0)
        let linked = try await home.failedConversion(source.string, "q8_0") { $0.output = output }
        #expect(linked.kind == .conflict && linked.message.hasPrefix("\(place) is no folder"))
        #expect(try FileSystem.read(theirs) == Array("theirs".utf8))
        try FileSystem.remove(place)
        let note = try home.directory.write("theirs", to: "out/.a.gguf.partial/note")
        try await home.convert(source.string, "q8_0") { $0.output = output }
        #expect(try FileSystem.list(place) == ["note"])
        #expect(try FileSystem.read(note) == Array("theirs".utf8))
    }

    @Test(.enabled(if: MountedFilesystem.isExpected, MountedFilesystem.reason))
    func `no space: the room that a killed run has left is had again`() async throws {
        let disk = try MountedFilesystem(size: "12m")
        let home = try TestHome()
        let source = home.directory.appending("big-f16.gguf")
        try emptyGGUF(mebibytes: 16, at: source)
        let left = disk.path.appending(".out.gguf.partial")
        try FileSystem.createDirectory(left)
        try FileSystem.write([UInt8](repeating: 1, count: 8_000_000), to: left.appending("data"))
        let output = disk.path.appending("out.gguf")
        #expect(try await home.convert(source.string, "q8_0") { $0.output = output }.count == 1)
        #expect(try FileSystem.list(disk.path) == ["out.gguf"])
    }

    @Test func `a name that is said to be a folder becomes one, and one that is full names no volume`()
        async throws
    {
        let home = try TestHome()
        let source = try home.sampleGGUF("f16")
        let made = try await home.convert(source.string, "q8_0") {
            ($0.output, $0.outputIsFolder) = (home.directory.appending("new"), true)
        }
        #expect(made.map(\.path) == ["\(home.directory.path)/new/tiny-llama-f16-q8_0.gguf"])
    }

    @Test(.enabled(if: MountedFilesystem.isExpected, MountedFilesystem.reason))
    func `no space: it is refused before the first byte`() async throws {
        let disk = try MountedFilesystem(size: "4m")
        let home = try TestHome()
        let source = home.directory.appending("big-f16.gguf")
        try emptyGGUF(mebibytes: 16, at: source)
        let output = disk.path.appending("out.gguf")
        let plan = try await home.conversionPlan(source.string, "q8_0") { $0.output = output }
        #expect(!plan.fits && plan.neededBytes > 8_000_000)
        let failure = try await home.failedConversion(source.string, "q8_0") { $0.output = output }
        #expect(failure.kind == .noSpace && failure.message.contains("4.2 MB free"))
        #expect(failure.hint == "name a place on another disk with `--output`")
        #expect(try FileSystem.list(disk.path).isEmpty)
        try home.directory.write(
            "engine: llamacpp\nmodels: \(disk.path)\n",
            to: "home/stacks/llamacpp/stack.yaml"
        )
        #expect(try await home.failedConversion(source.string, "q8_0").kind == .noSpace)
        #expect(try FileSystem.walk(disk.path).allSatisfy { $0.path.hasSuffix(".lock") })
    }

    @Test(.enabled(if: MountedFilesystem.isExpected, MountedFilesystem.reason))
    func `no space: two that fit only alone are refused together, and nothing stays of a disk that fills`()
        async throws
    {
        let disk = try MountedFilesystem(size: "12m")
        let home = try TestHome(below: disk.path)
        let source = try TemporaryDirectory()
        let file = source.appending("big-f16.gguf")
        try emptyGGUF(mebibytes: 16, at: file)
        #expect(try await home.failedConversion(file.string, "q8_0", "q6_k").kind == .noSpace)
        #expect(try await home.convert(file.string, "q8_0").count == 1)
        #expect(try await home.failedConversion(file.string, "q6_k").kind == .noSpace)
        #expect(try home.partials().isEmpty)
        #expect(try home.visibleFiles().count == 2)
    }

    @Test func `a number that is none: 4, with the tensor's name, and nothing stays`() async throws {
        let home = try TestHome()
        let source = home.directory.appending("bad-f16.gguf")
        try emptyGGUF(mebibytes: 2, at: source)
        let size = try #require(try FileSystem.status(source)).size
        try File(source, .update).write([0x00, 0x7E], at: size.bytes - 4)
        let failure = try await home.failedConversion(source.string, "q8_0", "q4_0")
        #expect(failure.kind == .invalid && failure.message.contains("`token_embd.weight`"))
        #expect(try home.visibleFiles().isEmpty)
        #expect(try home.partials().isEmpty)
    }

    @Test func `a source that changes while it is read is noticed`() async throws {
        let home = try TestHome()
        let source = home.directory.appending("big-f16.gguf")
        try emptyGGUF(mebibytes: 64, at: source)
        let reports = Reports()
        async let failed = home.failedConversion(source.string, "q8_0", reports: reports)
        #expect(try await reports.waitUntil { $0.stages.contains("converting big-f16 to q8_0") })
        try File(source, .update).write([0].span.bytes, at: 100_000)
        let failure = try await failed
        #expect(failure.kind == .conflict && failure.message.hasSuffix("changed while it was read"))
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `a conversion that is stopped leaves nothing`() async throws {
        let home = try TestHome()
        let source = home.directory.appending("big-f16.gguf")
        try emptyGGUF(mebibytes: 256, at: source)
        let reports = Reports()
        let work = Task { try await home.convert(source.string, "q4_k_m", reports: reports) }
        #expect(try await reports.waitUntil { $0.stages.contains("converting big-f16 to q4_k_m") })
        #expect(try home.partials().map(\.purpose?.quant) == ["q4_k_m"])
        let listed = try await Listing().run(in: home.workspace()) { _ in }
        #expect(listed.map(\.state) == [.partial] && (listed[0].sizeBytes ?? 0) > 50_000_000)
        work.cancel()
        let failure = await #expect(throws: Failure.self) { try await work.value }
        #expect(failure?.kind == .cancelled)
        #expect(try home.visibleFiles().isEmpty)
        #expect(try home.partials().isEmpty)
    }
}
