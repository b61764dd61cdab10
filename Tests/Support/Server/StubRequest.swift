/// Names and values of a message's head, in the order they came.
public struct StubHeaders: Sendable, ExpressibleByDictionaryLiteral {
    /// The pairs.
    public var pairs: [(name: String, value: String)]

    /// Wraps pairs.
    public init(_ pairs: [(String, String)] = []) { self.pairs = pairs.map { (name: $0.0, value: $0.1) } }
    /// Wraps pairs written in place.
    public init(dictionaryLiteral elements: (String, String)...) { self.init(elements) }

    /// The first value of a name, whatever its case; setting replaces all of them.
    public subscript(_ name: String) -> String? {
        get { pairs.first { $0.name.lowercased() == name.lowercased() }?.value }
        set {
            pairs.removeAll { $0.name.lowercased() == name.lowercased() }
            if let newValue { pairs.append((name, newValue)) }
        }
    }
}

/// A request as it came over the wire.
public struct StubRequest: Sendable {
    /// The method, for example `GET`.
    public let method: String
    /// The path and query, undecoded.
    public let target: String
    /// The head's names and values.
    public let headers: StubHeaders
    /// The body.
    public let body: [UInt8]
    /// The number of the request at this server, from 0.
    public let number: Int
    /// The number of its connection at this server, from 0.
    public let connection: Int

    /// The target before the `?`, undecoded.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The path's parts, decoded.
    public var segments: [String] {
        path.split(separator: "/", omittingEmptySubsequences: true).map { percentDecoded($0) }
    }

    /// The query's names and values, decoded; of a repeated name the last.
    public var query: [String: String] {
        var found: [String: String] = [:]
        for pair in target.split(separator: "?", maxSplits: 1).dropFirst().joined().split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            found[percentDecoded(parts[0])] = parts.count == 2 ? percentDecoded(parts[1]) : ""
        }
        return found
    }

    /// The token of an `Authorization: Bearer …`.
    public var token: String? {
        guard let value = headers["authorization"], value.lowercased().hasPrefix("bearer ") else {
            return nil
        }
        return String(value.dropFirst(7))
    }

    /// The bytes that a single `Range` asks of a content of `size` bytes: `nil` without a usable header, empty if there
    /// are none.
    public func range(of size: Int64) -> Range<Int64>? {
        guard let value = headers["range"], value.hasPrefix("bytes="), !value.contains(",") else {
            return nil
        }
        let ends = value.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        if ends[0].isEmpty {
            guard let last = Int64(ends[1]), last >= 0 else { return nil }
            return max(0, size - last)..<size
        }
        guard let first = Int64(ends[0]), first >= 0 else { return nil }
        guard first < size else { return size..<size }
        guard !ends[1].isEmpty else { return first..<size }
        guard let last = Int64(ends[1]), last >= first else { return nil }
        return first..<(last < size ? last + 1 : size)
    }
}

/// Undoes percent-encoding; what is not a valid escape stays as it is.
func percentDecoded(_ text: some StringProtocol) -> String {
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
        if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
            let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
        {
            decoded.append(value)
            index += 3
        } else {
            decoded.append(bytes[index])
            index += 1
        }
    }
    return String(decoding: decoded, as: UTF8.self)
}
