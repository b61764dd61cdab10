public import Platform

/// The memory of the processors, and what of it may be used.
public struct Memory: Sendable, Equatable, Encodable {
    /// What the machine has.
    public var installed: ByteCount
    /// What the control group of this process may use, or one around it, whichever is least; `nil` if none is limited.
    ///
    /// A container that the Docker Engine starts is not in this group, unless the engine is.
    public var limit: ByteCount?
    /// What could be taken now without pushing anything else out; `nil` if the kernel does not say.
    public var available: ByteCount?
    /// The size of the swap space.
    public var swapTotal: ByteCount
    /// What of the swap space is not used.
    public var swapFree: ByteCount

    /// What this process may use at most: the machine's memory, or the limit if that is less.
    public var total: ByteCount { min(installed, limit ?? installed) }

    /// Describes a machine's memory.
    public init(
        total: ByteCount,
        available: ByteCount? = nil,
        limit: ByteCount? = nil,
        swapTotal: ByteCount = 0,
        swapFree: ByteCount = 0
    ) {
        installed = total
        self.available = available
        self.limit = limit
        self.swapTotal = swapTotal
        self.swapFree = swapFree
    }

    private enum CodingKeys: String, CodingKey {
        case installed = "installedBytes"
        case total = "totalBytes"
        case limit = "limitBytes"
        case available = "availableBytes"
        case swapTotal = "swapTotalBytes"
        case swapFree = "swapFreeBytes"
    }

    /// Writes all sizes in bytes, the total among them.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(installed, forKey: .installed)
        try container.encode(total, forKey: .total)
        try container.encodeIfPresent(limit, forKey: .limit)
        try container.encodeIfPresent(available, forKey: .available)
        try container.encode(swapTotal, forKey: .swapTotal)
        try container.encode(swapFree, forKey: .swapFree)
    }
}

extension Memory {
    init(_ files: KernelFiles) {
        let fields = files.fields("proc/meminfo", separator: ":")
        let group = ControlGroups(files).memory
        let free = Self.size(fields["MemAvailable"])
        self.init(
            total: Self.size(fields["MemTotal"]) ?? Machine.memory,
            available: [free, group?.available].compactMap(\.self).min(),
            limit: group?.limit,
            swapTotal: Self.size(fields["SwapTotal"]) ?? 0,
            swapFree: Self.size(fields["SwapFree"]) ?? 0
        )
    }

    /// Reads `16384 kB`, where the unit is 1024 bytes in spite of its name.
    private static func size(_ text: Substring?) -> ByteCount? {
        guard let words = text?.split(separator: " "), words.count == 2, words[1] == "kB",
            let number = Int64(words[0]), number >= 0
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1024)
        return overflow ? nil : ByteCount(bytes)
    }
}
