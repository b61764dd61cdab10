public import Catalog
import Platform

/// A change of what a running server has loaded: what to ask it, in order, and what its answers mean.
///
/// Some engines answer before they have done it, or with 200 to what they have not done at all: what counts is what they
/// list afterwards.
public struct LiveChange: Sendable {
    /// What is to be done.
    public enum Action: String, Sendable, CaseIterable { case load, unload }
    /// What something loaded can be.
    public enum Kind: String, Sendable { case model, adapter }

    /// What is to be loaded or let go of.
    public struct Subject: Sendable, Equatable {
        /// As a person calls it.
        public let name: String
        /// Where the container sees the stored models of this name.
        public let modelPaths: [String]
        /// Where the container sees the adapter of this name, if there is one.
        public let adapterPath: String?

        /// States what is meant.
        public init(_ name: String, modelPaths: [String] = [], adapterPath: String? = nil) {
            self.name = name
            self.modelPaths = modelPaths
            self.adapterPath = adapterPath
        }
    }

    /// What an answer means.
    public enum Verdict: Sendable, Equatable {
        /// There is another question now.
        case next
        /// It is not done yet, in words; the question is to be asked again after a while.
        case notYet(String)
        /// It is done, or was already.
        case done(changed: Bool)
        /// It will not be done.
        case refused(Refusal)
    }

    /// Why it will not be done.
    public enum Refusal: Sendable, Equatable {
        /// The server has one model for as long as it runs.
        case needsRestart
        /// The server was started without the variable that allows it.
        case notAllowed(variable: String)
        /// The server knows no such thing, but these.
        case unknown([String])
        /// The server wants another API key, or one at all.
        case noKey
        /// The server has tried, in words.
        case failed(String)
        /// The server does not want to, in words.
        case refuses(status: Int, String)
        /// It is no server of this engine.
        case unlike
    }

    enum Step: Equatable {
        /// What kind of server llama.cpp's is.
        case role
        /// What there is; `fresh` after a look at the disk.
        case list(fresh: Bool)
        /// Which adapters mistral.rs has loaded.
        case adapters
        /// The change itself.
        case order
        /// How far it is.
        case watch
    }

    /// So often a server may list as it was before what it has been told to change.
    static let mostLooks = 40
    /// So often the change is asked for anew where the server says that it has come too late.
    static let mostOrders = 3

    let engine: EngineName
    /// What is to be done.
    public let action: Action
    let subject: Subject
    /// Whether the server was started with the variable that allows it to load adapters.
    let allowsAdapters: Bool
    var step: Step
    /// What the server calls it.
    public internal(set) var id: String
    /// What it is, as far as it is known.
    public internal(set) var kind = Kind.model
    var looks = 0
    var orders = 0

    /// Begins.
    public init(_ engine: EngineName, _ action: Action, _ subject: Subject, allowsAdapters: Bool = false) {
        self.engine = engine
        self.action = action
        self.subject = subject
        self.allowsAdapters = allowsAdapters
        step = engine == .llamacpp ? .role : .list(fresh: false)
        id = subject.name
    }

    /// Whether the question changes something; others only look.
    public var isOrder: Bool { step == .order }

    /// What to ask now.
    public var question: ServerQuestion {
        switch (engine, step) {
        case (.llamacpp, .role): ServerQuestion("/props")
        case (.llamacpp, .list(fresh: true)): ServerQuestion("/models?reload=1")
        case (.llamacpp, .order): ServerQuestion("/models/\(action.rawValue)", ["model": id])
        case (.llamacpp, _): ServerQuestion("/models")
        case (.mistralrs, .adapters): ServerQuestion("/v1/lora_adapters")
        case (.mistralrs, .watch): ServerQuestion("/v1/models/status", ["model_id": id])
        case (.mistralrs, .order) where kind == .model:
            ServerQuestion("/v1/models/\(action == .load ? "reload" : "unload")", ["model_id": id])
        case (_, .order): adapterOrder
        case (_, _): ServerQuestion("/v1/models")
        }
    }

    private var adapterOrder: ServerQuestion {
        guard action == .load, let path = subject.adapterPath else {
            return ServerQuestion("/v1/unload_lora_adapter", ["lora_name": id])
        }
        return ServerQuestion("/v1/load_lora_adapter", ["lora_name": id, "lora_path": path])
    }

    /// Takes the answer to the question, if one came.
    public mutating func judge(_ answer: ServerAnswer?) -> Verdict {
        guard let answer else { return .notYet("nothing answers") }
        switch answer.status {
        case 401: return .refused(.noKey)
        case 429: return .notYet(answer.words)
        default: break
        }
        return switch engine {
        case .llamacpp: judgeRouter(answer)
        case .mistralrs: judgeMistralRs(answer)
        case .vllm: judgeVLLM(answer)
        }
    }

    // MARK: What the engines have in common

    mutating func go(_ step: Step) -> Verdict {
        self.step = step
        return .next
    }

    /// What a look that was not answered with 200 means: a server in trouble may recover, and a refusal stays one.
    func unanswered(_ answer: ServerAnswer) -> Verdict {
        answer.status >= 500
            ? .notYet(answer.words) : .refused(.refuses(status: answer.status, answer.words))
    }

    /// The entry that is meant by name, or by where it is.
    func find(_ entries: [ListedModels.Entry]) -> ListedModels.Entry? {
        entries.first { $0.isCalled(subject.name) }
            ?? entries.first { entry in subject.modelPaths.contains { entry.isAt($0) } }
    }

    /// The server lists what it has listed before it was told.
    mutating func look(_ words: String) -> Verdict {
        looks += 1
        return looks < Self.mostLooks ? .notYet(words) : .refused(.failed(words))
    }
}
