import Catalog
import SystemPackage

extension LaunchService {
    private typealias Pair = (name: String, value: YAMLBlock)

    /// A file for Docker Compose with one whole service.
    public var compose: String {
        var pairs: [Pair] = [
            ("name", .text(project)), ("services", .mapping([(service, .mapping(serviceParts))])),
        ]
        if !volumes.isEmpty { pairs.append(("volumes", .mapping(volumes))) }
        if let file = plan.keySource {
            let key: YAMLBlock = .mapping([("file", Self.literal(file))])
            pairs.append(("secrets", .mapping([(Self.keyName, key)])))
        }
        return YAMLBlock.document(pairs)
    }

    /// Compose puts it at `LaunchPlan.keyPath`.
    private static let keyName = "api-key"

    /// Text that Compose puts no variables into.
    private static func literal(_ text: String) -> YAMLBlock { .text(escaped(text)) }

    private static func escaped(_ text: String) -> String {
        text.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
    }

    private var project: String {
        switch stack.container {
        case .named(let name): ServiceName(name).text
        case .service(let project, _): project
        }
    }

    private var service: String {
        switch stack.container {
        case .named: ServiceName(stack.name).text
        case .service(_, let service): service
        }
    }

    private var serviceParts: [Pair] {
        var parts: [Pair] = [
            ("image", Self.literal(image))
        ]
        if case .named(let name) = stack.container { parts.append(("container_name", .text(name))) }
        parts += command
        let variables = environmentParts
        if !variables.isEmpty { parts.append(("environment", .mapping(variables))) }
        if plan.keySource != nil { parts.append(("secrets", .items([.text(Self.keyName)]))) }
        parts.append(("ports", .items([port])))
        if let gigabytes = sharedMemory { parts.append(("shm_size", .text("\(gigabytes)gb"))) }
        parts.append(("volumes", .items(mounts)))
        parts.append(("healthcheck", .mapping(healthCheck)))
        parts.append(("restart", .text("unless-stopped")))
        parts.append(("stop_grace_period", .text("30s")))
        return parts + gpus
    }

    // MARK: The command and its secrets

    /// The words; where the key is in a file and the engine reads none, a shell reads it first.
    private var command: [Pair] {
        guard plan.keySource != nil else { return [("command", words(arguments))] }
        guard plan.keyFile.isEmpty else { return [("command", words(arguments + plan.keyFile))] }
        let program = plan.argv.prefix(plan.programCount)
        let exports = plan.secrets.keys.sorted().map { variable in
            "\(variable)=$(cat \(LaunchPlan.keyPath)) && export \(variable)=\"${\(variable):?}\" && "
        }
        let script = exports.joined() + "exec \(program.joined(separator: " ")) \"$@\""
        return [("entrypoint", words(["/bin/sh", "-c", script, program[0]])), ("command", words(arguments))]
    }

    private func words(_ words: [String]) -> YAMLBlock { .items(words.map(Self.literal)) }

    private var environmentParts: [Pair] {
        var pairs: [Pair] = environment.map { ($0.name, Self.literal($0.value)) }
        for (variable, secret) in plan.secrets.sorted(by: { $0.key < $1.key }) {
            if case .variable(let name) = secret { pairs.append((variable, .text("${\(name):?}"))) }
        }
        return pairs
    }

    // MARK: What the container has of the machine

    private var port: YAMLBlock {
        .mapping([
            ("host_ip", .text(hostAddress)), ("target", .literal("\(stack.port)")),
            ("published", .text("\(stack.port)")),
        ])
    }

    /// The address to listen on: a name is no address, and what is not known to be one is not opened to the network.
    private var hostAddress: String {
        let host = stack.host.hasPrefix("[") ? String(stack.host.dropFirst().dropLast()) : stack.host
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isFour = parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
        let isSix = host.contains(":") && host.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        return isFour || isSix ? host : "127.0.0.1"
    }

    private var mounts: [YAMLBlock] {
        var mounts: [YAMLBlock] = []
        switch stack.models {
        case .folder(let path): mounts.append(Self.folder(path.string, at: stack.mount))
        case .dockerVolume(let name):
            mounts.append(Self.volume(name, at: stack.mount, isReadOnly: true))
        }
        if needsAdapters { mounts.append(Self.folder(stack.adapters.string, at: Stack.adapterMount)) }
        if let cache { mounts.append(Self.volume(cache.name, at: cache.path, isReadOnly: false)) }
        return mounts
    }

    private static func folder(_ path: String, at place: String) -> YAMLBlock {
        .mapping([
            ("type", .text("bind")), ("source", literal(path)), ("target", literal(place)),
            ("read_only", .literal("true")),
        ])
    }

    private static func volume(_ name: String, at place: String, isReadOnly: Bool) -> YAMLBlock {
        let parts: [Pair] = [("type", .text("volume")), ("source", .text(name)), ("target", literal(place))]
        return .mapping(parts + (isReadOnly ? [("read_only", .literal("true"))] : []))
    }

    private var volumes: [Pair] {
        var volumes: [Pair] = []
        if case .dockerVolume(let name) = stack.models {
            // It has the models already: Compose is not to make another one of its own.
            volumes.append((name, .mapping([("external", .literal("true"))])))
        }
        if let cache { volumes.append((cache.name, .literal("{}"))) }
        return volumes
    }

    private var healthCheck: [Pair] {
        let test = ["CMD", "curl", "-fsS", healthAddress]
        return [
            ("test", .sequence(test.map(Self.literal))), ("interval", .text("10s")), ("timeout", .text("5s")),
            ("retries", .literal("6")), ("start_period", .text("\(startPeriod)s")),
        ]
    }

    private var gpus: [Pair] {
        switch maker {
        case .none: return []
        case .amd:
            let groups: YAMLBlock = .items([.text("video"), .text("render")])
            return [("devices", .items([.text("/dev/kfd"), .text("/dev/dri")])), ("group_add", groups)]
        case .other: return [("devices", .items([.text("/dev/dri")]))]
        case .nvidia:
            // Never a count beside numbers: Docker refuses both.
            let which: Pair =
                switch plan.devices {
                case .all: ("count", .text("all"))
                case .count(let count): ("count", .literal("\(count)"))
                case .these(let numbers): ("device_ids", .sequence(numbers.map { .text("\($0)") }))
                }
            let device: YAMLBlock = .mapping([
                ("driver", .text("nvidia")), which, ("capabilities", .sequence([.text("gpu")])),
            ])
            let reserved: YAMLBlock = .mapping([("devices", .items([device]))])
            return [("deploy", .mapping([("resources", .mapping([("reservations", reserved)]))]))]
        }
    }
}
