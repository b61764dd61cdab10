import Catalog
import Docker
import Engines
import Host
public import Platform
import Store

/// The next smaller model than one that had not enough memory.
public struct SmallerModel: Sendable, Encodable {
    /// Its name.
    public let model: String
    /// The quantization.
    public let quant: String
    /// What its files take.
    public let sizeBytes: ByteCount
    /// What that is less than the model that failed.
    public let savedBytes: ByteCount
    /// Whether it is stored.
    public let stored: Bool
    /// `gpu`, `partial` or `cpu`: it fits; `unknown`: it is only known to be smaller.
    public let verdict: String
    /// What to type for it.
    public let command: String

    /// What it is, in words that follow the command.
    public var words: String {
        let less = "\(savedBytes) less"
        return verdict == MemoryFit.Verdict.unknown.rawValue
            ? "takes \(less)" : "takes \(less) and fits by the arithmetic"
    }
}

/// Finds what to serve where a model had not enough memory.
struct SmallerSearch: Sendable {
    let workspace: Workspace
    let stack: Stack
    let store: ModelStore

    /// The next smaller one, if it has room or if only its size is known.
    func find(than key: (model: String, format: String, quant: String), in container: Docker.Container?) async
        -> SmallerModel?
    {
        guard let catalog = try? workspace.catalog(), let all = try? store.models().models else { return nil }
        let stored = all.filter { $0.firstMissingFile == nil }.compactMap { model in
            ModelFormat(rawValue: model.key.format).map {
                SmallerForm.Stored(
                    model: model.key.model,
                    format: $0,
                    quant: model.key.quant,
                    size: model.manifest.size
                )
            }
        }
        guard
            let current = stored.first(where: {
                $0.model == key.model && $0.format.rawValue == key.format && $0.quant == key.quant
            })
        else { return nil }
        let host = await host(container)
        guard let found = SmallerForm(than: current, in: catalog, stored: stored, for: stack, on: host),
            let name = try? ModelReference(parsing: found.model)
        else { return nil }
        let quantization = stack.engine == .vllm ? nil : found.quantization
        let reference = ModelReference(name.source, quantization: quantization)
        return SmallerModel(
            model: found.model,
            quant: found.quantization.name,
            sizeBytes: found.size,
            savedBytes: found.saved,
            stored: found.isStored,
            verdict: found.verdict.rawValue,
            command: workspace.command(of: stack, "use", "\(reference)")
        )
    }

    /// The machine, as far as the container may use it.
    private func host(_ container: Docker.Container?) async -> HostProfile {
        let read = await HostProfile.read(environment: workspace.environment)
        var host = await ServedMemory(stack).released(on: read, in: workspace)
        if let limit = container?.resources.memory, limit > 0 {
            // The system's part is beside what a container is limited to.
            let most = ByteCount(limit) + HostProfile.leftToSystem
            host.memory.limit = min(host.memory.limit ?? most, most)
        }
        return host
    }
}
