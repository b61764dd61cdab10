public import Platform

/// What a container takes of its machine, at one moment.
public struct StatsSample: Sendable, Decodable {
    /// When it was looked.
    public let time: EngineTime
    /// The processor's time that it has had since it began, in nanoseconds.
    public let processorNanoseconds: UInt64
    /// The memory that it holds, without what the kernel keeps of files and could drop.
    public let memory: ByteCount
    /// What it may hold, or what the machine has.
    public let memoryLimit: ByteCount
    /// What it has received over networks of its own.
    public let received: ByteCount
    /// What it has sent over networks of its own.
    public let sent: ByteCount
    /// What it has read from disks.
    public let readFromDisk: ByteCount
    /// What it has written to disks.
    public let writtenToDisk: ByteCount
    /// How many processes and threads it has.
    public let processes: Int

    /// How many processors it has kept busy since an earlier sample; `nil` where that cannot be told.
    public func processors(since earlier: StatsSample) -> Double? {
        let time = (time - earlier.time) / .nanoseconds(1)
        guard time > 0, processorNanoseconds >= earlier.processorNanoseconds else { return nil }
        return Double(processorNanoseconds - earlier.processorNanoseconds) / time
    }

    /// Reads the engine's document; what an engine leaves out is nothing.
    public init(from decoder: any Decoder) throws {
        let document = try StatsDocument(from: decoder)
        time = document.read
        processorNanoseconds = document.processor?.usage?.total ?? 0
        let usage = document.memory?.usage ?? 0
        let details = document.memory?.details ?? [:]
        let files = details["total_inactive_file"] ?? details["inactive_file"] ?? 0
        memory = ByteCount(clamping: files < usage ? usage - files : usage)
        memoryLimit = ByteCount(clamping: document.memory?.limit ?? 0)
        let networks = (document.networks ?? [:]).values
        received = ByteCount(clamping: networks.map { $0.received ?? 0 }.total())
        sent = ByteCount(clamping: networks.map { $0.sent ?? 0 }.total())
        let disks = document.disks?.bytes ?? []
        func total(_ operation: String) -> ByteCount {
            ByteCount(
                clamping: disks.filter { $0.operation?.lowercased() == operation }.map { $0.value ?? 0 }
                    .total()
            )
        }
        readFromDisk = total("read")
        writtenToDisk = total("write")
        processes = Int(clamping: document.processes?.current ?? 0)
    }
}

/// The part of the engine's document that is read.
private struct StatsDocument: Decodable {
    struct Processor: Decodable {
        struct Usage: Decodable {
            let total: UInt64?
            enum CodingKeys: String, CodingKey { case total = "total_usage" }
        }
        let usage: Usage?
        enum CodingKeys: String, CodingKey { case usage = "cpu_usage" }
    }
    struct Memory: Decodable {
        let usage: UInt64?
        let limit: UInt64?
        let details: [String: UInt64]?
        enum CodingKeys: String, CodingKey { case usage, limit, details = "stats" }
    }
    struct Network: Decodable {
        let received: UInt64?
        let sent: UInt64?
        enum CodingKeys: String, CodingKey { case received = "rx_bytes", sent = "tx_bytes" }
    }
    struct Disks: Decodable {
        struct Entry: Decodable {
            let operation: String?
            let value: UInt64?
            enum CodingKeys: String, CodingKey { case operation = "op", value }
        }
        let bytes: [Entry]?
        enum CodingKeys: String, CodingKey { case bytes = "io_service_bytes_recursive" }
    }
    struct Processes: Decodable { let current: UInt64? }

    let read: EngineTime
    let processor: Processor?
    let memory: Memory?
    let networks: [String: Network]?
    let disks: Disks?
    let processes: Processes?

    enum CodingKeys: String, CodingKey {
        case read, processor = "cpu_stats", memory = "memory_stats", networks, disks = "blkio_stats"
        case processes = "pids_stats"
    }
}

extension Sequence<UInt64> {
    /// The sum, or the most that can be said.
    fileprivate func total() -> UInt64 {
        reduce(0) { sum, next in
            let (total, overflow) = sum.addingReportingOverflow(next)
            return overflow ? .max : total
        }
    }
}

extension ByteCount {
    fileprivate init(clamping value: UInt64) { self.init(Int64(clamping: value)) }
}
