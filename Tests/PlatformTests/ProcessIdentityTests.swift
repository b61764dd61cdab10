import Glibc
import Platform
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
        for text in ["", "a/b/c", "a/b/c/d", "a/b/1/2/3"] { #expect(ProcessIdentity(text) == nil) }
    }
}
