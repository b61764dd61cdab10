import Glibc

/// The processors of a machine: what they can do, and how many of them may be used.
public struct Processor: Sendable, Equatable, Encodable {
    /// An extension of the instruction set that engines have their own code for.
    public enum Feature: String, Sendable, Encodable, CaseIterable, Comparable {
        /// x86-64: vectors of 256 bits.
        case avx, avx2, f16c, fma, bmi2
        /// x86-64: vectors of 512 bits.
        case avx512f, avx512bw, avx512vl
        /// x86-64: dot products of bytes, and of 16-bit floats.
        case avx512VNNI = "avx512_vnni"
        case avxVNNI = "avx_vnni"
        case avx512BF16 = "avx512_bf16"
        /// x86-64: tiles of bytes, and of 16-bit floats.
        case amxInt8 = "amx_int8"
        case amxBF16 = "amx_bf16"
        /// ARM: vectors of 128 bits, dot products, products of matrices of bytes, scalable vectors.
        case neon, fp16, dotprod, i8mm, bf16, sve, sve2, sme

        /// Orders by name.
        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// The processor's name, for example `AMD EPYC 7763 64-Core Processor`; `nil` if it has none, as most of ARM's.
    public var name: String?
    /// As `uname -m` has it, for example `x86_64` or `aarch64`.
    public var architecture: String
    /// How many packages there are; `nil` if the kernel does not say.
    public var sockets: Int?
    /// How many cores there are; `nil` if the kernel does not say.
    public var cores: Int?
    /// How many threads this process may use at once: those that it may run on, or what its control group allows.
    public var usableThreads: Int
    /// What the kernel offers of the extensions that matter.
    public var features: Set<Feature>

    /// Describes processors.
    public init(
        name: String? = nil,
        architecture: String = Self.architecture,
        sockets: Int? = nil,
        cores: Int? = nil,
        usableThreads: Int = 1,
        features: Set<Feature> = []
    ) {
        self.name = name
        self.architecture = architecture
        self.sockets = sockets
        self.cores = cores
        self.usableThreads = usableThreads
        self.features = features
    }

    private enum CodingKeys: String, CodingKey {
        case name, architecture, sockets, cores, usableThreads, features
    }

    /// Writes the features in the order of their names.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(name, forKey: .name)
        try container.encode(architecture, forKey: .architecture)
        try container.encodeIfPresent(sockets, forKey: .sockets)
        try container.encodeIfPresent(cores, forKey: .cores)
        try container.encode(usableThreads, forKey: .usableThreads)
        try container.encode(features.sorted(), forKey: .features)
    }

    /// The architecture that this program runs on.
    public static let architecture: String = {
        var names = utsname()
        guard uname(&names) == 0 else { return "unknown" }
        return withUnsafeBytes(of: names.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }()
}
