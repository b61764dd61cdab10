import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Transfer

struct ResumeTests {
    @Test(arguments: [1, 65_535, 65_536, 500_000, 999_999])
    func `a transfer goes on where the bytes of an earlier run end`(kept: Int) async throws {
        let delivery = try Delivery(.generated(size: 1_000_000))
        try delivery.leave(first: kept)
        #expect(try await delivery.receive().sha256 == delivery.content.sha256)
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.ranges == ["bytes=\(kept)-999999"])
        #expect(delivery.hub.bytesServed(.cdn) == Int64(1_000_000 - kept))
        #expect(delivery.events.resumedFrom == [Int64(kept)])
    }

    @Test func `a transfer fetches what is missing between what is here`() async throws {
        let delivery = try Delivery(.generated(size: 40_000_000))
        try delivery.leave([0..<9_000_001, 12_000_000..<12_000_001, 20_000_000..<39_000_000])
        try await delivery.receive()
        #expect(try delivery.isRight)
        let fetched = RangeSet(delivery.asked)
        #expect(
            Array(fetched.ranges) == [
                9_000_001..<12_000_000, 12_000_001..<20_000_000, 39_000_000..<40_000_000,
            ]
        )
        #expect(delivery.hub.bytesServed(.cdn) == 40_000_000 - 9_000_001 - 1 - 19_000_000)
    }

    @Test func `bytes that are all here are hashed and not fetched`() async throws {
        let delivery = try Delivery(.generated(size: 100_000))
        try delivery.leave(first: 100_000)
        #expect(try await delivery.receive().sha256 == delivery.content.sha256)
        #expect(delivery.hub.requests().isEmpty)
    }

    @Test func `bytes beyond the declared end are cut off`() async throws {
        let delivery = try Delivery(.generated(size: 100_000))
        try delivery.leave(delivery.content.all + [1, 2, 3])
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.hub.requests().isEmpty)
    }

    @Test func `a second run of the same transfer asks nobody and reads nothing`() async throws {
        let delivery = try Delivery(.generated(size: 100_000))
        let first = try await delivery.receive()
        delivery.hub.stop()
        let again = try await delivery.receive()
        #expect(again.sha256 == first.sha256)
        #expect(again.content == first.content)
        #expect(delivery.timesLocated == 1)
        #expect(delivery.events.resumedFrom == [100_000])
        #expect(delivery.events.finished.count == 2)
    }

    @Test func `a verified file that was cut since is completed`() async throws {
        let delivery = try Delivery(.generated(size: 100_000))
        try await delivery.receive()
        try File(delivery.data, .update).truncate(to: 60_000)
        delivery.hub.forgetRequests()
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.ranges == ["bytes=60000-99999"])
    }

    @Test func `bytes for another content are thrown away`() async throws {
        let other = try Delivery(.generated(size: 100_000, seed: 1))
        try await other.receive()
        let delivery = try Delivery(.generated(size: 100_000))
        try delivery.leave(other.content.read(at: 0, count: 70_000))
        try delivery.folder.write(FileSystem.read(other.journal), to: "journal.json")
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.ranges == ["bytes=0-99999"])
        #expect(delivery.events.refetchings == 0)
    }

    @Test(arguments: ["", "{", "null", #"{"content":7}"#])
    func `bytes without a journal that can be read are worth nothing`(text: String) async throws {
        let delivery = try Delivery(.generated(size: 100_000))
        try delivery.leave(first: 40_000)
        try delivery.folder.write(text, to: "journal.json")
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.hub.bytesServed(.cdn) == 100_000)
    }

    @Test(arguments: [
        "[[-5,40000]]", "[[40000,0]]", "[[0,100001]]", "[[0]]",
        "[[9223372036854775807,-9223372036854775808]]",
    ])
    func `runs of bytes that cannot be are worth nothing`(runs: String) async throws {
        let delivery = try Delivery(.generated(size: 100_000))
        try delivery.leave(first: 40_000)
        let text = String(decoding: try FileSystem.read(delivery.journal), as: UTF8.self)
        let journal = try #require(try? JSON.decode(Journal.self, from: Array(text.utf8)))
        try delivery.folder.write(
            #"{"content":["\#(journal.content[0])"],"size":100000,"done":\#(runs)}"#,
            to: "journal.json"
        )
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.hub.bytesServed(.cdn) == 100_000)
    }

    @Test func `what was written down last is believed until the machine starts again`() async throws {
        for boot in [Machine.bootID, "another"] {
            let delivery = try Delivery(.generated(size: 100_000))
            try delivery.leave(first: 40_000)
            var recent = Journal(delivery.file)
            recent.here = RangeSet(0..<40_000)
            try delivery.folder.write([], to: "journal.json")
            recent.boot = boot
            try delivery.folder.write(
                JSON.encodeLine(recent) + Array("\nrest of a longer line".utf8),
                to: "recent.json"
            )
            try await delivery.receive()
            #expect(try delivery.received == delivery.content.all)
            #expect(delivery.hub.bytesServed(.cdn) == (boot == Machine.bootID ? 60_000 : 100_000))
        }
    }

    @Test func `wrong bytes of an earlier run are noticed and fetched anew`() async throws {
        let delivery = try Delivery(.generated(size: 100_000))
        var bytes = delivery.content.read(at: 0, count: 50_000)
        bytes[17] ^= 1
        try delivery.leave(bytes)
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.events.refetchings == 1)
        #expect(delivery.ranges == ["bytes=50000-99999", "bytes=0-99999"])
    }

    @Test func `a cancelled transfer keeps its bytes and the next one fetches only the rest`() async throws {
        let delivery = try Delivery(
            .generated(size: 1_000_000),
            faults: [StubFault(.cdn, .stallAfter(600_000))]
        )
        let task = Task { try await delivery.receive() }
        #expect(try await delivery.waitForData(600_000))
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(try delivery.received == delivery.content.read(at: 0, count: 600_000))

        delivery.hub.forgetRequests()
        try await delivery.receive()
        #expect(try delivery.received == delivery.content.all)
        #expect(delivery.ranges == ["bytes=600000-999999"])
        #expect(delivery.hub.bytesServed(.cdn) == 400_000)
    }

    @Test func `a transfer that waits before it tries again can be cancelled`() async throws {
        let delivery = try Delivery(.generated(size: 1000), faults: [StubFault(.cdn, .status(503), times: 9)])
        let engine = delivery.engine(firstPause: .seconds(3600))
        let task = Task { try await engine.receive([delivery.file]) }
        #expect(try await delivery.hub.waitUntil(.cdn) { $0.contains { $0.status == 503 } })
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    @Test func `a transfer that was cancelled before it began asks nobody`() async throws {
        let delivery = try Delivery(.generated(size: 1000))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await delivery.receive()
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(delivery.hub.requests().isEmpty)
    }
}
