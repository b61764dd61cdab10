public import SystemPackage

/// What a stack's Compose file says of its services, as far as it says that without variables and other files.
public struct ComposeFile: Sendable {
    private let root: YAMLNode

    /// Reads a file; `nil` if there is none, or if it cannot be understood here: Compose itself says why.
    public init?(at path: FilePath) {
        guard let bytes = try? DeclaredFile.read(path),
            let root = try? YAMLParser.parse(bytes, file: path.string)
        else { return nil }
        self.root = root
    }

    private var services: [YAMLNode.Pair] { (try? root["services"]?.pairs()) ?? [] }

    /// The service that is a stack's own.
    public func service(of container: Stack.Container) -> String? {
        switch container {
        case .service(_, let service): services.contains { $0.name == service } ? service : nil
        case .named(let name):
            services.first { (try? $0.value["container_name"]?.word()) == name }?.name
        }
    }

    /// The lines, from 1, that ask for GPUs in a service: the whole of its `deploy`.
    public func linesOfGPUs(in service: String) -> ClosedRange<Int>? {
        guard let node = services.first(where: { $0.name == service })?.value,
            let deploy = (try? node.pairs())?.first(where: { $0.name == "deploy" }),
            let devices = deploy.value["resources"]?["reservations"]?["devices"],
            (try? devices.list())?.contains(where: Self.isGPU) == true
        else { return nil }
        return deploy.key.line...max(deploy.key.line, deploy.value.lastLine)
    }

    private static func isGPU(_ device: YAMLNode) -> Bool {
        let capabilities = (try? device["capabilities"]?.words()) ?? []
        return capabilities.contains("gpu") || (try? device["driver"]?.word()) == "nvidia"
    }
}
