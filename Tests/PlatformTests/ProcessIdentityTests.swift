import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

struct ProcessIdentityTests {
    @Test func `a process is known to have ended only where it could be seen`() async throws {
        let own = ProcessIdentity.own
        #expect(!own.hasEnded)
        #expect(ProcessIdentity(own.description) == own)
        let parts = own.description.split(separator: "/").map(String.init)
        #expect(parts.count == 4 && parts[2] == "\(getpid())")
        func changed(_ place: Int, _ text: String) -> ProcessIdentity? {
            var other = parts
            other[place] = text
            return ProcessIdentity(other.joined(separator: "/"))
        }
        // Its number was given to another one, or to none.
        #expect(changed(3, "1")?.hasEnded == true)
        #expect(changed(2, "4999999")?.hasEnded == true)
        // It may live elsewhere.
        #expect(changed(0, "other")?.hasEnded == false)
        #expect(changed(1, "4")?.hasEnded == false)
        #expect(changed(2, "99999999999")?.hasEnded == nil)
        for text in ["", "a/b/c", "a/b/c/d", "a/b/1/2/3"] { #expect(ProcessIdentity(text) == nil) }
    }

    @Test(.enabled(if: geteuid() == 0, "only the superuser can hide a process"))
    func `a process that is hidden has not ended`() async throws {
        let child = try ChildProcess("/bin/sh", ["-c", "exec sleep 600"], environment: .process)
        var parts = ProcessIdentity.own.description.split(separator: "/").map(String.init)
        parts[2] = "\(child.id)"
        let identity = try #require(ProcessIdentity(parts.joined(separator: "/")))
        // To be seen it must have begun when we did.
        #expect(identity.hasEnded)
        #expect(mount("tmpfs", "/proc/\(child.id)", "tmpfs", 0, "size=4k") == 0)
        #expect(!FileSystem.exists(FilePath("/proc/\(child.id)/stat")) && !identity.hasEnded)
        child.send(SIGKILL)
        _ = try await child.status()
        #expect(identity.hasEnded)
    }
}
