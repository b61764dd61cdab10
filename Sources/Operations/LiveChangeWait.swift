import Catalog
import Docker
import Engines
import Platform

/// Why a running server has not changed what it has loaded.
enum NotChanged: Error {
    /// The server has refused.
    case refused(LiveChange.Refusal)
    /// Nothing answers, at the published port or inside.
    case unanswered
    /// It has not been done in time; with the last that was said.
    case late(String)
    /// The container's process has ended meanwhile.
    case ended
    /// The Docker Engine cannot be asked.
    case engine(DockerError)
}

/// Asks a running server for a change until it is done.
struct LiveChangeWait: Sendable {
    let stack: Stack
    let container: Docker.Container
    private let engine: DockerClient
    private let line: ServerLine
    let timeout: Duration
    /// Whether it ends before anything is changed.
    private let isOnlyAsked: Bool

    init(
        _ stack: Stack,
        _ container: Docker.Container,
        _ engine: DockerClient,
        timeout: Duration,
        isOnlyAsked: Bool = false
    ) {
        self.stack = stack
        self.container = container
        self.engine = engine
        self.timeout = timeout
        self.isOnlyAsked = isOnlyAsked
        line = ServerLine(stack, container)
    }

    /// The beginning of a change, by how the container was made.
    func change(_ action: LiveChange.Action, _ subject: LiveChange.Subject) -> LiveChange {
        let value = LiveChange.variable(of: stack.engine).flatMap {
            container.configuration.environment?[$0]
        }
        let allowsAdapters = LiveChange.isYes(value, to: stack.engine)
        return LiveChange(stack.engine, action, subject, allowsAdapters: allowsAdapters)
    }

    /// Goes through with it; whether anything was to be done.
    func run(_ change: inout LiveChange, _ report: Reporter) async throws(NotChanged) -> Bool {
        let end = ContinuousClock.now + timeout
        var pause = Duration.milliseconds(20)
        var isInside = false
        var isFirst = true
        while true {
            if change.isOrder {
                if isOnlyAsked { return true }
                report(.phase(.waiting, "\(change.action.rawValue)ing `\(change.id)`"))
            }
            let answer = try await ask(change, until: end, isFirst: isFirst, &isInside)
            if isFirst, answer == nil { throw .unanswered }
            isFirst = false
            let last: String
            switch change.judge(answer) {
            case .next: continue
            case .done(let changed): return changed
            case .refused(let refusal): throw .refused(refusal)
            case .notYet(let words): last = words
            }
            if answer == nil { try await checkItRuns() }
            guard ContinuousClock.now < end else { throw .late(last) }
            do { try await Task.sleep(for: pause) } catch { throw .engine(.cancelled) }
            pause = min(pause * 2, .milliseconds(250))
        }
    }

    /// Asks at the published port; inside the container, if nothing answers there from the start.
    private func ask(
        _ change: LiveChange,
        until end: ContinuousClock.Instant,
        isFirst: Bool,
        _ isInside: inout Bool
    ) async throws(NotChanged) -> ServerAnswer? {
        // Some have done it when they answer, others answer at once.
        let patience = change.isOrder ? max(end - .now, .seconds(1)) : .seconds(5)
        do throws(DockerError) {
            if !isInside {
                let answer = try await line.ask(change.question, patience: patience)
                guard answer == nil, isFirst else { return answer }
            }
            let answer = try await line.askInside(change.question, patience: patience, in: engine)
            if answer != nil { isInside = true }
            return answer
        } catch { throw .engine(error) }
    }

    private func checkItRuns() async throws(NotChanged) {
        let now: Docker.Container
        do throws(DockerError) { now = try await engine.container(container.id) } catch {
            throw .engine(error)
        }
        guard now.state.running, now.state.startedAt == container.state.startedAt else { throw .ended }
    }
}
