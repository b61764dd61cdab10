import Catalog
import Docker
import Engines
public import FoundationEssentials
import Platform
import Store
import SystemPackage

/// Why a stack does not serve.
public struct StackDiagnosis: Sendable, Encodable {
    /// The stack.
    public let stack: String
    /// The name of its container, or what stack.yaml calls it if there is none.
    public let container: String
    /// In the engine's word: `running`, `exited` and so on; `absent` if there is no container.
    public let state: String
    /// What its health check says, if it has one and the container runs.
    public let health: String?
    /// Whether its server answers requests.
    public let ready: Bool
    /// What it answers instead, if it runs and is not ready.
    public let answer: String?
    /// The stored model that it serves or was to serve, if that can be told.
    public let model: String?
    /// What to type for that: with its quantization where several are stored.
    public var reference: String?
    /// When its process began, if it runs.
    public let startedAt: Date?
    /// When its process ended, if it has.
    public let finishedAt: Date?
    /// How often the engine has started it again by itself.
    public let restarts: Int
    /// What its process ended with, if it has.
    public let exitCode: Int?
    /// That in words.
    public let ending: String?
    /// Whether the kernel killed it for the memory it took.
    public let outOfMemory: Bool
    /// Why it was not started, in Docker's words.
    public let refusal: String?
    /// Why it does not serve, the most telling first; none if it serves, or if nobody knows.
    public let findings: [Reason]
    /// What to type or change next; nothing if it serves.
    public let next: String?
    /// The end of the log of its last run; empty if it serves.
    public let tail: [String]
    /// The runs that were given up when a model was to be served, the newest first.
    public let keptLogs: [GivenUpRun]
    /// The next smaller model, if the one that failed had not enough memory and there is one that may have.
    public var smaller: SmallerModel?
}

/// Finds out why a stack does not serve.
public struct Why: Sendable {
    /// Describes the question.
    public init() {}

    /// Asks the engine, the server, the log and what is kept of former runs.
    public func run(in workspace: Workspace, report: Reporter) async throws(Failure) -> StackDiagnosis {
        let stack = try workspace.stack()
        let engine = try workspace.engine()
        let table = try workspace.signatures()
        // First of all: whoever may not ask the engine is told that, and nothing of what is kept.
        let container = try await stack.findContainer(in: engine)
        // A volume that cannot be read keeps its logs to itself, and `ls` says why.
        let store = try? await workspace.store(of: stack)
        let kept = store.map { GivenUpRun.newest(of: stack, in: $0, by: table, report: report) } ?? []
        let state = store.flatMap { try? $0.launchState(of: stack.name) }
        let launch = state?.attempt ?? state?.active
        guard let container else {
            return StackDiagnosis(absent: stack, keptLogs: kept, hasServed: launch != nil)
        }
        let verdict = try await verdict(on: stack, container)
        let served = await Status().served(of: stack, container, workspace)
        let reference = served?.reference ?? launch.flatMap { store?.reference(of: $0) }
        var found = Facts(verdict: verdict, model: served?.key.model ?? launch?.model, reference: reference)
        if !verdict.isReady {
            let log = try await engine.lastRunLog(
                of: container,
                after: kept.compactMap(\.ended),
                report: report
            )
            let run = EngineRun(of: container, engine: stack.engine, log: log)
            found.take(run, by: table, of: stack, givenUp: launch == nil ? kept.first : nil)
            let advice = GPUAdvice(stack, environment: workspace.environment)
            if let first = found.findings.first {
                found.findings[0] = await advice.fitted(first, model: found.reference)
            }
        }
        var diagnosis = StackDiagnosis(stack, container, found, keptLogs: kept)
        if let store, let key = diagnosis.shortOfMemory(launch) {
            let search = SmallerSearch(workspace: workspace, stack: stack, store: store)
            diagnosis.smaller = await search.find(than: key, in: container)
        }
        return diagnosis
    }

    /// The most telling reason why a run has failed, from how its container is now and from what it has written.
    static func reading(
        of container: Docker.Container,
        log: RunLog,
        stack: Stack,
        model: String?,
        by table: SignatureTable
    ) -> Reason? {
        let run = EngineRun(of: container, engine: stack.engine, log: log)
        return Diagnosis(of: run, by: table.signatures, stack: stack.name, model: model).findings.first.map {
            Reason($0)
        }
    }

    /// Whether the server can answer, with a token at the end: a healthy server may have a dead engine.
    private func verdict(on stack: Stack, _ container: Docker.Container) async throws(Failure)
        -> Readiness.Verdict
    {
        guard container.state.running else { return .notYet("it does not run") }
        do throws(DockerError) {
            return try await ServerProbe(stack, model: nil, container: container).ask(completes: true)
        } catch { throw Failure(docker: error) }
    }
}

/// What was found out of a container beyond what the engine states.
private struct Facts {
    let verdict: Readiness.Verdict
    var model: String?
    /// What to type for the model.
    var reference: String?
    var findings: [Reason] = []
    var tail: [String] = []

