import Catalog
import Docker
import Engines
import Platform

/// The server of a stack, asked as its clients ask it.
struct ServerProbe: Sendable {
    private let stack: Stack
    /// What clients call the model; whatever the server has, if `nil`.
    private let model: String?
    private let key: String?

    /// A server whose container's environment may have the API key that it wants.
    init(_ stack: Stack, model: String?, container: Docker.Container) {
        self.stack = stack
        self.model = model
        let name: String? =
            switch stack.engine {
            case .llamacpp: "LLAMA_API_KEY"
            case .vllm: "VLLM_API_KEY"
            case .mistralrs: nil
            }
        // llama.cpp takes several, any of which will do.
        key = name.flatMap { container.configuration.environment?[$0] }
            .flatMap { $0.split(separator: ",").first.map { String($0) } }
    }

    /// Whether the server can answer, by what it says of itself and, with `completes`, by a token that it completes.
    func ask(completes: Bool) async throws(DockerError) -> Readiness.Verdict {
        let port = PublishedPort(host: stack.host, port: stack.port)
        var readiness = Readiness(stack.engine, health: stack.health, model: model)
        while true {
            if !completes, readiness.step == .completion { return .ready(remark: nil) }
            let question = readiness.question
            // A token may take its time where the whole model is read for the first time.
            let patience: Duration = question.body == nil ? .seconds(5) : .seconds(120)
            let answer = try await port.ask(
                question.path,
                sending: question.body,
                key: key,
                patience: patience
            )
            let verdict = readiness.judge(status: answer?.status, body: answer?.body ?? [])
            if verdict != .next { return verdict }
        }
    }
}
