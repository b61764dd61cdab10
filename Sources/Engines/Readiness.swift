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

    /// A question over HTTP.
    public struct Question: Sendable, Equatable {
        /// The path.
        public let path: String
        /// The document that is sent; without one it is a GET.
        public let body: [UInt8]?
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
    public var question: Question {
        switch step {
        case .health: Question(path: health, body: nil)
        case .models: Question(path: "/v1/models", body: nil)
        case .completion: Question(path: "/v1/completions", body: completion)
        case .embedding: Question(path: "/v1/embeddings", body: embedding)
        }
    }

    /// Takes the answer to the question; `status` is `nil` if none came.
    public mutating func judge(status: Int?, body: [UInt8]) -> Verdict {
        guard let status else { return .notYet("nothing answers yet") }
        let words = Self.words(status, body)
        switch step {
        case .health:
            guard status == 200 else { return .notYet(words) }
            step = .models
            return .next
        case .models: return judgeModels(status, body, words)
        case .completion:
            switch status {
            case 200: return .ready(remark: nil)
            case 401, 403: return .ready(remark: Self.noKey)
            case 429, 503: return .notYet(words)
            case 400..<500, 501:
                step = .embedding(refusal: words)
                return .next
            default: return .notYet(words)
            }
        case .embedding(let refusal):
            switch status {
            case 200: return .ready(remark: nil)
            case 429, 503: return .notYet(words)
            case 400..<500, 501: return .never(refusal)
            default: return .notYet(words)
            }
        }
    }

    private static let noKey =
        "it wants an API key that its container's environment does not have; no token was tried"

    // MARK: Models

    private struct Listed: Decodable {
        struct Model: Decodable {
            let id: String
            let aliases: [String]?
            let status: Status?
        }
        /// llama.cpp's router says it in an object, mistral.rs in a word.
        struct Status: Decodable {
            let value: String

            init(from decoder: any Decoder) throws {
                struct Object: Decodable { let value: String }
                let container = try decoder.singleValueContainer()
                if let word = try? container.decode(String.self) {
                    value = word
                } else {
                    value = try container.decode(Object.self).value
                }
            }
        }
        let data: [Model]
    }

    private mutating func judgeModels(_ status: Int, _ body: [UInt8], _ words: String) -> Verdict {
        switch status {
        case 200: break
        case 401, 403: return .ready(remark: Self.noKey)
        case 404, 405:
            step = .completion
            return .next
        default: return .notYet(words)
        }
        guard let listed = try? JSON.decode(Listed.self, from: body) else {
            return .never("what answers at `/v1/models` is no inference server")
        }
        let found = listed.data.first { entry in
            model == nil
                ? entry.id != "default" : entry.id == model || entry.aliases?.contains(model ?? "") == true
        }
        if let state = found?.status?.value, state != "loaded" { return .notYet("the model is \(state)") }
        if let model, found == nil, engine != .mistralrs {
            let others = listed.data.map { "`\($0.id)`" }.joined(separator: ", ")
            return .never("the server serves \(others.isEmpty ? "nothing" : others), not `\(model)`")
        }
        // mistral.rs names a model after a path, and answers to this name whatever the path.
        model = engine == .mistralrs ? "default" : found?.id ?? model
        step = .completion
        return .next
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

    /// The reason in an answer, as the engines word it, or its status.
    private static func words(_ status: Int, _ body: [UInt8]) -> String {
        struct Refusal: Decodable {
            struct Reason: Decodable { let message: String }
            let error: Reason?
            let message: String?
        }
        let refusal = try? JSON.decode(Refusal.self, from: body)
        guard let reason = refusal?.error?.message ?? refusal?.message else { return "it answers \(status)" }
        let line = reason.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }
        return "it answers \(status): \(String(line.prefix(200)))"
    }
}
