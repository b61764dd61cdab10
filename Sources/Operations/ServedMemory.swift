import Catalog
import Docker
import Host
import Platform
import SystemPackage

/// The memory of GPUs that a stack's own container has: whoever changes its model gets that back.
struct ServedMemory: Sendable {
    private let stack: Stack

    init(_ stack: Stack) { self.stack = stack }

    /// The machine with that memory counted as free; as it is, where the container cannot be asked after.
    func released(on host: HostProfile, in workspace: Workspace) async -> HostProfile {
        let held = host.gpus.contains { $0.processes?.isEmpty == false && $0.free != nil }
        guard held, let engine = try? workspace.engine(),
            let container = (try? await stack.findContainer(in: engine)) ?? nil,
            container.state.running
        else { return host }
        var host = host
        for index in host.gpus.indices {
            let own = (host.gpus[index].processes ?? []).filter {
                Self.group(of: $0.pid).contains(container.id)
            }
            let memory = own.compactMap(\.memory).total()
            host.gpus[index].free = host.gpus[index].free.map { min($0 + memory, host.gpus[index].vram) }
        }
        return host
    }

    /// The control groups of a process, by which engines tell their containers' processes.
    private static func group(of pid: Int32) -> String {
        guard let bytes = try? FileSystem.read(FilePath("/proc/\(pid)/cgroup"), limit: 100_000) else {
            return ""
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
