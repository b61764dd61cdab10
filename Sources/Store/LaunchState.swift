public import FoundationEssentials
public import Platform
public import SystemPackage

/// A launch of a stored model: which one it is, and the engine's command for it.
public struct ServedLaunch: Sendable, Codable, Equatable {
    /// The model's name in the store.
    public var model: String
    /// `gguf` or `safetensors`.
    public var format: String
    /// The quantization.
    public var quant: String
    /// What clients call the model.
    public var name: String
    /// The command as the container runs it.
    public var argv: [String]
    /// The variables that it needs.
    public var environment: [String: String]
    /// Variables whose values are secrets, and where these are.
    public var secrets: [String: String]?
    /// When it was chosen.
    public var chosenAt: Date

    /// States a launch.
    public init(
        _ key: ModelKey,
        name: String,
        argv: [String],
        environment: [String: String],
        secrets: [String: String] = [:],
        chosenAt: Date = .now
    ) {
        (model, format, quant) = (key.model, key.format, key.quant)
        self.name = name
        self.argv = argv
        self.environment = environment
        self.secrets = secrets.isEmpty ? nil : secrets
        // Whole seconds, which is what JSON keeps.
        self.chosenAt = Date(timeIntervalSince1970: chosenAt.timeIntervalSince1970.rounded(.down))
    }

    /// Whether both run the same command.
    public func isSameCommand(as other: ServedLaunch) -> Bool {
        argv == other.argv && environment == other.environment && secrets == other.secrets
    }

    /// For example `qwen2.5-coder:32b gguf q4_k_m`.
    public var shown: String { "\(model) \(format) \(quant)" }
}

/// What a stack serves, in one document, so that each step of a change is one rename: whatever kills the process, the
/// document says what last answered.
public struct LaunchState: Sendable, Codable, Equatable {
    /// The launch that last answered.
    public var active: ServedLaunch?
    /// The one that answered before it.
    public var previous: ServedLaunch?
    /// One that was begun and has not answered yet.
    public var attempt: ServedLaunch?

    /// Nothing yet.
    public init() {}

    /// Takes the attempt for what is served now.
    public mutating func commit() {
        guard let attempt else { return }
        // Another command for the same model is no other model to go back to.
        if let active,
            !(active.model == attempt.model && active.format == attempt.format
                && active.quant == attempt.quant)
        {
            previous = active
        }
        active = attempt
        self.attempt = nil
    }
}

extension ModelStore {
    /// Several stacks may share a volume.
    private func launchPath(_ stack: String) -> FilePath { layout.state.appending("launch.\(stack).json") }

    /// What the stack serves, as far as it was told.
    public func launchState(of stack: String) throws(StoreError) -> LaunchState {
        let path = launchPath(stack)
        guard FileSystem.exists(path) else { return LaunchState() }
        let bytes = try stored { () throws(SystemError) in try FileSystem.read(path, limit: 1_048_576) }
        do { return try JSON.decode(LaunchState.self, from: bytes) } catch {
            throw .malformedState(path, reason: "\(error)")
        }
    }

    /// Writes down what the stack serves.
    public func save(_ state: LaunchState, of stack: String) throws(StoreError) {
        guard let bytes = try? JSON.encode(state) else {
            preconditionFailure("a launch holds only what JSON can say")
        }
        try stored { () throws(SystemError) in
            try FileSystem.createDirectory(layout.state)
            try FileSystem.write(bytes, to: launchPath(stack), permissions: .ownerReadWrite)
        }
    }

    /// The right to change what the stack serves; `nil` while another process has it.
    public func lockLaunch(of stack: String) throws(StoreError) -> FileLock? {
        try stored { () throws(SystemError) in
            try FileSystem.createDirectory(layout.locks)
            // A model's lock has its folder's name, and none begins with a dot.
            return try FileLock.attempt(layout.locks.appending(".launch.\(stack).lock"))
        }
    }
}

/// The log of a run that failed.
public struct KeptLog: Sendable, Equatable {
    /// The most that are kept; the oldest go first.
    public static let most = 10

    /// Where it is.
    public let path: FilePath
    /// The time and the model, as in its name.
    public var name: String { path.lastComponent?.stem ?? path.string }
}

extension ModelStore {
    /// The logs of runs that failed, the newest first.
    public func keptLogs() -> [KeptLog] {
        ((try? FileSystem.list(layout.keptLogs)) ?? []).filter { $0.hasSuffix(".log") && !$0.hasPrefix(".") }
            .sorted(by: >).map { KeptLog(path: layout.keptLogs.appending($0)) }
    }

    /// Keeps the log of a failed run, behind lines that say what is known of it.
    public func keepLog(
        of launch: ServedLaunch,
        facts: [(name: String, value: String)],
        _ log: [UInt8]
    ) throws(StoreError) -> KeptLog {
        let now = Date.now.formatted(.iso8601)
        let stamp = now.filter { $0 != "-" && $0 != ":" }
        let name = "\(stamp)-\(ModelKey.directoryName(of: launch.model))"
        var path = layout.keptLogs.appending("\(name).log")
        // Two runs may fail within a second.
        for number in 2..<100 where FileSystem.exists(path) {
            path = layout.keptLogs.appending("\(name)-\(number).log")
        }
        var head: [(name: String, value: String)] = [("model", launch.model), ("format", launch.format)]
        head.append(("quant", launch.quant))
        head += facts
        var lines = ""
        for (name, value) in head {
            let line = value.split(whereSeparator: \.isNewline).joined(separator: " ")
            lines += "# \(name): \(line)\n"
        }
        try stored { () throws(SystemError) in
            try FileSystem.createDirectory(layout.keptLogs)
            try FileSystem.write(Array(lines.utf8) + log, to: path, permissions: .ownerReadWrite)
        }
        for old in keptLogs().dropFirst(KeptLog.most) { try? FileSystem.remove(old.path) }
        return KeptLog(path: path)
    }
}
