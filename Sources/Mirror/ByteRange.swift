/// What a `Range` field asks for of a file.
enum ByteRange: Equatable {
    case whole
    case part(offset: Int64, length: Int64)
    case beyondTheEnd

    /// A field that is absent, of another unit, malformed or of several ranges means the whole, and so does any
    /// range of an empty file.
    init(field: String?, size: Int64) {
        self = .whole
        guard size > 0, let field, field.lowercased().hasPrefix("bytes=") else { return }
        let ends = field.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map {
            $0.filter { $0 != " " }
        }
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else {
            return
        }
        // A number that does not fit is in any case beyond the end.
        let (first, last) = (Int64(ends[0]) ?? .max, Int64(ends[1]) ?? .max)
        switch (ends[0].isEmpty, ends[1].isEmpty) {
        case (true, true): return
        case (true, false):
            self = last == 0 ? .beyondTheEnd : .part(offset: max(0, size - last), length: min(size, last))
        case (false, true):
            self = first < size ? .part(offset: first, length: size - first) : .beyondTheEnd
        case (false, false):
            guard first <= last else { return }
            self =
                first < size ? .part(offset: first, length: min(last, size - 1) - first + 1) : .beyondTheEnd
        }
    }
}
