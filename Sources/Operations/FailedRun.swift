import Catalog
import Docker
import Engines
import Platform
import Store

/// What is left of a launch that did not come up.
struct FailedRun: Sendable {
    /// As much of a log's end is kept.
    private static let mostLog = 4 << 20
    /// How long a process that has never answered has to end: it has no request to finish, and as process 1 of its
    /// container it is deaf to signals until it listens to them.
    static let grace = Duration.seconds(2)

    let stack: Stack
    let store: ModelStore
    let engine: DockerClient
    let signatures: SignatureTable
    let advice: GPUAdvice

    /// Ends the process, so that the Docker Engine does not start it again and again.
    ///
    /// A container that was stopped stays so, whatever its restart policy, until somebody starts it.
    func stop(_ container: Docker.Container) async {
        _ = try? await engine.stop(container.id, grace: Self.grace)
    }

    /// Keeps the log, and tells what it says of the reason.
    func keep(
        _ launch: ServedLaunch,
        _ container: Docker.Container,
        _ reason: NotReady,
        timeout: Duration,
        _ report: Reporter
    ) async -> Reason? {
        // What could not be begun has written nothing: the log is that of the run before.
        let log = if case .notStarted = reason { [UInt8]() } else { await log(of: container) }
        let found = await found(of: launch, reason, log: log)
        let words = words(of: reason, container, found, timeout: timeout)
        report(.warning("`\(store.reference(of: launch))` did not come up: \(words)"))
        if let found, !words.contains(found.cause) { report(.note("the reason: \(found.cause)")) }
        let facts = await facts(of: reason, container, timeout: timeout)
        do throws(StoreError) {
            let kept = try store.keepLog(of: launch, facts: facts, log)
            report(.note("the log of that run is kept in \(kept.path)"))
        } catch { report(.warning("the log of that run could not be kept: \(error)")) }
        return found
    }

    /// Why a launch has failed, by what is known of such runs.
    func found(of launch: ServedLaunch, _ reason: NotReady, log: [UInt8] = []) async -> Reason? {
        let run = EngineRun(reason, stack.engine, log: RunLog(log))
        let model = store.reference(of: launch)
        let diagnosis = Diagnosis(of: run, by: signatures.signatures, stack: stack.name, model: model)
        guard let first = diagnosis.findings.first else { return nil }
        return await advice.fitted(Reason(first), model: model)
    }

    /// That a launch has failed, in words; what Docker says of a container that it could not start is told by its cause,
    /// where that is known.
    func words(of reason: NotReady, _ container: Docker.Container, _ found: Reason?, timeout: Duration)
        -> String
    {
        if case .notStarted = reason, let found {
            return "`\(container.shownName)` could not be started: \(found.cause)"
        }
        return "`\(container.shownName)` \(reason.words(stack, timeout))"
    }

    /// What is written above a log.
    private func facts(of reason: NotReady, _ container: Docker.Container, timeout: Duration) async -> [(
        name: String, value: String
    )] {
        let run = EngineRun(reason, stack.engine, log: RunLog())
        var facts = [
            (name: "reason", value: words(of: reason, container, nil, timeout: timeout)),
            ("exit", run.exitCode.map { "\($0)" } ?? "unknown"),
            ("oom", run.wasOutOfMemory ? "true" : "false"),
        ]
        if let refusal = run.refusal { facts.append(("refused", refusal)) }
        if let end = await engine.lastRunEnd(of: container) { facts.append(("ended", end.text)) }
        return facts
    }

    /// What the process has written since it was begun.
    private func log(of container: Docker.Container) async -> [UInt8] {
        var log: [UInt8] = []
        let selection = LogSelection(since: await engine.lastRunStart(of: container))
        guard let output = try? await engine.logs(of: container, selection) else { return log }
        while let piece = try? await output.next() {
            log += piece.bytes
            // Twice as much before it is cut: cutting moves all of it.
            if log.count > 2 * Self.mostLog { log.removeFirst(log.count - Self.mostLog) }
        }
        return log.count > Self.mostLog ? Array(log.suffix(Self.mostLog)) : log
    }
}

extension EngineRun {
    /// What is known of a run that was given up.
    fileprivate init(_ reason: NotReady, _ engine: EngineName, log: RunLog) {
        switch reason {
        case .ended(let exitCode, let wasOutOfMemory, let error):
            self.init(engine, exitCode: exitCode, wasOutOfMemory: wasOutOfMemory, refusal: error, log: log)
        case .notStarted(let words): self.init(engine, refusal: words, log: RunLog())
        case .gone: self.init(engine, log: log)
        case .late, .refuses, .engine, .cancelled: self.init(engine, isRunning: true, log: log)
        }
    }
}

/// Tells how far an engine is with a model, by what it writes.
struct LoadWatch: Sendable {
    private let engine: DockerClient
    private let name: EngineName
    private let container: Docker.Container
    private let report: Reporter

    init(
        engine: DockerClient,
        of name: EngineName,
        _ container: Docker.Container,
        _ report: @escaping Reporter
    ) {
        self.engine = engine
        self.name = name
        self.container = container
        self.report = report
    }

    /// Follows the log until the task is cancelled; what cannot be followed is not told.
    func run() async {
        let selection = LogSelection(follows: true, since: await engine.lastRunStart(of: container))
        guard let output = try? await engine.logs(of: container, selection) else { return }
        var lines = WrittenLines()
        var last = ""
        while let piece = try? await output.next() {
            for line in lines.feed(piece.bytes) {
                guard let phase = LoadProgress.phase(of: line, name), phase != last else { continue }
                last = phase
                report(.phase(.waiting, phase))
            }
        }
    }
}
