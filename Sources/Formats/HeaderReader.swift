import Platform
import SystemPackage

/// Reads the beginning of a file piece by piece, with every length checked against the size of the file.
struct HeaderReader {
    /// The size of the file.
    let fileSize: Int64
    /// Where the next byte comes from.
    private(set) var offset: Int64 = 0
    /// How integers are to be read.
    var byteOrder = ByteOrder.littleEndian

    /// Answers at least the first number of bytes at a place, and not many more than the second.
    private let fetch: @Sendable (Int64, Int, Int) throws(FormatError) -> [UInt8]
    /// Where the bytes at hand end.
    private let end: Int64
    private var window: [UInt8] = []
    private var windowStart: Int64 = 0

    /// Most headers fit into few of these; a vocabulary is walked through in some ten.
    private static let windowSize = 256 << 10

    init(opening path: FilePath) throws(FormatError) {
        do throws(SystemError) {
            let file = try File(path, .read)
            let status = try file.status()
            guard status.kind == .file else { throw SystemError(.isDirectory, operation: "read", path: path) }
            self.init(file, size: status.size.bytes)
        } catch {
            throw .system(error)
        }
    }

    private init(_ file: File, size: Int64) {
        fileSize = size
        end = size
        fetch = { (place, least, most) throws(FormatError) in
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try file.read(at: place, count: Int(min(Int64(max(least, most)), size - place)))
            } catch {
                throw .system(error)
            }
            guard bytes.count >= least else {
                throw .truncated(needed: place + Int64(least), actual: place + Int64(bytes.count))
            }
            return bytes
        }
    }

    init(prefix: [UInt8], fileSize: Int64) {
        self.fileSize = max(0, fileSize)
        end = min(self.fileSize, Int64(prefix.count))
        fetch = { (place, least, most) throws(FormatError) in
            guard place <= prefix.count, least <= prefix.count - Int(place) else {
                throw .incomplete(needed: place + Int64(least))
            }
            return Array(prefix[Int(place)...].prefix(max(least, most)))
        }
    }

    /// How many bytes follow.
    var remaining: Int64 { fileSize - offset }

    /// Reads an integer.
    mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) throws(FormatError)
        -> Integer
    {
        let start = try fill(Integer.bitWidth / 8)
        offset += Int64(Integer.bitWidth / 8)
        return window.integer(at: start, byteOrder)
    }

    /// Reads so many bytes.
    mutating func bytes(_ count: Int) throws(FormatError) -> [UInt8] {
        let start = try fill(count)
        offset += Int64(count)
        return Array(window[start..<start + count])
    }

    /// Passes over so many bytes.
    mutating func skip(_ count: UInt64) throws(FormatError) {
        guard count <= UInt64(remaining) else {
            let (needed, overflow) = UInt64(offset).addingReportingOverflow(count)
            throw .truncated(needed: overflow ? .max : Int64(clamping: needed), actual: fileSize)
        }
        // What is passed over belongs to the header too.
        guard offset + Int64(count) <= end else { throw .incomplete(needed: offset + Int64(count)) }
        offset += Int64(count)
    }

    /// Passes over so many texts, each with its length in so many bytes in front.
    mutating func skipTexts(_ count: Int, lengthBytes: Int) throws(FormatError) {
        for _ in 0..<count {
            try skip(lengthBytes == 4 ? UInt64(integer(UInt32.self)) : integer(UInt64.self))
        }
    }

    /// Refuses what is often found in the place of a model: a web page, a pointer of Git LFS.
    mutating func refuseOtherFiles() throws(FormatError) {
        let count = Int(min(64, remaining))
        let beginning = try fetch(0, min(count, 8), count)
        let text = String(decoding: beginning, as: UTF8.self).lowercased().drop {
            $0.isWhitespace || $0 == "\u{FEFF}"
        }
        if text.hasPrefix("<!doctype") || text.hasPrefix("<html") { throw .webPage }
        if text.hasPrefix("version https://git-lfs") { throw .pointerFile }
    }

    /// Makes the window hold the next `count` bytes; answers where in it they begin.
    private mutating func fill(_ count: Int) throws(FormatError) -> Int {
        guard Int64(count) <= remaining else {
            throw .truncated(needed: offset + Int64(count), actual: fileSize)
        }
        let start = offset - windowStart
        if start >= 0, start <= window.count, count <= window.count - Int(start) { return Int(start) }
        window = try fetch(offset, count, Self.windowSize)
        windowStart = offset
        return 0
    }
}
