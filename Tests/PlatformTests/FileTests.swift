import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

struct FileTests {
    @Test func `what is written at a place is read there`() throws {
        let folder = try TemporaryDirectory()
        let file = try File(folder.appending("file"), .create)
        try file.write(Array("hello".utf8).span.bytes, at: 3)
        #expect(try file.read(at: 0, count: 100) == [0, 0, 0] + Array("hello".utf8))
        #expect(try file.read(at: 3, count: 2) == Array("he".utf8))
        #expect(try file.read(at: 8, count: 5).isEmpty)
        #expect(try file.read(at: 100, count: 5).isEmpty)
        #expect(try file.read(at: 0, count: 0).isEmpty)
        #expect(try file.status().size == 8)
    }

    @Test func `a file is cut, and lengthened with a hole`() throws {
        let folder = try TemporaryDirectory()
        let file = try File(folder.appending("file"), .update)
        let bytes: [UInt8] = [1, 2, 3]
        try file.write(bytes.span.bytes, at: 0)
        try file.truncate(to: 10_000_000)
        #expect(try file.status().size == 10_000_000)
        #expect(try file.read(at: 9_999_999, count: 5) == [0])
        try file.truncate(to: 2)
        #expect(try file.read(at: 0, count: 5) == [1, 2])
        try file.synchronize()
    }

    @Test(arguments: [(0, Int64.max, 12), (4, Int64.max, 8), (4, 5, 5), (0, 0, 0), (12, 5, 0), (100, 5, 0)])
    func `a file is handed out in pieces`(from: Int64, limit: Int64, count: Int64) throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("hello, world", to: "file")
        var pieces: [[UInt8]] = []
        let handedOut = try File(path, .read).forEachChunk(from: from, limit: limit, chunk: 5) { bytes in
            pieces.append(bytes.withUnsafeBytes { Array($0) })
        }
        #expect(handedOut == count)
        #expect(
            pieces.flatMap(\.self)
                == Array(Array("hello, world".utf8).dropFirst(Int(from)).prefix(Int(count)))
        )
        #expect(pieces.allSatisfy { 1...5 ~= $0.count })
    }

    @Test func `an update keeps what is there, a creation wants nothing there`() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("old", to: "file")
        #expect(try File(path, .update).read(at: 0, count: 9) == Array("old".utf8))
        let failure = #expect(throws: SystemError.self) { _ = try File(path, .create) }
        #expect(failure?.errno == .fileExists)
        #expect(failure?.path == path)
    }

    @Test(arguments: [File.Mode.update, .create])
    func `a link is not followed to write`(mode: File.Mode) throws {
        let folder = try TemporaryDirectory()
        let target = try folder.write("precious", to: "target")
        let link = folder.appending("link")
        #expect(symlink("target", link.string) == 0)
        #expect(throws: SystemError.self) { _ = try File(link, mode) }
        #expect(try FileSystem.read(target) == Array("precious".utf8))
        #expect(try File(link, .read).read(at: 0, count: 3) == Array("pre".utf8))
    }

    @Test func `a link to nowhere makes no file there`() throws {
        let folder = try TemporaryDirectory()
        #expect(symlink("elsewhere", folder.appending("link").string) == 0)
        #expect(throws: SystemError.self) { _ = try File(folder.appending("link"), .update) }
        #expect(!FileSystem.exists(folder.appending("elsewhere")))
    }

    @Test func `what cannot be opened is told with the reason`() throws {
        let folder = try TemporaryDirectory()
        let missing = #expect(throws: SystemError.self) { _ = try File(folder.appending("missing"), .read) }
        #expect(missing?.isNotFound == true)
        #expect(
            missing.map { "\($0)" } == "cannot open \(folder.appending("missing")): No such file or directory"
        )
        let directory = #expect(throws: SystemError.self) { _ = try FileSystem.read(folder.path) }
        #expect(directory?.errno == .isDirectory)
    }

    @Test func `no descriptor stays open`() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("x", to: "unmistakable")
        do { _ = try File(path, .read).read(at: 0, count: 1) }
        let open = try FileSystem.list("/proc/self/fd").compactMap { name -> String? in
            guard let target = realpath("/proc/self/fd/\(name)", nil) else { return nil }
            defer { free(target) }
            return String(cString: target)
        }
        #expect(!open.contains(path.string))
    }

}
