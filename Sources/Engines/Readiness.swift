public import Catalog
import Platform

/// How to find out whether a server can answer: what to ask it, in order, and what its answers mean.
///
/// A server's own word of its health is the beginning only: llama.cpp's router is healthy without a model, mistral.rs
/// never says more than that it listens, and vLLM's may outlive its engine. At the end it completes one token.
public struct Readiness: Sendable, Equatable {
    /// What is asked.
    public enum Step: Sendable, Equatable {
        /// The path that the stack declares.
        case health
        /// Which models there are.
        case models
        /// One token.
        case completion
        /// One embedding, of a model that completes nothing; with what it said to the completion.
        case embedding(refusal: String)
    }

    /// What an answer means.
    public enum Verdict: Sendable, Equatable {
        /// So far so good.
        case next
        /// It can answer. A remark tells what could not be tried.
        case ready(remark: String?)
        /// Not now.
        case notYet(String)
        /// Not ever, as things are.
        case never(String)

        /// Whether it can answer.
        public var isReady: Bool { if case .ready = self { true } else { false } }
    }

    private let engine: EngineName
    private let health: String
    /// What clients call the model.
    private var model: String?
    /// What is to be asked next.
    public private(set) var step = Step.health

    /// Begins; without a name whatever model the server has is asked.
    public init(_ engine: EngineName, health: String, model: String?) {
        self.engine = engine
        self.health = health
        self.model = model
    }

    /// What to ask now.
    public var question: ServerQuestion {
        switch step {
        case .health: ServerQuestion(health)
        case .models: ServerQuestion("/v1/models")
        case .completion: ServerQuestion("/v1/completions", body: completion)
        case .embedding: ServerQuestion("/v1/embeddings", body: embedding)
        }
    }

    /// Takes the answer to the question, if one came.
    public mutating func judge(_ answer: ServerAnswer?) -> Verdict {
        guard let answer else { return .notYet("nothing answers yet") }
        switch (step, answer.status) {
        case (.health, 200):
            step = .models
            return .next
        case (.health, _): return .notYet(answer.words)
        case (.models, _): return judgeModels(answer)
        case (_, 200): return .ready(remark: nil)
        case (_, 429), (_, 503): return .notYet(answer.words)
        case (.completion, 401), (.completion, 403): return .ready(remark: Self.noKey)
        case (.completion, 400..<500), (.completion, 501):
            step = .embedding(refusal: answer.words)
            return .next
        case (.embedding(let refusal), 400..<500), (.embedding(let refusal), 501): return .never(refusal)
        default: return .notYet(answer.words)
        }
    }

    private static let noKey =
        "it wants an API key that its container's environment does not have; no token was tried"

    // MARK: Models

    private mutating func judgeModels(_ answer: ServerAnswer) -> Verdict {
        switch answer.status {
        case 200: break
        case 401, 403: return .ready(remark: Self.noKey)
        case 404, 405:
            step = .completion
            return .next
        default: return .notYet(answer.words)
        }
        guard let listed = answer.document(ListedModels.self) else {
            return .never("what answers at `/v1/models` is no inference server")
        }
        let found = find(in: listed)
        if let state = found?.status, !state.isLoaded {
            // A router has its models loaded as they are asked for, and none of them may be wanted now.
            guard model != nil || engine != .llamacpp else { return .ready(remark: Self.idle) }
            guard !state.hasFailed else { return .never(Self.failure(state)) }
            return .notYet("the model is \(ServerAnswer.line(state.value))")
        }
        if found == nil, engine != .mistralrs {
            guard let model else { return .never("the server has no model") }
            let others = listed.data.map { "`\($0.id)`" }.joined(separator: ", ")
            let served = others.isEmpty ? "nothing" : ServerAnswer.line(others)
            return .never("the server serves \(served), not `\(model)`")
        }
        // mistral.rs names a model after a path, and answers to this name whatever the path.
        model = engine == .mistralrs ? "default" : found?.id ?? model
        step = .completion
        return .next
    }

    /// The model that is meant; any that can answer, if none is named.
    private func find(in listed: ListedModels) -> ListedModels.Entry? {
        if let model { return listed.data.first { $0.isCalled(model) } }
        return listed.proper.first { $0.status?.isLoaded != false } ?? listed.proper.first
    }

    private static let idle = "no model is loaded yet: it loads them as they are asked for"

    private static func failure(_ state: ListedModels.Status) -> String {
        "its process for the model ended" + (state.exitCode.map { " with status \($0)" } ?? "")
    }

    // MARK: Documents

    private var completion: [UInt8]? {
        struct Document: Encodable {
            let model: String
            let prompt = "1"
            let tokens = 1
            let temperature = 0
            enum CodingKeys: String, CodingKey { case model, prompt, temperature, tokens = "max_tokens" }
        }
        return try? JSON.encodeLine(Document(model: model ?? "default"))
    }

    private var embedding: [UInt8]? {
        struct Document: Encodable {
            let model: String
            let input = "1"
        }
        return try? JSON.encodeLine(Document(model: model ?? "default"))
    }
}
