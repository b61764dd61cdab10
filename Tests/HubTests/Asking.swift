import Hub
import Platform
import TestSupport
import Testing

/// What the hub refused with; fails the test if it did not refuse.
func refusal<Answer>(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ ask: () async throws -> Answer
) async -> HubError? {
    do {
        let answer = try await ask()
        Issue.record("the hub answered \(answer)", sourceLocation: sourceLocation)
    } catch let error as HubError {
        return error
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return nil
}

/// What a refusal says, which tells most of them apart.
func wordedRefusal<Answer>(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ ask: () async throws -> Answer
) async -> String {
    await refusal(sourceLocation: sourceLocation, ask).map { "\($0)" } ?? ""
}

extension HubClient {
    /// A client of a stub, with a token or without one.
    init(_ endpoint: String, token: String? = nil) {
        var variables = ["HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]
        variables["HF_TOKEN"] = token
        self.init(environment: Environment(variables))
    }
}

extension StubHub {
    /// Which of the requests to the hub carried a token.
    var tokensSeen: [String?] { requests(.hub).map(\.request.token) }
}
