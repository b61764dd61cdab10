import Catalog
import Docker
import Engines
import Platform

/// The server of a stack, asked as its clients ask it.
struct ServerProbe: Sendable {
    private let stack: Stack
    /// What clients call the model; whatever the server has, if `nil`.
    private let model: String?
    private let line: ServerLine

    /// A server whose container's environment may have the API key that it wants.
    init(_ stack: Stack, model: String?, container: Docker.Container) {
        self.stack = stack
        self.model = model
        line = ServerLine(stack, container)
    }

    /// Whether the server can answer, by what it says of itself and, with `completes`, by a token that it completes.
    func ask(completes: Bool, until end: ContinuousClock.Instant? = nil) async throws(DockerError)
        -> Readiness.Verdict
    {
        var readiness = Readiness(stack.engine, health: stack.health, model: model)
        while true {
            if !completes, readiness.step == .completion { return .ready(remark: nil) }
            let question = readiness.question
            // A token may take its time where the whole model is read for the first time.
            let most: Duration = question.body == nil ? .seconds(5) : .seconds(120)
            let patience = end.map { min(most, max($0 - .now, .seconds(1))) } ?? most
            let verdict = readiness.judge(try await line.ask(question, patience: patience))
            if verdict != .next { return verdict }
        }
    }
}
