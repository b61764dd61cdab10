import Platform
import Synchronization

/// Where the bytes of a file go that are fetched.
final class ContentSink: Sendable {
    private let content: File
    /// Whether bytes are here already and only those that differ are written.
    private let isMending: Bool
    private let changed = Mutex(RangeSet<Int64>())

    init(_ content: File, isMending: Bool = false) {
        self.content = content
        self.isMending = isMending
    }

    /// The places whose bytes were other ones before.
    var mended: RangeSet<Int64> { changed.withLock { $0 } }

    /// Takes bytes that came; those that are here already stay as they are, for they have been hashed, or will be.
    func take(_ bytes: RawSpan, at place: Int64, outside here: RangeSet<Int64>) throws(SystemError) {
        let range = place..<place + Int64(bytes.byteCount)
        for new in RangeSet(range).subtracting(here.intersection(RangeSet(range))).ranges {
            try take(
                bytes.extracting(Int(new.lowerBound - place)..<Int(new.upperBound - place)),
                at: new.lowerBound
            )
        }
    }

    private func take(_ bytes: RawSpan, at place: Int64) throws(SystemError) {
        if isMending {
            guard try !content.has(bytes, at: place) else { return }
            changed.withLock { $0.insert(contentsOf: place..<place + Int64(bytes.byteCount)) }
        }
        try content.write(bytes, at: place)
    }
}
