public import Catalog

/// The command that serves a model, and under which name it is then found.
public struct LaunchPlan: Sendable, Equatable {
    /// The engine.
    public let engine: EngineName
    /// The command, its program first.
    public let argv: [String]
    /// The variables that it needs.
    public let environment: [String: String]
    /// The container's image, if the stack names one.
    public let image: String?
    /// The name that the engine gives the model; mistral.rs has no names and takes the path.
    public let model: String

    /// The part of the command that the image's entry point does not already have.
    public var containerCommand: [String] { Array(argv.dropFirst(engine == .vllm ? 2 : 1)) }

    /// Decides on the command, or refuses what the engine would refuse.
    public init(_ request: LaunchRequest) throws(LaunchRefusal) {
        guard request.stack.engine == .llamacpp || request.adapters.isEmpty else {
            throw .adaptersNotServed(request.stack.engine)
        }
        let command: LaunchCommand =
            switch request.stack.engine {
            case .llamacpp: try .llamaCpp(request)
            case .vllm: try .vLLM(request)
            case .mistralrs: try .mistralRs(request)
            }
        engine = request.stack.engine
        argv = try command.argv(engine, extra: request.stack.defaults.extra)
        environment = command.environment
        image = request.stack.image
        model = command.model
    }
}
