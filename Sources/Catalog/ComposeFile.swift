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

    /// The lines, from 1, that ask for GPUs in a service: its `devices`, with all around them that has nothing else; `nil`
    /// where it asks for none, or where a line or the list has something else besides.
    public func linesOfGPUs(in service: String) -> ClosedRange<Int>? {
        guard var node = services.first(where: { $0.name == service })?.value else { return nil }
        var lines: ClosedRange<Int>?
        for name in ["deploy", "resources", "reservations", "devices"] {
            guard let pairs = try? node.pairs(), let pair = pairs.first(where: { $0.name == name }) else {
                return nil
            }
            // What has nothing else goes with it; what is in braces has no lines of its own.
            if lines == nil || pairs.count > 1 {
                guard !node.isFlow else { return nil }
                lines = pair.key.line...max(pair.key.line, pair.value.lastLine)
            }
            node = pair.value
        }
        guard let devices = try? node.list(), !devices.isEmpty, devices.allSatisfy(Self.isGPU) else {
            return nil
        }
        return lines
    }

    private static func isGPU(_ device: YAMLNode) -> Bool {
        let capabilities = (try? device["capabilities"]?.words()) ?? []
        return capabilities.contains("gpu") || (try? device["driver"]?.word()) == "nvidia"
    }
}
