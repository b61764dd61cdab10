/// Which of a process's two outputs something was written to.
public enum OutputKind: String, Sendable, CaseIterable, Encodable {
    /// stdout; on a terminal, all there is.
    case output = "stdout"
    /// stderr.
    case errors = "stderr"
}

/// Bytes that a process has written.
public struct OutputPiece: Sendable, Equatable {
    /// Where to.
    public let kind: OutputKind
    /// What.
    public let bytes: [UInt8]

    /// States what was written.
    public init(_ kind: OutputKind, _ bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }
}

/// Takes a stream apart that carries two outputs in frames: eight bytes that say which and how long, then the bytes.
///
/// What a frame claims to have is never waited for nor reserved: its bytes are handed on as they come.
struct FrameReader {
    /// Engines send some 32 kB at once; a header that claims more than this is no header.
    private static let longest: UInt32 = 64 << 20
    /// How the engine's own last words come.
    private static let engineKind: UInt8 = 3
    private static let mostWords = 4096

    private var header: [UInt8] = []
    private var kind: UInt8 = 0
    private var missing = 0
    private var words: [UInt8] = []

    /// Adds the pieces that are in the next bytes, also those before a mistake.
    mutating func feed(_ bytes: [UInt8], to pieces: inout [OutputPiece]) throws(DockerError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if missing == 0 {
                let part = rest.prefix(8 - header.count)
                header += part
                rest = rest.dropFirst(part.count)
                if header.count == 8 { try begin() }
                continue
            }
            let part = rest.prefix(missing)
            missing -= part.count
            rest = rest.dropFirst(part.count)
            if kind == Self.engineKind {
                words += part.prefix(Self.mostWords - words.count)
                if missing == 0 { throw .engine(status: 200, String(decoding: words, as: UTF8.self)) }
            } else {
                pieces.append(OutputPiece(kind == 2 ? .errors : .output, Array(part)))
            }
        }
    }

    /// Nothing more will come.
    func finish() throws(DockerError) {
        guard header.isEmpty, missing == 0 else { throw .malformedStream(.cutShort) }
    }

    private mutating func begin() throws(DockerError) {
        let length = header[4...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        kind = header[0]
        guard kind <= Self.engineKind else { throw .malformedStream(.unknownKind(kind)) }
        guard header[1...3].allSatisfy({ $0 == 0 }) else { throw .malformedStream(.dirtyHeader) }
        guard length <= Self.longest else { throw .malformedStream(.frameTooLong(length)) }
        missing = Int(length)
        header = []
    }
}
