import Catalog
import Platform
import Testing

@testable import Operations

extension Samples {
    /// The model for a task.
    var routed: RoutedModel {
        RoutedModel(
            profile: "code",
            model: hostile ?? "qwen2.5-coder:7b",
            stack: "llamacpp",
            baseURL: "http://127.0.0.1:8080/v1",
            reason: hostile ?? "code: of the preferred family `qwen2.5-coder`, stored in `llamacpp`",
            passedOver: [
                .init(
                    model: hostile ?? "qwen2.5-coder:3b",
                    stack: "llamacpp",
                    reason: hostile ?? "`qwen2.5-coder:7b` goes before it: it is larger"
                ),
                .init(model: "mistral:7b", stack: "mistral", reason: "nothing says that it is for `code`"),
            ],
            path: ["code"],
            name: hostile ?? "qwen2.5-coder:7b",
            format: "gguf",
            quant: "q5_k_m",
            state: .stored,
            contextLength: 32_768,
            capabilities: [.streaming, .toolCalling, .fim],
            command: "stackctl llamacpp use qwen2.5-coder:7b"
        )
    }
}

struct RouteShapeTests {
    private struct Shape: Decodable {
        struct Other: Decodable { let model, stack, reason: String }
        let profile, model, stack, baseURL, reason, name, format, quant, state: String
        let passedOver: [Other]
        let path, capabilities: [String]
        let contextLength: Int
        let command: String?
    }

    @Test func `scripts find where to send what`() throws {
        let shape = try JSON.decode(Shape.self, from: JSON.encode(Samples().routed))
        #expect(shape.profile == "code" && shape.model == "qwen2.5-coder:7b" && shape.stack == "llamacpp")
        #expect(
            shape.baseURL == "http://127.0.0.1:8080/v1" && shape.state == "stored" && shape.path == ["code"]
        )
        #expect(shape.passedOver.map(\.model) == ["qwen2.5-coder:3b", "mistral:7b"])
        #expect(shape.passedOver.last?.reason == "nothing says that it is for `code`")
        #expect(shape.capabilities == ["streaming", "toolCalling", "fim"] && shape.contextLength == 32_768)
    }
}
