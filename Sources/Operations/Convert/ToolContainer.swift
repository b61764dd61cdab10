import Docker
import Platform
import SystemPackage

/// One of an engine's own programs, run to its end in a container that nothing else uses and that is gone afterwards.
struct ToolContainer: Sendable {
    /// What the program was begun for: the file that will be there, by which its container is found again.
    private static let workLabel = "io.stackctl.work"
    /// The process that has begun it.
    private static let ownerLabel = "io.stackctl.owner"
    /// How much of what it wrote last is kept, to say what went wrong.
    private static let mostLines = 12

    /// What it is called when something is said of it.
    let tool: String
    /// The image's name.
    let image: String
    /// The image itself: what has the name may be another one by now.
    let id: String
    /// The words for the entry point.
    let command: [String]
    /// The entry point; the image's own if `nil`.
    var entrypoint: [String]?
    var mounts: [ContainerPlan.Mount] = []
    /// What it finds in its environment besides the usual.
    var environment: [String] = []
    /// Whether it writes to a terminal.
    var hasTerminal = false
    /// Whether it is given the GPUs.
    var takesGPUs = false
    /// What its work is for: the file that will be there in the end; `nil` if it only looks.
    var output: FilePath?

    init(tool: String, image: String, id: String, command: [String]) {
        (self.tool, self.image, self.id, self.command) = (tool, image, id, command)
    }

    /// Runs it; each line that it writes is handed on as it comes.
    ///
    /// Where it is to make something, others that were begun for the same file, or by a stackctl that is gone, are ended
    /// first.
    func run(in engine: DockerClient, line: @escaping @Sendable (String) -> Void) async throws {
        try checkPlace(of: engine)
        if let output { try await endOthers(for: output, in: engine) }
        let id: String
        do throws(DockerError) {
            let plan = plan(isRootless: try await engine.facts().isRootless)
            id = try await settled { () async throws(DockerError) in
                try await engine.create(plan, named: "stackctl-tool-\(UInt32.random(in: 0 ... .max))")
            }
        } catch {
            guard case .notFound = error else { throw Failure(docker: error) }
            throw ToolImage.absent(image)
        }
        let result: Result<Void, any Error>
        do {
            try await follow(id, in: engine, line)
            result = .success(())
        } catch { result = .failure(error) }
        // In a task of its own: what was cancelled must be cleaned up all the same.
        await Task { _ = try? await engine.remove(id, forced: true) }.value
        try result.get()
    }

    private func plan(isRootless: Bool) -> ContainerPlan {
        var plan = ContainerPlan(image: id, command: command)
        plan.entrypoint = entrypoint
        plan.labels = [
            Self.workLabel: output?.string ?? "", Self.ownerLabel: ProcessIdentity.own.description,
        ]
        // What it writes must be ours; the root of an engine without rights is us.
        plan.user = isRootless ? "0:0" : Machine.user
        // A number that the image has no name for must have one all the same: Python asks for it.
        plan.environment = Variables(
            [
                "HOME=/tmp", "USER=stackctl", "LOGNAME=stackctl", "HF_HUB_OFFLINE=1",
                "TRANSFORMERS_OFFLINE=1", "PYTHONUNBUFFERED=1",
            ] + environment
        )
        plan.hasTerminal = hasTerminal
        plan.resources.networkMode = "none"
        plan.resources.mounts = mounts
        plan.resources.droppedCapabilities = ["ALL"]
        // With a label of its own it could read nothing of ours, and ours are not changed for it.
        plan.resources.securityOptions = ["no-new-privileges", "label=disable"]
        // Our number means us only where users are not others than the machine's.
        plan.resources.userNamespace = isRootless ? nil : "host"
        // What it writes must be read back, even where the engine keeps no logs.
        plan.resources.log = .file
        plan.resources.deviceRequests = takesGPUs ? [.allGPUs] : nil
        return plan
    }

    /// Folders of this machine are not those of another one.
    private func checkPlace(of engine: DockerClient) throws(Failure) {
        if case .socket = engine.address.place { return }
        throw Failure(
            .unsupported,
            "the Docker Engine at \(engine.address) does not see the folders of this machine",
            hint: "run stackctl where that engine runs"
        )
    }

    private func endOthers(for output: FilePath, in engine: DockerClient) async throws {
        do throws(DockerError) {
            for other in try await engine.containers(label: Self.workLabel) {
                let owner = other.labels[Self.ownerLabel].flatMap { ProcessIdentity($0) }
                // Whoever makes the same file holds a lock, and so nobody else is alive who does.
                guard other.labels[Self.workLabel] == output.string || owner?.hasEnded == true else {
                    continue
                }
                do throws(DockerError) { try await engine.remove(other.id, forced: true) } catch {
                    // It has gone by itself in the meantime, or somebody else removes it.
                    switch error {
                    case .notFound, .conflict: continue
                    default: throw error
                    }
                }
            }
        } catch { throw Failure(docker: error) }
    }

    /// Does what takes a moment, whether it is wanted any more or not: of what is broken off nobody knows what it has become.
    private func settled<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(DockerError) -> Value
    ) async throws(DockerError) -> Value {
        let result = await Task { () async -> Result<Value, DockerError> in
            do throws(DockerError) { return .success(try await work()) } catch { return .failure(error) }
        }.value
        return try result.get()
    }

    /// Starts it, listens to it until it has ended, and judges how.
    private func follow(
        _ id: String,
        in engine: DockerClient,
        _ line: @escaping @Sendable (String) -> Void
    ) async throws {
        var lines = WrittenLines()
        var last: [String] = []
        func take(_ new: [String]) {
            for text in new.map({ hasTerminal ? $0.withoutControls : $0 }) where !text.isEmpty {
                line(text)
                last.append(text)
            }
            last.removeFirst(max(0, last.count - Self.mostLines))
        }
        let state: ContainerState
        do throws(DockerError) {
            _ = try await settled { () async throws(DockerError) in try await engine.start(id) }
            let container = try await engine.container(id)
            let output = try await engine.logs(of: container, LogSelection(follows: true))
            while let piece = try await output.next() { take(lines.feed(piece.bytes)) }
            take([lines.finish()])
            _ = try await engine.wait(for: id)
            state = try await engine.container(id).state
        } catch { throw Failure(docker: error) }
        try Task.checkCancellation()
        guard state.exitCode == 0 else { throw ending(state, last) }
    }

    private func ending(_ state: ContainerState, _ last: [String]) -> Failure {
        let words = last.map { "\n  \($0)" }.joined()
        if state.wasOutOfMemory == true || state.exitCode == 137 {
            return Failure(
                .failed,
                "`\(tool)` in \(image) was killed"
                    + (state.wasOutOfMemory == true ? ": it took more memory than there is" : "") + words,
                hint: "free memory, or convert on a larger machine"
            )
        }
        let code = state.exitCode.map { "ended with status \($0)" } ?? "did not say how it ended"
        return Failure(
            .failed,
            "`\(tool)` in \(image) \(code)" + (last.isEmpty ? "" : "; its last words:") + words
        )
    }
}

extension String {
    /// The text without what only moves a terminal's cursor or changes its colours.
    fileprivate var withoutControls: String {
        var text = ""
        var isEscaped = false
        for character in unicodeScalars {
            if isEscaped {
                // `ESC [ … letter`
                isEscaped = !(character.properties.isAlphabetic)
            } else if character == "\u{1B}" {
                isEscaped = true
            } else if character.value >= 0x20 {
                text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
