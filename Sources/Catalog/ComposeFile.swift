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

    /// What a service sees at a path of its container.
    public enum Mounted: Sendable, Equatable {
        /// What the image has there.
        case nothing
        /// A file or a folder of this machine.
        case file(FilePath)
        /// It takes Compose itself to tell.
        case unknown
    }

    /// What a service sees at a path, of a file that lies in `folder`.
    public func mounted(at target: String, in service: String, from folder: FilePath) -> Mounted {
        guard let node = services.first(where: { $0.name == service })?.value else { return .unknown }
        let isElsewhere = ["extends", "<<"].contains { node[$0] != nil } || root["include"] != nil
        if isElsewhere { return .unknown }
        var isUnknown = false
        for item in ((try? node["volumes"]?.list()) ?? []) + ((try? node["secrets"]?.list()) ?? []) {
            let (source, mountPoint) = mount(item)
            guard var place = mountPoint, !place.contains("$") else {
                isUnknown = true
                continue
            }
            while place.hasSuffix("/") { place.removeLast() }
            guard target == place || target.hasPrefix("\(place)/") else { continue }
            guard let source, !source.contains("$") else { return .unknown }
            return .file(
                folder.pushing(FilePath(source + target.dropFirst(place.count))).lexicallyNormalized()
            )
        }
        return isUnknown ? .unknown : .nothing
    }

    /// The two ends of a volume or a secret, in its long or its short form; no source where it is no path.
    private func mount(_ item: YAMLNode) -> (source: String?, target: String?) {
        guard let word = try? item.word() else {
            let source = try? item["source"]?.word()
            let target = try? item["target"]?.word()
            if let type = try? item["type"]?.word() { return (type == "bind" ? source : nil, target) }
            guard let source else { return (nil, target) }
            let place = target ?? source
            return (secret(source), place.hasPrefix("/") ? place : "\(Self.secrets)\(place)")
        }
        // A variable may have a colon before what stands for it.
        var depth = 0
        let plain = word.filter { character in
            if character == "{" { depth += 1 }
            defer { if character == "}" { depth -= 1 } }
            return depth == 0
        }
        let parts = plain.split(separator: ":", maxSplits: 2).map(String.init)
        guard parts.count > 1 else { return (secret(word), "\(Self.secrets)\(word)") }
        return (parts[0].hasPrefix(".") || parts[0].hasPrefix("/") ? parts[0] : nil, parts[1])
    }

    /// Where Compose puts secrets.
    private static let secrets = "/run/secrets/"

    /// The file of a secret, if it has one.
    private func secret(_ name: String) -> String? { try? root["secrets"]?[name]?["file"]?.word() }

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
