import Catalog
import Platform
import Testing

@testable import Operations

extension Samples {
    /// What is known of a stored model.
    var limits: ModelLimits {
        ModelLimits(
            model: hostile ?? "qwen2.5-coder:7b",
            stack: "llamacpp",
            known: true,
            family: hostile ?? "qwen2",
            contextWindow: 32_768,
            maxOutput: 8192,
            capabilities: [
                "streaming": true, "toolCalling": true, "vision": false, "audio": false, "reasoning": false,
                "fim": true,
                "embedding": false,
            ],
            profiles: ["code", hostile ?? "fast"],
            sources: [
                "family": .table, "contextWindow": .header, "maxOutput": .table, "streaming": .table,
                "toolCalling": .header, "vision": .header, "audio": .header, "reasoning": .table,
                "fim": .table,
                "embedding": .table, "profiles": .table,
            ],
            pattern: hostile ?? "qwen2.5-coder:*"
        )
    }

    /// What is assumed of one that nothing is known of.
    var unknownLimits: ModelLimits {
        ModelLimits(hostile ?? "mine", header: nil, table: nil, entry: nil)
    }
}

struct LimitShapeTests {
    private struct Shape: Decodable {
        let model: String
        let known: Bool
        let family: String?
        let contextWindow: Int
        let maxOutput: Int?
        let capabilities: [String: Bool]
        let profiles: [String]
        let sources: [String: String]
        let pattern: String?
    }

    @Test func `scripts find each value and how it is known`() throws {
        let shape = try JSON.decode(Shape.self, from: JSON.encode(Samples().limits))
        #expect(shape.model == "qwen2.5-coder:7b" && shape.known && shape.contextWindow == 32_768)
        #expect(shape.capabilities["toolCalling"] == true && shape.capabilities["vision"] == false)
        #expect(shape.sources["contextWindow"] == "header" && shape.sources["maxOutput"] == "table")
        #expect(shape.pattern == "qwen2.5-coder:*" && shape.family == "qwen2" && shape.maxOutput == 8192)
        let unknown = try JSON.decode(Shape.self, from: JSON.encode(Samples().unknownLimits))
        #expect(!unknown.known && unknown.family == nil && unknown.maxOutput == nil && unknown.pattern == nil)
        #expect(unknown.sources["contextWindow"] == "default" && unknown.profiles.isEmpty)
        #expect(Set(unknown.capabilities.keys) == Set(Capability.allCases.map(\.rawValue)))
    }
}
