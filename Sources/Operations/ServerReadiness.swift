import Catalog
import Docker
import Engines
import FoundationEssentials
import Platform

/// Why a server did not come up.
enum NotReady: Error {
    /// The Docker Engine could not begin it, in its own words.
    case notStarted(String)
    /// It has not answered in time; with the last that it said.
    case late(String)
    /// Its container's process has ended, whether or not the engine has started it again.
    case ended(exitCode: Int?, wasOutOfMemory: Bool, error: String?)
    /// Its container was removed.
    case gone
    /// It answers, and will never do what is asked.
    case refuses(String)
    /// The Docker Engine cannot be asked.
    case engine(DockerError)
    /// The task was cancelled.
    case cancelled

    /// The fact in words, to stand behind the container's name.
    func words(_ stack: Stack, _ timeout: Duration) -> String {
        switch self {
        case .notStarted(let reason): "could not be started: \(reason)"
        case .late(let last):
            "runs and does not answer at \(stack.host):\(stack.port)\(stack.health) after \(timeout.inWords): \(last)"
        case .ended(let exitCode, let wasOutOfMemory, let error):
            (wasOutOfMemory
                ? "was killed for the memory it took" : exitCode.map { "ended with status \($0)" } ?? "ended")
                + " before it answered" + (error.map { ": \($0)" } ?? "")
        case .gone: "was removed before it answered"
        case .refuses(let reason): "will not do: \(reason)"
        case .engine(let error): "cannot be watched: \(error)"
        case .cancelled: "was not waited for"
        }
    }
}

/// Waits until the server of a container that has just begun can answer.
struct ReadinessWait: Sendable {
    let stack: Stack
    let engine: DockerClient
    /// What clients call the model; whatever the server has, if `nil`.
    let model: String?
    let timeout: Duration

    /// So often a server must refuse in a row: it may be another one that is just going.
    private static let refusals = 3

    /// A container as it was when the wait for it began.
    private struct Beginning {
        let startedAt: EngineTime?
        let restartCount: Int

        init(_ container: Docker.Container) {
            startedAt = container.state.startedAt
            restartCount = container.restartCount
        }
    }

    /// Waits; answers with a remark where something could not be tried.
    func run(_ container: Docker.Container) async throws(NotReady) -> String? {
        let probe = ServerProbe(stack, model: model, container: container)
        let end = ContinuousClock.now + timeout
        var beginning: Beginning? = Beginning(container)
        var pause = Duration.milliseconds(20)
        var refusals = 0
        while true {
            let verdict: Readiness.Verdict
            do throws(DockerError) { verdict = try await probe.ask(completes: true, until: end) } catch {
                if case .cancelled = error { throw .cancelled }
                throw .engine(error)
            }
            let now = try await look(at: container.id, until: end)
            if let now, let beginning { try await check(now, since: beginning) }
            // An engine that is restarted takes its containers up again, and that is no failure of theirs.
            beginning = now.map { beginning ?? Beginning($0) }
            var last = ""
            switch verdict {
            // Whoever answers is the container's server only if that runs.
            case .ready(let remark): if now != nil { return remark }
            case .notYet(let reason): (last, refusals) = (reason, 0)
            case .never(let reason):
                (last, refusals) = (reason, refusals + 1)
                if refusals == Self.refusals { throw .refuses(reason) }
            case .next: break
            }
            guard ContinuousClock.now < end else { throw .late(last) }
            do { try await Task.sleep(for: pause) } catch { throw .cancelled }
            pause = min(pause * 2, .milliseconds(100))
        }
    }

    /// The container now; `nil` where its engine does not answer and there is time left.
    private func look(at id: String, until end: ContinuousClock.Instant) async throws(NotReady) -> Docker
        .Container?
    {
        do throws(DockerError) { return try await engine.container(id) } catch {
            switch error {
            case .cancelled: throw .cancelled
            case .notFound: throw .gone
            default:
                guard ContinuousClock.now < end else { throw .engine(error) }
                return nil
            }
        }
    }

    /// Any end is a failure: what the engine starts again by itself would only end again.
    private func check(_ now: Docker.Container, since beginning: Beginning) async throws(NotReady) {
        let state = now.state
        let hasBegunAgain =
            now.restartCount > beginning.restartCount || state.startedAt != beginning.startedAt
        // Between two runs the engine calls it running too.
        let isUnderWay = state.running && state.isRestarting != true
        if isUnderWay, !hasBegunAgain { return }
        // Once it runs again, its state does not say any more how it ended.
        let death = hasBegunAgain ? await firstDeath(of: now, since: beginning.startedAt) : nil
        throw .ended(
            exitCode: death?.exitCode ?? (isUnderWay ? nil : state.exitCode),
            wasOutOfMemory: death?.wasOutOfMemory ?? (state.wasOutOfMemory == true),
            error: state.error.flatMap { $0.isEmpty ? nil : $0 }
        )
    }

    /// How a container ended first since a moment, by what the engine remembers of it.
    ///
    /// It is asked up to the end of this second, since it remembers the one that has just ended.
    private func firstDeath(of container: Docker.Container, since start: EngineTime?) async -> (
        exitCode: Int?, wasOutOfMemory: Bool
    )? {
        guard let start,
            let events = try? await engine.events(
                of: container.id,
                actions: ["die", "oom"],
                since: start,
                until: EngineTime(seconds: Int64(Date().timeIntervalSince1970) + 1)
            )
        else { return nil }
        var wasOutOfMemory = false
        while let event = try? await events.next() {
            if event.action == "oom" { wasOutOfMemory = true }
            if event.action == "die" || event.action == "died" {
                return (event.exitCode, wasOutOfMemory)
            }
        }
        return nil
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
