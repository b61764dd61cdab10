public import Platform

/// A GPU that a model can be put on.
public struct GPU: Sendable, Equatable, Encodable {
    /// Who makes it.
    public enum Vendor: String, Sendable, Encodable, CaseIterable {
        /// Programmed with CUDA.
        case nvidia
        /// Programmed with ROCm.
        case amd
    }

    /// Its number among those of its vendor, as the vendor's tools count.
    public var index: Int
    /// Tells it from every other GPU, for example `GPU-5d7b…`; `nil` if it has no such name.
    public var uuid: String?
    /// The product's name, for example `NVIDIA GeForce RTX 4090`.
    public var name: String
    /// Who makes it.
    public var vendor: Vendor
    /// The memory that it can address: its own, or the machine's if that `isUnified`.
    public var vram: ByteCount
    /// What of it is not used; `nil` if not known.
    public var free: ByteCount?
    /// Whether its memory is the machine's: what the processors use, it cannot have.
    public var isUnified: Bool
    /// Whether it is divided into instances (MIG), each of which has a part of the memory and no program can use more.
    public var isPartitioned: Bool
    /// What NVIDIA's GPU can compute, for example 8.9; `nil` if not known.
    public var computeCapability: ShortVersion?
    /// The programs that compute on it; `nil` if not known.
    public var processes: [GPUProcess]?

    /// Describes a GPU.
    public init(
        index: Int = 0,
        uuid: String? = nil,
        name: String = "GPU",
        vendor: Vendor = .nvidia,
        vram: ByteCount,
        free: ByteCount? = nil,
        isUnified: Bool = false,
        isPartitioned: Bool = false,
        computeCapability: ShortVersion? = nil,
        processes: [GPUProcess]? = nil
    ) {
        self.index = index
        self.uuid = uuid
        self.name = name
        self.vendor = vendor
        self.vram = vram
        self.free = free
        self.isUnified = isUnified
        self.isPartitioned = isPartitioned
        self.computeCapability = computeCapability
        self.processes = processes
    }

    private enum CodingKeys: String, CodingKey {
        case index, uuid, name, vendor
        case vram = "vramBytes"
        case free = "freeBytes"
        case isUnified = "unified"
        case isPartitioned = "partitioned"
        case computeCapability, processes
    }
}

/// A program that computes on a GPU.
public struct GPUProcess: Sendable, Equatable, Encodable {
    /// Its number; of a program in a container, the number outside.
    public var pid: Int32
    /// What the driver calls it: mostly the path of its executable; `nil` if it does not say.
    public var name: String?
    /// What it has of the GPU's memory; `nil` if the driver does not say.
    public var memory: ByteCount?

    /// Describes a program.
    public init(pid: Int32, name: String?, memory: ByteCount?) {
        self.pid = pid
        self.name = name
        self.memory = memory
    }

    private enum CodingKeys: String, CodingKey {
        case pid, name
        case memory = "memoryBytes"
    }
}

/// NVIDIA's driver.
public struct GPUDriver: Sendable, Equatable, Encodable {
    /// Its version, for example `570.133.07`.
    public var version: String
    /// The newest CUDA that it can run; `nil` if it does not say.
    public var cuda: ShortVersion?

    /// Describes a driver.
    public init(version: String, cuda: ShortVersion? = nil) {
        self.version = version
        self.cuda = cuda
    }
}

/// A version of two numbers, such as CUDA's 12.8 or the compute capability 8.9.
public struct ShortVersion: Sendable, Hashable, Comparable, Encodable, CustomStringConvertible {
    /// The number before the dot.
    public var major: Int
    /// The number after the dot.
    public var minor: Int

    /// Puts two numbers together.
    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `12.8`; of a longer version the first two numbers.
    public init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1]), major >= 0, minor >= 0
        else { return nil }
        self.init(major, minor)
    }

    /// Orders by the first number, then by the second.
    public static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// For example `12.8`.
    public var description: String { "\(major).\(minor)" }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
