import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

struct FileSystemTests {
    private func text(_ path: FilePath) throws -> String {
        String(decoding: try FileSystem.read(path), as: UTF8.self)
    }

    // MARK: Whole files

    @Test func `a file is replaced whole, and nothing stays beside it`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.appending("manifest.json")
        for content in ["first", "second", ""] {
            try FileSystem.write(Array(content.utf8), to: path)
            #expect(try text(path) == content)
            #expect(try FileSystem.list(folder.path) == ["manifest.json"])
        }
    }

    @Test func `a file that cannot be replaced keeps its content, and nothing stays beside it`() throws {
        let folder = try TemporaryDirectory()
        try FileSystem.createDirectory(folder.appending("manifest.json/in the way"))
        #expect(throws: SystemError.self) { try FileSystem.write([1], to: folder.appending("manifest.json")) }
        #expect(try FileSystem.list(folder.path) == ["manifest.json"])
        #expect(try FileSystem.list(folder.appending("manifest.json")) == ["in the way"])
    }

    @Test func `what a crash left beside a file does no harm`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("half", to: ".manifest.json.1.2")
        try FileSystem.write(Array("whole".utf8), to: folder.appending("manifest.json"))
        #expect(try text(folder.appending("manifest.json")) == "whole")
        #expect(try text(folder.appending(".manifest.json.1.2")) == "half")
    }

    @Test func `a write replaces a link and not what it leads to`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("precious", to: "target")
        #expect(symlink("target", folder.appending("link").string) == 0)
        try FileSystem.write(Array("new".utf8), to: folder.appending("link"))
        #expect(try text(folder.appending("target")) == "precious")
        #expect(try FileSystem.status(folder.appending("link"), followingLinks: false)?.kind == .file)
    }

    @Test func `a file over the limit is not read`() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("12345", to: "file")
        #expect(try FileSystem.read(path, limit: 5).count == 5)
        let failure = #expect(throws: SystemError.self) { try FileSystem.read(path, limit: 4) }
        #expect(failure?.errno == .fileTooLarge)
    }

    @Test func `a file of the kernel, which has no size, is read`() throws {
        #expect(try !FileSystem.read("/proc/self/status").isEmpty)
    }

    // MARK: Names

    @Test func `directories are made with their parents, also when they are there`() throws {
        let folder = try TemporaryDirectory()
        let deep = folder.appending("a/b/c")
        try FileSystem.createDirectory(deep)
        try FileSystem.createDirectory(deep)
        #expect(try FileSystem.status(deep)?.kind == .directory)
        try folder.write("x", to: "file")
        let failure = #expect(throws: SystemError.self) {
            try FileSystem.createDirectory(folder.appending("file"))
        }
        #expect(failure?.errno == .notDirectory)
        #expect(throws: SystemError.self) { try FileSystem.createDirectory(folder.appending("file/below")) }
    }

    @Test func `a status says what a name stands for`() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("12345", to: "file")
        #expect(symlink("file", folder.appending("link").string) == 0)
        #expect(symlink("nowhere", folder.appending("broken").string) == 0)
        #expect(mkfifo(folder.appending("pipe").string, 0o600) == 0)
        #expect(try FileSystem.status(path)?.kind == .file)
        #expect(try FileSystem.status(path)?.size == 5)
        #expect(try FileSystem.status(folder.path)?.kind == .directory)
        #expect(try FileSystem.status(folder.appending("link"))?.kind == .file)
        #expect(try FileSystem.status(folder.appending("link"), followingLinks: false)?.kind == .link)
        #expect(try FileSystem.status(folder.appending("broken")) == nil)
        #expect(try FileSystem.status(folder.appending("broken"), followingLinks: false)?.kind == .link)
        #expect(try FileSystem.status(folder.appending("pipe"))?.kind == .other)
        #expect(try FileSystem.status(folder.appending("file/below")) == nil)
        #expect(try FileSystem.status(folder.appending("missing")) == nil)
    }

    @Test func `a walk names every file, and links without following them`() throws {
        let folder = try TemporaryDirectory()
        for path in ["b", "a/z", "a/b/c", ".hidden"] { try folder.write(path, to: path) }
        #expect(symlink(".", folder.appending("a/loop").string) == 0)
        #expect(symlink("/etc", folder.appending("etc").string) == 0)
        try FileSystem.createDirectory(folder.appending("empty"))
        let found = try FileSystem.walk(folder.path)
        #expect(found.map(\.path) == [".hidden", "a/b/c", "a/loop", "a/z", "b", "etc"])
        #expect(found.filter { $0.status.kind == .link }.map(\.path) == ["a/loop", "etc"])
        #expect(try FileSystem.walk(folder.appending("missing")).isEmpty)
    }

    @Test func `what is removed is removed whole, and links lead nowhere`() throws {
        let folder = try TemporaryDirectory()
        let outside = try folder.write("precious", to: "outside/file")
        try folder.write("x", to: "tree/a/b/c")
        #expect(symlink("../outside", folder.appending("tree/link").string) == 0)
        try FileSystem.remove(folder.appending("tree"))
        #expect(try FileSystem.list(folder.path) == ["outside"])
        #expect(try text(outside) == "precious")
        #expect(symlink("outside", folder.appending("link").string) == 0)
        try FileSystem.remove(folder.appending("link"))
        #expect(FileSystem.exists(outside))
        try FileSystem.remove(folder.appending("missing"))
    }

    @Test func `only an empty directory is removed as one`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("x", to: "full/file")
        try FileSystem.createDirectory(folder.appending("empty"))
        #expect(!FileSystem.removeIfEmpty(folder.appending("full")))
        #expect(FileSystem.removeIfEmpty(folder.appending("empty")))
        #expect(!FileSystem.removeIfEmpty(folder.appending("missing")))
        #expect(try FileSystem.list(folder.path) == ["full"])
    }

    // MARK: Moves

    @Test func `two folders are exchanged in one step`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("one", to: "a/file")
        try folder.write("two", to: "b/file")
        try FileSystem.exchange(folder.appending("a"), folder.appending("b"))
        #expect(try text(folder.appending("a/file")) == "two")
        #expect(try text(folder.appending("b/file")) == "one")
        #expect(throws: SystemError.self) {
            try FileSystem.exchange(folder.appending("a"), folder.appending("missing"))
        }
        #expect(try text(folder.appending("a/file")) == "two")
    }

    @Test func `a move replaces, a link does not`() throws {
        let folder = try TemporaryDirectory()
        let one = try folder.write("one", to: "one")
        let two = try folder.write("two", to: "two")
        #expect(throws: SystemError.self) { try FileSystem.link(one, as: two) }
        try FileSystem.link(one, as: folder.appending("other"))
        #expect(try FileSystem.status(one)?.linkCount == 2)
        try FileSystem.rename(one, to: two)
        #expect(try text(two) == "one")
        #expect(try FileSystem.list(folder.path) == ["other", "two"])
    }

    @Test(arguments: [0, 1, 3_000_000])
    func `a copy has the content and no more`(size: Int64) throws {
        let folder = try TemporaryDirectory()
        let content = StubContent.generated(size: size)
        let path = try folder.write(content.all, to: "file")
        try FileSystem.copy(path, to: folder.appending("copy"))
        #expect(try FileSystem.read(folder.appending("copy")) == content.all)
        #expect(try FileSystem.status(path)?.linkCount == 1)
        #expect(throws: SystemError.self) { try FileSystem.copy(path, to: folder.appending("copy")) }
    }

    @Test(.enabled(if: FileSystem.exists("/dev/shm"), "there is no second filesystem"))
    func `a copy may go to another filesystem`() throws {
        let folder = try TemporaryDirectory()
        let other = try TemporaryDirectory(in: "/dev/shm")
        let content = StubContent.generated(size: 100_000)
        let path = try folder.write(content.all, to: "file")
        try FileSystem.copy(path, to: other.appending("copy"))
        #expect(try FileSystem.read(other.appending("copy")) == content.all)
    }
}
