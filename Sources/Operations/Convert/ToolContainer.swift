import Docker
import Platform
import SystemPackage

/// One of an engine's own programs, run to its end in a container that nothing else uses and that is gone afterwards.
struct ToolContainer: Sendable {
    /// What the program was begun for: the file that will be there, by which its container is found again.
    private static let workLabel = "io.stackctl.work"
    /// How much of what it wrote last is kept, to say what went wrong.
    private static let mostLines = 12

    let image: String
    /// The words for the image's own entry point.
    let command: [String]
    let mounts: [ContainerPlan.Mount]
    /// What its work is for: the file that will be there in the end.
    let output: FilePath

    /// Runs it; each line that it writes is handed on as it comes.
    ///
    /// Another run that was begun for the same file and whose stackctl is gone is ended first.
    func run(in engine: DockerClient, line: @escaping @Sendable (String) -> Void) async throws {
        try checkPlace(of: engine)
        try await endOthers(in: engine)
        let id: String
        do throws(DockerError) {
            let plan = plan(isRootless: try await engine.facts().isRootless)
            id = try await engine.create(plan, named: "stackctl-tool-\(UInt32.random(in: 0 ... .max))")
        } catch {
            guard case .notFound = error else { throw Failure(docker: error) }
            throw Self.noImage(image)
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
        var plan = ContainerPlan(image: image, command: command)
        plan.labels = [Self.workLabel: output.string]
        // What it writes must be ours; the root of an engine without rights is us.
        plan.user = isRootless ? "0:0" : Machine.user
        // A number that the image has no name for must have one all the same: Python asks for it.
        plan.environment = [
            "HOME=/tmp", "USER=stackctl", "LOGNAME=stackctl", "HF_HUB_OFFLINE=1", "TRANSFORMERS_OFFLINE=1",
            "PYTHONUNBUFFERED=1",
        ]
        plan.resources.networkMode = "none"
        plan.resources.mounts = mounts
        plan.resources.droppedCapabilities = ["ALL"]
        plan.resources.securityOptions = ["no-new-privileges"]
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

    private func endOthers(in engine: DockerClient) async throws {
        do throws(DockerError) {
            for other in try await engine.containers(labels: [Self.workLabel: output.string]) {
                do throws(DockerError) { try await engine.remove(other.id, forced: true) } catch {
                    // It has gone by itself in the meantime.
                    guard case .notFound = error else { throw error }
                }
            }
        } catch { throw Failure(docker: error) }
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
            for text in new where !text.isEmpty {
                line(text)
                last.append(text)
            }
            last.removeFirst(max(0, last.count - Self.mostLines))
        }
        let state: ContainerState
        do throws(DockerError) {
            try await engine.start(id)
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
                "`\(command.first ?? image)` in \(image) was killed"
                    + (state.wasOutOfMemory == true ? ": it took more memory than there is" : "") + words,
                hint: "free memory, or convert on a larger machine"
            )
        }
        let code = state.exitCode.map { "ended with status \($0)" } ?? "did not say how it ended"
        return Failure(
            .failed,
            "`\(command.first ?? image)` in \(image) \(code)" + (last.isEmpty ? "" : "; its last words:")
                + words
        )
    }

    static func noImage(_ image: String) -> Failure {
        Failure(
            .notFound,
            "the Docker Engine has no image `\(image)`",
            hint: "get it with `docker pull \(image)`, or name another one with `--image`"
        )
    }
}
