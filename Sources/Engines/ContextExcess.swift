public import Catalog

/// A context that a stack asks for beyond what requests can make use of.
public struct ContextExcess: Sendable, Equatable {
    /// The tokens that the stack asks for: with vLLM of one request, else of all requests together.
    public let asked: Int
    /// The requests that share them; 1 where each has as many of its own.
    public let requests: Int
    /// The tokens that one request can make use of: what the model was made for.
    public let window: Int
    /// Whether the engine is told the window instead, since it would not start with more.
    public let isCut: Bool

    /// The tokens that all of the requests can make use of.
    public var usable: Int { window * requests }

    /// Compares what a launch in a stack asks for with the window of a model.
    ///
    /// It is `nil` where that is not too much, or where the engine is told to stretch the window. Without settings those
    /// of the stack hold.
    public init?(of stack: Stack, settings: EffectiveSettings? = nil, window: Int) {
        let options = ContextOptions(stack.engine)
        let settings = settings ?? stack.settings
        let extra = settings[SettingKey<[String]>.extra(of: stack.engine)] ?? []
        guard !options.isStretched(by: extra) else { return nil }
        let told = extra.value(ofOption: options.context)
        guard let asked = told.map(ContextOptions.tokens) ?? settings[SettingKey.context], asked > 0 else {
            return nil
        }
        var requests = 1
        if !options.requests.isEmpty {
            let told =
                extra.value(ofOption: options.requests).flatMap { Int($0) } ?? settings[SettingKey.parallel]
            requests = told.flatMap { $0 > 0 ? $0 : nil } ?? EngineMemory(stack.engine).slots
        }
        let (usable, overflow) = window.multipliedReportingOverflow(by: requests)
        guard window > 0, !overflow, asked > usable else { return nil }
        (self.asked, self.requests, self.window) = (asked, requests, window)
        isCut = stack.engine == .vllm && told == nil
    }
}
