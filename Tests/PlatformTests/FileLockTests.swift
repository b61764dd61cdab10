import Glibc
import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

struct FileLockTests {
    @Test func `a lock is held by one at a time`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.appending("lock")
        var first = try FileLock.attempt(path)
        #expect(first != nil)
        #expect(try FileLock.attempt(path) == nil)
        #expect(try FileLock.attempt(path, .shared) == nil)
        first = nil
        #expect(try FileLock.attempt(path) != nil)
    }

    @Test func `readers share a lock and keep writers out`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.appending("lock")
        var readers = [try FileLock.attempt(path, .shared), try FileLock.attempt(path, .shared)]
        #expect(readers.allSatisfy { $0 != nil })
        #expect(try FileLock.attempt(path) == nil)
        readers = []
        #expect(try FileLock.attempt(path) != nil)
    }

    @Test func `whoever waits gets the lock once it is free, and is told of the wait once`() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.appending("lock")
        var first = try FileLock.attempt(path)
        let told = Mutex(0)
        let second = Task { try await FileLock.acquire(path) { told.withLock { $0 += 1 } } }
        while told.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(2)) }
        #expect(first != nil)
        first = nil
        let lock = try await second.value
        #expect(try FileLock.attempt(path) == nil)
        #expect(told.withLock { $0 } == 1)
        withExtendedLifetime(lock) {}
    }

    @Test func `nobody waits for a free lock`() async throws {
        let folder = try TemporaryDirectory()
        _ = try await FileLock.acquire(folder.appending("lock")) { Issue.record("a wait") }
    }

    @Test func `whoever waits can be cancelled`() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.appending("lock")
        let first = try FileLock.attempt(path)
        let second = Task { try await FileLock.acquire(path) }
        second.cancel()
        await #expect(throws: CancellationError.self) { _ = try await second.value }
        withExtendedLifetime(first) {}
    }

    @Test func `a lock whose file was removed keeps nobody out of the new one`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.appending("lock")
        let old = try FileLock.attempt(path)
        try FileSystem.remove(path)
        let new = try FileLock.attempt(path)
        #expect(new != nil)
        #expect(try FileLock.attempt(path) == nil)
        withExtendedLifetime((old, new)) {}
    }

    @Test func `many who remove the file they hold are never two at once`() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.appending("lock")
        let inside = Mutex(0)
        let enter: @Sendable () -> Int = {
            inside.withLock { count in
                count += 1
                return count
            }
        }
        let work: @Sendable () throws -> Int = {
            var held = 0
            while held < 50 {
                guard let lock = try FileLock.attempt(path) else {
                    usleep(100)
                    continue
                }
                #expect(enter() == 1)
                inside.withLock { $0 -= 1 }
                try FileSystem.remove(path)
                withExtendedLifetime(lock) {}
                held += 1
            }
            return held
        }
        let held = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { try await blocking(work) } }
            return try await group.reduce(0, +)
        }
        #expect(held == 200)
    }

    @Test func `another process's lock counts, and ends with the process`() async throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("", to: "lock")
        let other = try BinaryRun("/usr/bin/flock", ["--no-fork", "-x", path.string, "cat"], input: nil)
        while try FileLock.attempt(path) != nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try FileLock.attempt(path) == nil)
        other.send(SIGKILL)
        _ = try await other.finish()
        #expect(try FileLock.attempt(path) != nil)
    }
}
