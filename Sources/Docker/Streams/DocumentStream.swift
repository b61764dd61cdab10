import Platform
import Synchronization
import Transport

/// Documents that the engine sends one by one, a line each.
///
/// It can be gone through once.
public final class DocumentStream<Document: Decodable & Sendable>: AsyncSequence, AsyncIteratorProtocol,
    Sendable
{
    /// What comes next.
    public typealias Element = Document
    /// What ends it early.
    public typealias Failure = DockerError

    private let lines = Mutex(LineSplitter(limit: 1 << 20))
    private let waiting = Mutex<[[UInt8]]>([])
    private let read: @Sendable () async throws(DockerError) -> [UInt8]?

    init(_ read: @escaping @Sendable () async throws(DockerError) -> [UInt8]?) { self.read = read }

    /// The next document; `nil` when the engine has no more.
    public func next() async throws(DockerError) -> Document? {
        while true {
            if let line = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
                if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { continue }
                do { return try JSON.decode(Document.self, from: line) } catch {
                    throw .malformedStream(.notADocument("\(error)"))
                }
            }
            guard let bytes = try await read() else {
                guard let rest = lines.withLock({ $0.finish() }) else { return nil }
                waiting.withLock { $0.append(rest) }
                continue
            }
            let (found, isTooLong) = lines.withLock { ($0.feed(bytes), $0.isTooLong) }
            if isTooLong { throw .malformedStream(.lineTooLong) }
            waiting.withLock { $0 += found }
        }
    }

    /// The next document, wherever it is asked for.
    public func next(isolation actor: isolated (any Actor)?) async throws(DockerError) -> Document? {
        try await next()
    }

    /// Itself.
    public func makeAsyncIterator() -> DocumentStream<Document> { self }
}

/// Takes bytes apart at the ends of lines.
public struct LineSplitter: Sendable {
    private let limit: Int
    private var begun: [UInt8] = []

    /// Starts with an empty line; one that grows beyond `limit` bytes is too long.
    public init(limit: Int) { self.limit = limit }

    /// Whether the line that has begun is too long to be one.
    public var isTooLong: Bool { begun.count > limit }

    /// The lines that the next bytes complete, without their ends.
    public mutating func feed(_ bytes: [UInt8]) -> [[UInt8]] {
        var parts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard let last = parts.popLast(), !parts.isEmpty else {
            begun += bytes
            return []
        }
        var lines = parts.map { Array($0) }
        lines[0] = begun + lines[0]
        begun = Array(last)
        return lines
    }

    /// The line that nothing has ended.
    public mutating func finish() -> [UInt8]? {
        defer { begun = [] }
        return begun.isEmpty ? nil : begun
    }
}
