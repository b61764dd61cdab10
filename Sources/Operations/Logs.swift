import Catalog
import Docker
import FoundationEssentials
import Platform

/// From when on a log is wanted.
public struct LogStart: Sendable, Equatable {
    private enum Kind: Equatable {
        case ago(Duration)
        case at(EngineTime)
    }
    private let kind: Kind

    /// Reads `10m`, `1h30m`, `2d`; a time such as `2026-11-21T12:00:00Z`, a day, or seconds since 1970.
    public init?(parsing text: String) {
        if let span = Duration(parsing: text) {
            kind = .ago(span)
        } else if let time = EngineTime(text) ?? EngineTime("\(text)T00:00:00Z") ?? EngineTime("\(text)Z") {
            kind = .at(time)
        } else if let seconds = Int64(text), seconds >= 0 {
            kind = .at(EngineTime(seconds: seconds))
        } else {
            return nil
        }
    }

    /// The moment, as seen from `now`, in seconds since 1970.
    func time(now: Int64) -> EngineTime {
        switch kind {
        case .at(let time): time
        case .ago(let span): EngineTime(seconds: now - span.components.seconds)
        }
    }
}

/// Where a container's process has written something.
public enum OutputStream: String, Sendable, CaseIterable, Encodable {
    /// To its stdout, or to its terminal.
    case output = "stdout"
    /// To its stderr.
    case errors = "stderr"

    init(_ kind: OutputKind) { self = kind == .errors ? .errors : .output }
}

/// Shows what a stack's container writes.
public struct Logs: Sendable {
    private let selection: LogSelection
    private let start: LogStart?

    /// Describes which part is wanted.
    public init(
        follows: Bool = false,
        tail: Int? = nil,
        since start: LogStart? = nil,
        hasTimestamps: Bool = false
    ) {
        selection = LogSelection(follows: follows, tail: tail, hasTimestamps: hasTimestamps)
        self.start = start
    }

    /// Hands on what was written, as it comes, until the log or the container ends.
    public func run(
        in workspace: Workspace,
        write: @Sendable (OutputStream, [UInt8]) async throws -> Void
    ) async throws(Failure) {
        let stack = try workspace.stack()
        let engine = try workspace.engine()
        let container = try await stack.ownContainer(in: engine)
        var selection = selection
        selection.since = start?.time(now: Int64(Date().timeIntervalSince1970))
        do {
            let output = try await engine.logs(of: container, selection)
            while let piece = try await output.next() {
                try await write(OutputStream(piece.kind), piece.bytes)
            }
        } catch { throw Failure(error) }
    }
}
