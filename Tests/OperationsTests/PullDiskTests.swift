import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// A disk that is full, fills up, or may not be written to.
struct PullDiskTests {
    /// A hub that lists one file larger than any disk.
    private func hugeRepository() throws -> TestHome {
        let home = try TestHome(StubRepository("org/huge", files: ["huge-Q4_K_M.gguf": try smallGGUF()]))
        let digest = String(repeating: "ab", count: 32)
        let entry =
            #"[{"type":"file","path":"huge-Q4_K_M.gguf","oid":"\#(digest.prefix(40))","size":4000000000000000000,"#
            + #""lfs":{"oid":"\#(digest)","size":4000000000000000000,"pointerSize":134}}]"#
        home.hub.inject(StubFault(.hub, .answer(.json(entry)), path: "/tree/"))
        let head: StubHeaders = [
            "Location": "http://127.0.0.1:1/huge", "X-Linked-ETag": "\"\(digest)\"",
            "X-Linked-Size": "4000000000000000000",
        ]
        home.hub.inject(StubFault(.hub, .answer(StubResponse(302, headers: head)), method: "HEAD"))
        return home
    }

    @Test func `no space: it is refused before the first byte, with the sum`() async throws {
        let home = try hugeRepository()
        let failure = try await home.failedPull("org/huge")
        #expect(failure.kind == .noSpace)
        #expect(failure.message.hasPrefix("`org/huge` needs 4000 PB more, and "))
        #expect(failure.hint?.contains("`stackctl df`") == true)
        #expect(home.hub.requests(.cdn).isEmpty)
        #expect(try home.visibleFiles().isEmpty)
        #expect(try home.partials().isEmpty)
    }

    @Test func `no space: the plan of a dry run says it and does not fail`() async throws {
        let home = try hugeRepository()
        let plan = try await Pull(try home.reference("org/huge")).plan(in: home.workspace()) { _ in }
        #expect(plan.missing == 4_000_000_000_000_000_000)
        #expect(plan.missing > plan.freeBytes)
    }

    @Test(.enabled(if: MountedFilesystem.isExpected, MountedFilesystem.reason))
    func `no space: the volume's own filesystem counts, and not the home's`() async throws {
        let disk = try MountedFilesystem(size: "4m")
        let home = try TestHome(
            StubRepository("org/big", files: ["m-Q4_K_M.gguf": try largeGGUF(mebibytes: 8)])
        )
        try FileSystem.createDirectory(home.volume().removingLastComponent())
        try home.directory.write(
            "engine: llamacpp\nmodels: \(disk.path)\n",
            to: "home/stacks/llamacpp/stack.yaml"
        )
        let failure = try await home.failedPull("org/big")
        #expect(failure.kind == .noSpace)
        #expect(failure.message.hasSuffix(" has 4.2 MB free"))
        #expect(home.hub.bytesServed(.cdn) == 0)
        #expect(try FileSystem.walk(disk.path).allSatisfy { $0.path.hasSuffix(".lock") })
    }

    @Test(.enabled(if: MountedFilesystem.isExpected, MountedFilesystem.reason))
    func `volume not writable: access is refused, and what to check is said`() async throws {
        let disk = try MountedFilesystem(size: "4m")
        let home = try TestHome(
            StubRepository("org/tiny", files: ["m-Q4_K_M.gguf": try smallGGUF()]),
            below: disk.path
        )
        try FileSystem.createDirectory(home.volume())
        try disk.makeReadOnly()
        let failure = try await home.failedPull("org/tiny")
        #expect(failure.kind == .refused)
        #expect(failure.message.contains("Read-only file system"))
        #expect(failure.hint?.contains("mounted read-only") == true)
        #expect(home.hub.bytesServed(.cdn) == 0)
    }
}
