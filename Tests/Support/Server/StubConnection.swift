import Glibc
import Synchronization

/// One connection of a stub server.
public final class StubConnection: Sendable {
    private let socket: Socket
    private let number: Int
    private let core: StubServerCore
    private let received = Mutex<[UInt8]>([])

    init(socket: Socket, number: Int, core: StubServerCore) {
        self.socket = socket
        self.number = number
        self.core = core
    }

    // MARK: For a protocol that took over

    /// Sends bytes; `false` if the other side has gone.
    public func send(_ bytes: [UInt8]) -> Bool { socket.send(bytes) }

    /// Waits for bytes; empty when the other side has ended its direction.
    public func receive() -> [UInt8] {
        let early = received.withLock { received in
            defer { received = [] }
            return received
        }
        return early.isEmpty ? socket.receive() : early
    }

    /// Ends both directions, which wakes whoever waits for bytes.
    func end() { socket.shutDown() }

    // MARK: Requests

    func serve() {
        while !core.isStopped, let request = nextRequest() {
            core.log.withLock {
                $0.append(StubServer.Record(server: core.name, request: request, begun: .now))
            }
            let response = core.respond(request)
            let stays = answer(request, response)
            core.record(request.number) { $0.ended = .now }
            // A reset is what the close sends, unless an orderly end went before it.
            if !stays, response.trouble.resets { return }
            if !stays { break }
        }
        socket.shutDown()
    }

    private func nextRequest() -> StubRequest? {
        guard let head = takeLine(endingIn: "\r\n\r\n", most: 256 << 10) else { return nil }
        let lines = head.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return nil }
        let headers = StubHeaders(
            lines.dropFirst().compactMap { line in
                let pair = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard pair.count == 2 else { return nil }
                return (String(pair[0]), pair[1].drop { $0 == " " || $0 == "\t" }.description)
            }
        )
        guard let body = readBody(headers) else { return nil }
        return StubRequest(
            method: String(words[0]),
            target: String(words[1]),
            headers: headers,
            body: body,
            number: core.nextNumber(),
            connection: number
        )
    }

    private func readBody(_ headers: StubHeaders) -> [UInt8]? {
        if headers["expect"]?.lowercased() == "100-continue" {
            _ = socket.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
        if let length = headers["content-length"].flatMap({ Int($0) }) { return take(length) }
        guard headers["transfer-encoding"]?.lowercased() == "chunked" else { return [] }
        var body: [UInt8] = []
        while let line = takeLine(endingIn: "\r\n", most: 1024) {
            guard let size = Int(line.prefix { $0 != ";" }, radix: 16), let chunk = take(size) else {
                return nil
            }
            body += chunk
            guard takeLine(endingIn: "\r\n", most: 1024) != nil else { return nil }
            if size == 0 { return body }
        }
        return nil
    }

    private func takeLine(endingIn end: String, most: Int) -> String? {
        received.withLock { received in
            let end = Array(end.utf8)
            var searched = 0
            while true {
                if let place = received[searched...].firstIndex(of: end) {
                    defer { received.removeFirst(place + end.count) }
                    return String(decoding: received[..<place], as: UTF8.self)
                }
                searched = max(0, received.count - end.count + 1)
                let more = socket.receive()
                guard !more.isEmpty, received.count < most else { return nil }
                received += more
            }
        }
    }

    private func take(_ count: Int) -> [UInt8]? {
        guard (0...256 << 20).contains(count) else { return nil }
        return received.withLock { received in
            while received.count < count {
                let more = socket.receive()
                guard !more.isEmpty else { return nil }
                received += more
            }
            defer { received.removeFirst(count) }
            return Array(received.prefix(count))
        }
    }

    // MARK: Answers

    /// Sends an answer; tells whether the connection can take another request.
    private func answer(_ request: StubRequest, _ response: StubResponse) -> Bool {
        core.record(request.number) { $0.status = response.garbage == nil ? response.status : 0 }
        if response.status == 429 { core.state.withLock { $0.hasAskedForPause = true } }
        guard pause(response.trouble.delay) else { return false }
        if let garbage = response.garbage {
            _ = socket.send(garbage)
            return false
        }
        if response.trouble.resets { socket.resetOnClose() }
        let closing = response.framing == .close || request.headers["connection"]?.lowercased() == "close"
        let head = response.head(closing: closing)
        if let most = response.trouble.headBytes {
            _ = socket.send(Array(head.prefix(most)))
            return false
        }
        guard socket.send(head) else { return false }
        if let takeover = response.takeover {
            takeover(self)
            return false
        }
        guard request.method != "HEAD" else { return !closing }
        return sendBody(response, of: request) && !closing
    }

    private func sendBody(_ response: StubResponse, of request: StubRequest) -> Bool {
        let trouble = response.trouble
        let start = ContinuousClock.now
        var sent: Int64 = 0
        while sent < response.bodySize {
            if let most = trouble.dropAfter, sent >= most { return false }
            if let most = trouble.stallAfter, sent >= most { return stall() }
            let count = nextCount(response, sent: sent)
            var piece = response.content.read(at: (response.part?.lowerBound ?? 0) + sent, count: count)
            guard !piece.isEmpty else { return false }
            if let place = trouble.corruptByte.map({ $0 - sent }),
                piece.indices.contains(Int(clamping: place))
            {
                piece[Int(place)] ^= 0xFF
            }
            // Before they leave: whoever has received them must find them in the log.
            let after = sent + Int64(piece.count)
            core.record(request.number) { $0.bytesServed = after }
            guard socket.send(response.framing == .chunked ? chunk(piece) : piece) else {
                core.record(request.number) { [sent] in $0.bytesServed = sent }
                return false
            }
            sent = after
            if let rate = trouble.bytesPerSecond {
                let due = start + .nanoseconds(Int64(Double(sent) / Double(rate) * 1e9))
                guard pause(due - .now) else { return false }
            }
        }
        if let most = trouble.dropAfter, sent >= most { return false }
        if let most = trouble.stallAfter, sent >= most { return stall() }
        return response.framing != .chunked || socket.send(Array("0\r\n\r\n".utf8))
    }

    private func nextCount(_ response: StubResponse, sent: Int64) -> Int {
        var most = response.bodySize - sent
        for place in [response.trouble.dropAfter, response.trouble.stallAfter] {
            if let place { most = min(most, place - sent) }
        }
        // A slow line brings small pieces often, not a large one now and then.
        let piece = response.trouble.bytesPerSecond.map { max(1, min($0 / 50, 256 << 10)) } ?? 256 << 10
        return Int(min(most, piece))
    }

    private func chunk(_ piece: [UInt8]) -> [UInt8] {
        Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8)
    }

    /// Sends nothing more until the other side or the server gives up.
    private func stall() -> Bool {
        while !core.isStopped, !socket.isGone { usleep(10_000) }
        return false
    }

    /// Waits; `false` if the server stopped or the other side went meanwhile.
    private func pause(_ duration: Duration) -> Bool {
        let end = ContinuousClock.now + duration
        while !core.isStopped, !socket.isGone {
            let rest = end - .now
            guard rest > .zero else { return true }
            usleep(UInt32(min(rest, .milliseconds(10)) / .microseconds(1)))
        }
        return false
    }
}

extension [UInt8].SubSequence {
    /// Where `pattern` begins.
    fileprivate func firstIndex(of pattern: [UInt8]) -> Int? {
        guard let first = pattern.first else { return nil }
        var place = startIndex
        while place + pattern.count <= endIndex {
            if self[place] == first, self[place..<place + pattern.count].elementsEqual(pattern) {
                return place
            }
            place += 1
        }
        return nil
    }
}
