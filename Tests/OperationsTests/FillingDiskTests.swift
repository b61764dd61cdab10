import Host
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// A disk that others fill while a large model comes over several connections.
struct FillingDiskTests {
    private static let mebibytes = 40
    /// Room for the model and the journals, and not for much else.
    private static let diskMebibytes = 56
    /// What a disk without a free block may cost: nobody could write down that it had come.
    private static let slack: Int64 = 8 << 20

    /// A home on a small disk with a hub whose lines are slow enough to do something meanwhile.
    private func home(on disk: FilePath, _ names: [String] = ["org/big"]) throws -> (TestHome, StubContent) {
        let contents = try names.indices.map { try largeGGUF(mebibytes: Self.mebibytes, seed: UInt64($0)) }
        let home = try TestHome(below: disk)
        for (name, content) in zip(names, contents) {
            home.hub.publish(StubRepository(name, files: ["m-Q4_K_M.gguf": content]))
        }
        home.hub.inject(StubFault(.cdn, .throttle(bytesPerSecond: 8_000_000), times: .max))
        return (home, contents[0])
    }

    /// Takes what the disk has free, but for so many bytes.
    private func fill(_ disk: FilePath, leaving rest: Int64 = 0) throws -> FilePath {
        let ballast = disk.appending("ballast")
        let file = try File(ballast, .create)
        let piece = [UInt8](repeating: 1, count: 64 << 10)
        var end: Int64 = 0
        do throws(SystemError) {
            while try DiskSpace(at: disk).available.bytes > rest {
                try file.write(piece.span.bytes, at: end)
                end += Int64(piece.count)
            }
        } catch { guard error.isNoSpace else { throw error } }
        return ballast
    }

    /// Pulls again, and fetches no more than what had not been told to be here.
    private func goOn(
        _ home: TestHome,
        _ content: StubContent,
        from bytes: ByteCount,
        slack: Int64 = Self.slack
    ) async throws {
        home.hub.forgetRequests()
        try await home.pull("org/big")
        #expect(home.hub.bytesServed(.cdn) <= content.size - bytes.bytes + slack)
        try checkWhole(home, content)
    }

    private func hasJournal(_ home: TestHome) -> Bool {
        let partials = home.volume().appending(".stackctl").appending("partial")
        let files = (try? FileSystem.walk(partials)) ?? []
        return files.contains { $0.path.hasSuffix("/recent.json") || $0.path.hasSuffix("/journal.json") }
    }

    private func checkWhole(_ home: TestHome, _ content: StubContent) throws {
        let path = home.volume().pushing("org--big/gguf/q4_k_m/m-Q4_K_M.gguf")
        #expect(try Digest.ofFile(path) == content.sha256)
        #expect(try home.partials().isEmpty)
        #expect(!home.hub.tokenSeenAtCDN)
    }

    @Test(.enabled(if: MountedFilesystem.isExpected, MountedFilesystem.reason))
    func `room that a pull has taken is not lost to others`() async throws {
        let disk = try MountedFilesystem(size: "\(Self.diskMebibytes)m")
        let (home, content) = try home(on: disk.path)
        let reports = Reports()
        async let pulled = home.pull("org/big", reports: reports)
        #expect(try await reports.waitUntil { $0.mostBytes > 0 })
        _ = try fill(disk.path, leaving: 1 << 20)
        #expect(try await pulled.files == 1)
        #expect(home.hub.bytesServed(.cdn) == content.size)
        try checkWhole(home, content)
    }

    @Test(.enabled(if: MountedFilesystem.isExpected, MountedFilesystem.reason))
    func `no space: of two models that fit only alone the second is refused before its first byte`()
        async throws
    {
        let disk = try MountedFilesystem(size: "\(Self.diskMebibytes)m")
        let (home, content) = try home(on: disk.path, ["org/big", "org/other"])
        let reports = Reports()
        async let pulled = home.pull("org/big", reports: reports)
        #expect(try await reports.waitUntil { $0.mostBytes > 0 })
        #expect(try await home.failedPull("org/other").kind == .noSpace)
        #expect(try await pulled.files == 1)
        #expect(home.hub.bytesServed(.cdn) == content.size)
        try checkWhole(home, content)
    }

    @Test(.enabled(if: MountedFilesystem.isExpected, MountedFilesystem.reason))
    func `a pull that was stopped goes on where there is room for it once`() async throws {
        let disk = try MountedFilesystem(size: "\(Self.diskMebibytes)m")
        let (home, content) = try home(on: disk.path)
        let reports = Reports()
        let pull = Task { try await home.pull("org/big", reports: reports) }
        #expect(try await reports.waitUntil { $0.mostBytes > 12_000_000 })
        pull.cancel()
        await #expect(throws: Failure.self) { try await pull.value }
        #expect(try home.partials().count == 1)
        try await goOn(home, content, from: reports.mostBytes, slack: 0)
    }

    @Test(.enabled(if: MountedFilesystem.isExpected, MountedFilesystem.reason))
    func `no space: where there is no block for the journal either, what has arrived is kept`() async throws {
        let disk = try MountedFilesystem(size: "\(Self.diskMebibytes)m")
        let (home, content) = try home(on: disk.path)
        let reports = Reports()
        let pull = Task { try await home.pull("org/big", reports: reports) }
        // On a busy machine much may have come before any of it was written down.
        #expect(try await reports.waitUntil { $0.mostBytes > 12_000_000 && hasJournal(home) })
        let ballast = try fill(disk.path)
        do { _ = try await pull.value } catch let failure as Failure { #expect(failure.kind == .noSpace) }
        try FileSystem.remove(ballast)
        try await goOn(home, content, from: reports.mostBytes)
    }

    @Test(
        .enabled(UnreservingFilesystem.reason) { await UnreservingFilesystem.isExpected() },
        arguments: [1, 20_000_000]
    )
    func `no space: where room cannot be taken, what has arrived is kept, and the pull goes on later`(
        bytes: Int64
    ) async throws {
        let disk = try await UnreservingFilesystem(megabytes: Self.diskMebibytes)
        let (home, content) = try home(on: disk.path)
        let reports = Reports()
        async let failed = home.failedPull("org/big", reports: reports)
        #expect(try await reports.waitUntil { $0.mostBytes >= ByteCount(bytes) })
        let ballast = try fill(disk.path)
        #expect(try await failed.kind == .noSpace)
        #expect(try home.visibleFiles().isEmpty)
        #expect(try home.partials().count == 1)

        try FileSystem.remove(ballast)
        try await goOn(home, content, from: reports.mostBytes)
    }
}
