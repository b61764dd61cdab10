import Host
import Platform

/// This machine, in the few words that a choice of a model needs.
public struct HostSummary: Sendable, Encodable {
    private let profile: HostProfile

    init(_ profile: HostProfile) { self.profile = profile }

    /// The processors' memory, for example `33 GB, 27 GB free`.
    public var memory: String {
        let memory = profile.memory
        return "\(memory.total)" + (memory.available.map { ", \($0) free" } ?? "")
    }

    /// A line for each GPU, for example `NVIDIA L4, 24 GB, 23 GB free`.
    public var gpus: [String] {
        profile.gpus.map { gpu in "\(gpu.name), \(gpu.vram)" + (gpu.free.map { ", \($0) free" } ?? "") }
    }

    /// Why there may be a GPU that is not listed.
    public var trouble: String? { profile.gpuTrouble.map { "\($0)" } }

    /// Writes all that is known of the machine.
    public func encode(to encoder: any Encoder) throws { try profile.encode(to: encoder) }
}