    /// Takes what a run shows.
    ///
    /// A container that waits to be told what to serve shows only that: the reason is with the run that was given up.
    mutating func take(_ run: EngineRun, by table: SignatureTable, of stack: Stack, givenUp: GivenUpRun?) {
        model = model ?? givenUp?.model
        reference = reference ?? givenUp?.reference
        let shown = Diagnosis(of: run, by: table.signatures, stack: stack.name, model: reference)
        let before = run.refusal == nil ? givenUp?.findings ?? [] : []
        findings = before + shown.findings.map { Reason($0) }
        tail = shown.tail
    }

    /// What the server answers, unless it can answer.
    var answer: String? {
        switch verdict {
        case .notYet(let words), .never(let words): words
        case .ready, .next: nil
        }
    }
}

extension Workspace {
    /// The known reasons why an engine does not come up.
    func signatures() throws(Failure) -> SignatureTable {
        do throws(DeclarationError) { return try SignatureTable.load(home: home.path) } catch {
            throw Failure(declaration: error)
        }
    }
}

extension EngineRun {
    /// What the Docker Engine states of a container's last run.
    fileprivate init(of container: Docker.Container, engine: EngineName, log: RunLog) {
        let state = container.state
        var health = RunLog()
        for probe in state.health?.log ?? [] where probe.exitCode != 0 {
            health.take(Array((probe.output ?? "").utf8) + [UInt8(ascii: "\n")])
        }
        health.finish()
        self.init(
            engine,
            isRunning: state.running,
            exitCode: state.running ? nil : state.exitCode,
            wasOutOfMemory: state.wasOutOfMemory ?? false,
            refusal: container.refusal,
            health: health,
            log: log
        )
    }
}

extension Docker.Container {
    /// Whether its process has begun when it was last told to.
    var begins: Bool { state.startedAt?.unlessNever != nil && refusal == nil }

    /// Why its process was not started, in the engine's words.
    var refusal: String? {
        guard !state.running, let words = state.error, !words.isEmpty else { return nil }
        return words
    }

    /// Whether its process has ended, be it that it is about to begin again.
    fileprivate var hasEnded: Bool { !state.running && state.finishedAt?.unlessNever != nil }
}

extension StackDiagnosis {
    /// The stored model that had not enough memory, now or, if something else or nothing is served, when it was last given
    /// up.
    fileprivate func shortOfMemory(_ launch: ServedLaunch?) -> (model: String, format: String, quant: String)?
    {
        if !ready, let launch {
            guard findings.first?.isAboutMemory == true, launch.model == model else { return nil }
            return (launch.model, launch.format, launch.quant)
        }
        guard let kept = keptLogs.first, kept.findings.first?.isAboutMemory == true, let model = kept.model,
            let format = kept.format, let quant = kept.quant
        else { return nil }
        return (model, format, quant)
    }

    fileprivate init(
        _ stack: Stack,
        _ container: Docker.Container,
        _ facts: Facts,
        keptLogs: [GivenUpRun]
    ) {
        let state = container.state
        let exitCode = container.hasEnded ? state.exitCode : nil
        self.init(
            stack: stack.name,
            container: container.shownName,
            state: state.status ?? (state.running ? "running" : "exited"),
            health: state.running ? state.health?.word : nil,
            ready: facts.verdict.isReady,
            answer: state.running ? facts.answer : nil,
            model: facts.model,
            reference: facts.reference,
            startedAt: state.running ? state.startedAt?.unlessNever?.date : nil,
            finishedAt: container.hasEnded ? state.finishedAt?.date : nil,
            restarts: container.restartCount,
            exitCode: exitCode,
            ending: exitCode.map { EngineRun.words(forStatus: $0) },
            outOfMemory: state.wasOutOfMemory ?? false,
            refusal: container.refusal.map { RunLog(Array($0.utf8)).lines.joined(separator: " ") },
            findings: facts.findings,
            next: facts.verdict.isReady
                ? nil : facts.findings.first?.fix ?? Self.next(for: container, of: stack),
            tail: facts.tail,
            keptLogs: keptLogs
        )
    }

    fileprivate init(absent stack: Stack, keptLogs: [GivenUpRun], hasServed: Bool) {
        let givenUp = hasServed ? nil : keptLogs.first
        self.init(
            stack: stack.name,
            container: stack.containerName,
            state: "absent",
            health: nil,
            ready: false,
            answer: nil,
            model: givenUp?.model,
            reference: givenUp?.reference,
            startedAt: nil,
            finishedAt: nil,
            restarts: 0,
            exitCode: nil,
            ending: nil,
            outOfMemory: false,
            refusal: nil,
            findings: givenUp?.findings ?? [],
            next: givenUp?.findings.first?.fix ?? "`stackctl \(stack.name) up`",
            tail: [],
            keptLogs: keptLogs
        )
    }

    /// What to type where no reason is known.
    private static func next(for container: Docker.Container, of stack: Stack) -> String {
        if container.state.running {
            return "`stackctl \(stack.name) logs -f`, until it answers or says why not"
        }
        if container.state.isRestarting != true, container.refusal == nil,
            EngineRun.isQuiet(container.state.exitCode)
        {
            return "`stackctl \(stack.name) start`"
        }
        return "`stackctl \(stack.name) logs --tail 200`, for a reason that stackctl does not know"
    }
}
