import Console
import Operations
import Platform
import Synchronization

/// Lines of a log as objects, one a line.
final class LogLines: Sendable {
    private struct Line: Encodable {
        let stream: OutputStream
        let line: String
    }

    private let terminal: Terminal
    private let begun = Mutex<[OutputStream: [UInt8]]>([:])

    init(on terminal: Terminal) { self.terminal = terminal }

    /// Shows the lines that the next bytes complete.
    func show(_ stream: OutputStream, _ bytes: [UInt8]) throws {
        var lines: [[UInt8]] = []
        begun.withLock { begun in
            var parts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
            parts[0] = (begun[stream] ?? []) + parts[0]
            begun[stream] = parts.removeLast()
            lines = parts
        }
        for line in lines { try write(stream, line) }
    }

    /// Shows the lines that nothing has ended.
    func finish() throws {
        let rest = begun.withLock { $0 }
        for stream in OutputStream.allCases {
            if let line = rest[stream], !line.isEmpty { try write(stream, line) }
        }
    }

    private func write(_ stream: OutputStream, _ bytes: [UInt8]) throws {
        let text = String(decoding: bytes.last == 0x0D ? bytes.dropLast() : bytes[...], as: UTF8.self)
        try terminal.write(JSON.encodeLine(Line(stream: stream, line: text)) + [0x0A])
    }
}
