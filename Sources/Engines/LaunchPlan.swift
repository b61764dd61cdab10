public import Catalog

/// The command that serves a model, and under which name it is then found.
public struct LaunchPlan: Sendable, Equatable {
    /// Which GPUs an engine is to have.
    public enum Devices: Sendable, Equatable {
        /// All of the machine.
        case all
        /// So many, whichever they are.
        case count(Int)
        /// These.
        case these([Int])
    }

    /// The engine.
    public let engine: EngineName
    /// The command, its program first; where several machines serve the model, that of the first one.
    public let argv: [String]
    /// The variables that it needs, none of which is a secret.
    public let environment: [String: String]
    /// Variables whose values are secrets, and where these are: whoever runs the command puts them in.
    public let secrets: [String: SecretReference]
    /// The container's image, if the stack names one.
    public let image: String?
    /// The name that the engine gives the model; mistral.rs has no names and takes the path.
    public let model: String
    /// The GPUs.
    public let devices: Devices
    /// What is set and the engine has no word for, so that it comes to nothing.
    public let unused: [Setting]
    /// What is set and comes to nothing because `extra` has words in its place.
    public let replaced: [Setting]
    /// The commands of several machines that serve the model together, the first one's first; none where one does it alone.
    public let nodes: [LaunchNode]
    /// The words that tell llama.cpp where it sees the file with the key, which `argv` ends in.
    let keyFile: [String]

    /// The part of the command that the image's entry point does not already have.
    public var containerCommand: [String] { Array(argv.dropFirst(programCount)) }
    /// These words without the file that the key is in.
    var keylessArguments: [String] { Array(containerCommand.dropLast(keyFile.count)) }
    /// How many words are the program.
    var programCount: Int { engine == .vllm ? 2 : 1 }
    /// The secrets that go into the command's environment, as its container sees them; llama.cpp reads a file by itself.
    public var environmentSecrets: [String: SecretReference] {
        guard keyFile.isEmpty else { return [:] }
        return secrets.mapValues { secret in
            if case .file = secret { .file(Self.keyPath) } else { secret }
        }
    }
    /// The file of this machine that the key is in, if a file has it: the container is to see it at `keyPath`.
    public var keySource: String? {
        for case .file(let path) in secrets.values { return path }
        return nil
    }
    /// Where a container sees the file with the key: where Compose puts a secret of this name.
    public static let keyPath = "/run/secrets/api-key"

    /// Decides on the command, or refuses what the engine would refuse.
    public init(_ request: LaunchRequest) throws(LaunchRefusal) {
        let engine = request.stack.engine
        if let alone = request.loneNode { throw .oneMachine(alone) }
        let present = Set(request.adapters.map(\.name))
        let declared = request.settings.adapters
        if let lost = declared.first(where: { !present.contains($0.name) }) {
            throw .missingAdapter(lost.name)
        }
        let (command, words) = try request.command()
        let secrets = request.secrets
        self.engine = engine
        self.secrets = secrets
        keyFile = request.keyFile
        devices = request.devices
        environment = command.environment.merging(request.deviceVariables) { own, _ in own }
        nodes = LaunchNode.all(request, words + request.keyFile, environment)
        argv = nodes.first?.argv ?? words + request.keyFile
        image = request.stack.image
        model = command.model
        unused = request.foreign + command.unused
        replaced = request.replacedByExtra
    }

    /// Two plans are equal if they come to the same command.
    public static func == (left: LaunchPlan, right: LaunchPlan) -> Bool {
        left.engine == right.engine && left.argv == right.argv && left.environment == right.environment
            && left.secrets == right.secrets && left.image == right.image && left.model == right.model
            && left.devices == right.devices && left.nodes == right.nodes
            && left.unused.map(\.name) == right.unused.map(\.name)
    }
}

/// What one of several machines that serve a model together is to run.
public struct LaunchNode: Sendable, Equatable {
    /// The machine's address.
    public let address: String
    /// The command, its program first.
    public let argv: [String]
    /// The variables that it needs.
    public let environment: [String: String]
}

extension LaunchNode {
    /// The commands of all machines, if there are several.
    fileprivate static func all(
        _ request: LaunchRequest,
        _ argv: [String],
        _ environment: [String: String]
    ) -> [LaunchNode] {
        let nodes = request.nodes
        return nodes.enumerated().map { rank, address in
            switch request.stack.engine {
            case .vllm:
                let place = [
                    "--nnodes", "\(nodes.count)", "--node-rank", "\(rank)", "--master-addr", nodes[0],
                ]
                return LaunchNode(
                    address: address,
                    argv: argv + place + (rank > 0 ? ["--headless"] : []),
                    environment: environment.merging(["VLLM_HOST_IP": address]) { own, _ in own }
                )
            case .llamacpp where rank > 0:
                // It asks nobody for a key: only the address that the first machine calls is to answer.
                let port = "\(LaunchCommand.lendingPort)"
                return LaunchNode(
                    address: address,
                    argv: ["ggml-rpc-server", "--host", address, "--port", port],
                    environment: request.deviceVariables
                )
            case .llamacpp, .mistralrs:
                return LaunchNode(address: address, argv: argv, environment: environment)
            }
        }
    }
}

extension LaunchRequest {
    /// Where the key of the engine is.
    fileprivate var secrets: [String: SecretReference] {
        guard let key = settings[SettingKey<SecretReference>.apiKey] else { return [:] }
        return [stack.engine == .vllm ? "VLLM_API_KEY" : "LLAMA_API_KEY": key]
    }

    /// What tells llama.cpp the file that the key is in.
    fileprivate var keyFile: [String] {
        guard stack.engine == .llamacpp, case .file? = settings[SettingKey<SecretReference>.apiKey]
        else { return [] }
        return ["--api-key-file", LaunchPlan.keyPath]
    }

    /// Which GPUs the engine is to have.
    fileprivate var devices: LaunchPlan.Devices {
        let told = settings[SettingKey<[Int]>.devices]
        let wanted = GPUCount(stack, settings)
        switch stack.engine {
        case .llamacpp: return told.map { .these($0) } ?? .all
        case .vllm: return told.map { .these($0) } ?? .count(max(1, wanted.total / max(1, nodes.count)))
        case .mistralrs:
            // It divides a model over all that it sees.
            if let told { return .these(Array(told.prefix(wanted.told ?? told.count))) }
            return .count(wanted.told ?? 1)
        }
    }

    /// The variables that show the engine the GPUs that it is to have.
    fileprivate var deviceVariables: [String: String] {
        let shown: [Int]
        switch devices {
        case .these(let numbers): shown = numbers
        case .count(let count) where stack.engine == .mistralrs && settings[SettingKey.tensorParallel] != nil:
            shown = Array(0..<count)
        case .count, .all: return [:]
        }
        // CUDA counts the fastest first unless it is told to count as `nvidia-smi` does.
        return [
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
            "CUDA_VISIBLE_DEVICES": shown.map(String.init).joined(separator: ","),
        ]
    }

    /// What is set for other engines only.
    fileprivate var foreign: [Setting] {
        ModelConfig.table.filter {
            settings[$0] != nil && !$0.engines.contains(stack.engine) && !$0.path.hasPrefix("extra.")
        }
    }
}
