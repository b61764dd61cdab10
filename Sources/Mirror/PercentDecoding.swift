extension StringProtocol {
    /// The text with `%XX` as what it stands for; `nil` if it stands for nothing or is not UTF-8.
    var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next()?.hexadecimalValue, let low = rest.next()?.hexadecimalValue else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The pairs of a query or of a form; what cannot be decoded is left out.
    var formPairs: [(name: String, value: String)] {
        split(separator: "&").compactMap { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                half in
                String(half.map { $0 == "+" ? " " : $0 }).percentDecoded
            }
            guard let name = halves.first ?? nil, let value = halves.count == 2 ? halves[1] : "" else {
                return nil
            }
            return (name, value)
        }
    }
}

extension UInt8 {
    fileprivate var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
