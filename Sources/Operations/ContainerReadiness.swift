import Catalog
import Docker
import Platform

extension Stack {
    /// Whether the stack's server answers requests now.
    func isReady() async throws(Failure) -> Bool {
        do throws(DockerError) {
            return try await PublishedPort(host: host, port: port).status(of: health) == 200
        } catch { throw Failure(docker: error) }
    }

    /// Waits until the stack's server answers requests; ends early when its container has ended or begins again and
    /// again.
    func waitUntilReady(_ began: Docker.Container, in engine: DockerClient, timeout: Duration)
        async throws(Failure)
    {
        let end = ContinuousClock.now + timeout
        var pause = Duration.milliseconds(20)
        while true {
            if try await isReady() { return }
            try await checkProgress(of: began, in: engine)
            guard ContinuousClock.now < end else {
                throw Failure(
                    .notReady,
                    "`\(began.shownName)` runs and does not answer at \(host):\(port)\(health) after \(timeout.inWords)",
                    hint:
                        "see `stackctl \(name) logs --tail 50`; a larger model may need a longer `--timeout`"
                )
            }
            do { try await Task.sleep(for: pause) } catch { throw Failure(error) }
            pause = min(pause * 2, .milliseconds(250))
        }
    }

    private func checkProgress(of began: Docker.Container, in engine: DockerClient) async throws(Failure) {
        let now: Docker.Container
        do throws(DockerError) { now = try await engine.container(began.id) } catch {
            throw Failure(docker: error)
        }
        let state = now.state
        let hasFailedTwice = now.restartCount > began.restartCount + 1
        guard !state.running || hasFailedTwice else { return }
        // Between two starts it does not run either; what it ended with is known only once it has.
        guard hasFailedTwice || (state.isRestarting != true && state.status != "created") else { return }
        let cause =
            state.wasOutOfMemory == true
            ? "was killed for the memory it took" : "ended with status \(state.exitCode ?? -1)"
        let words = state.error.flatMap { $0.isEmpty ? nil : ": \($0)" } ?? ""
        throw Failure(
            .notReady,
            "`\(now.shownName)` \(cause) before it answered\(hasFailedTwice ? ", again and again" : "")\(words)",
            hint: "see `stackctl \(name) logs --tail 50`"
        )
    }
}

extension Duration {
    /// For example `10 m` or `1 m 30 s`.
    public var inWords: String {
        let seconds = components.seconds
        if self < .seconds(1) { return "\(Int(self / .milliseconds(1))) ms" }
        if seconds < 60 { return "\(seconds) s" }
        let (minutes, rest) = (seconds / 60, seconds % 60)
        if minutes < 60 { return rest == 0 ? "\(minutes) m" : "\(minutes) m \(rest) s" }
        if minutes < 1440 {
            return minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes / 60) h \(minutes % 60) m"
        }
        return "\(minutes / 1440) d" + (minutes / 60 % 24 == 0 ? "" : " \(minutes / 60 % 24) h")
    }
}
