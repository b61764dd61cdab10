/// A number of bytes.
public struct ByteCount: Sendable, Hashable, Comparable, ExpressibleByIntegerLiteral, CustomStringConvertible
{
    /// The number.
    public let bytes: Int64

    /// Wraps a number of bytes.
    public init(_ bytes: Int64) { self.bytes = bytes }
    /// Wraps a literal number of bytes.
    public init(integerLiteral value: Int64) { bytes = value }

    /// Reads `200GB`, `1.5T`, `40M`, `64MiB` or a plain number of bytes; units are powers of 1000, or of 1024 with `i`.
    public init?(parsing text: some StringProtocol) {
        let text = text.lowercased().filter { $0 != " " && $0 != "_" }
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        var unit = text.dropFirst(digits.count)
        if unit.last == "b" { unit.removeLast() }
        let base: Double = unit.last == "i" ? 1024 : 1000
        if unit.last == "i" { unit.removeLast() }
        guard let power = ["", "k", "m", "g", "t", "p"].firstIndex(of: String(unit)),
            let number = Double(digits), number.isFinite
        else { return nil }
        let value = (0..<power).reduce(number) { product, _ in product * base }
        guard value < Double(Int64.max) else { return nil }
        bytes = Int64(value)
    }

    /// Orders by number.
    public static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }
    /// Adds; a sum beyond 64 bits stays at the largest number, since sizes come from foreign manifests.
    public static func + (left: Self, right: Self) -> Self {
        let (sum, overflow) = left.bytes.addingReportingOverflow(right.bytes)
        return Self(overflow ? .max : sum)
    }
    /// Subtracts, within 64 bits.
    public static func - (left: Self, right: Self) -> Self {
        let (difference, overflow) = left.bytes.subtractingReportingOverflow(right.bytes)
        return Self(overflow ? (right.bytes < 0 ? .max : .min) : difference)
    }
    /// Multiplies, within 64 bits.
    public static func * (left: Self, right: Int) -> Self {
        let (product, overflow) = left.bytes.multipliedReportingOverflow(by: Int64(right))
        guard overflow else { return Self(product) }
        return Self((left.bytes < 0) == (right < 0) ? .max : .min)
    }
    /// Adds to.
    public static func += (left: inout Self, right: Self) { left = left + right }

    /// Shown in powers of 1000 with two significant places, for example `4.7 GB`, `512 B`.
    public var description: String {
        guard bytes >= 1000 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = 0
        while value >= 999.5, unit < 5 {
            value /= 1000
            unit += 1
        }
        let tenths = Int((value * 10).rounded())
        let number = tenths < 100 ? "\(tenths / 10).\(tenths % 10)" : "\(Int(value.rounded()))"
        return "\(number) \(["B", "kB", "MB", "GB", "TB", "PB"][unit])"
    }
}

extension ByteCount: Codable {
    /// Reads a plain integer.
    public init(from decoder: any Decoder) throws {
        bytes = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes a plain integer.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes)
    }
}

extension Sequence<ByteCount> {
    /// The sum.
    public func total() -> ByteCount { reduce(0, +) }
}
