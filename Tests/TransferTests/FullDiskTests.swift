import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing
import Transfer

/// A filesystem in memory of a given size, gone when the last reference goes.
private final class SmallDisk: Sendable {
    let folder: TemporaryDirectory

    init(megabytes: Int) throws {
        folder = try TemporaryDirectory()
        try attach(megabytes, flags: 0)
    }

    deinit { umount2(folder.path.string, Int32(MNT_DETACH)) }

    func grow(megabytes: Int) throws { try attach(megabytes, flags: UInt(MS_REMOUNT)) }

    private func attach(_ megabytes: Int, flags: UInt) throws {
        guard mount("tmpfs", folder.path.string, "tmpfs", flags, "size=\(megabytes)m") == 0 else {
            throw SystemError(Errno(rawValue: errno), operation: "mount a filesystem at", path: folder.path)
        }
    }

    /// Whether this process may make one; where all tests are wanted it must.
    static let isWanted = Environment.process["CI"] != nil || (try? SmallDisk(megabytes: 1)) != nil
}

@Suite(.enabled(if: SmallDisk.isWanted, "a filesystem of a given size can be mounted only by root"))
struct FullDiskTests {
    @Test func `a disk without room for the file is full before a byte is fetched`() async throws {
        let disk = try SmallDisk(megabytes: 1)
        let content = StubContent.generated(size: 3_000_000)
        let server = try StubServer { .serving(content, to: $0) }
        let part = RemotePart(size: 3_000_000, content: .sha256(content.sha256)) {
            RemoteAddress(url: "\(server.url)/file", headers: [])
        }
        let file = RemoteFile(name: "file", directory: disk.folder.path, parts: [part])
        let engine = TransferEngine(connections: 1) { _ in }
        do {
            _ = try await engine.receive([file])
            Issue.record("three megabytes went into one")
        } catch TransferError.system(let error) {
            #expect(error.isNoSpace)
        }
        #expect(server.requests.isEmpty)
        try disk.grow(megabytes: 8)
        #expect(try await engine.receive([file]).map(\.sha256) == [content.sha256])
    }

    @Test func `a disk without room for the journal is full too`() async throws {
        let disk = try SmallDisk(megabytes: 1)
        let filler = try File(disk.folder.appending("filler"), .create)
        let zeros = [UInt8](repeating: 1, count: 4096)
        var end: Int64 = 0
        do {
            while true {
                try filler.write(zeros.span.bytes, at: end)
                end += 4096
            }
        } catch { #expect(error.isNoSpace) }
        let part = RemotePart(size: 1, content: .sha256(Digest.of([1]))) {
            RemoteAddress(url: "http://127.0.0.1:9/never", headers: [])
        }
        let file = RemoteFile(name: "file", directory: disk.folder.path, parts: [part])
        do {
            _ = try await TransferEngine(connections: 1) { _ in }.receive([file])
            Issue.record("the journal went nowhere")
        } catch TransferError.system(let error) {
            #expect(error.isNoSpace)
        }
    }
}
