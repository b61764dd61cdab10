import Catalog
import Console
import Operations

/// How `route` looks to a person.
enum RoutedModelView {
    /// How many of those that were passed over are shown.
    private static let most = 12
    /// A name that is longer takes the room of its reason.
    private static let longestName = 40

    /// The name alone, as a client sends it.
    static func name(_ model: RoutedModel) -> String { "\(sanitized(model.model))\n" }

    static func text(_ model: RoutedModel, for terminal: Terminal) -> String {
        let list = DefinitionList(lines: [
            ("profile", model.path.joined(separator: " → ")), ("model", model.model),
            ("stored as", model.name == model.model ? nil : model.name), ("stack", model.stack),
            ("base URL", model.baseURL), ("state", model.state.rawValue),
            ("quantization", "\(model.format) \(model.quant)"),
            ("context window", "\(model.contextLength) tokens"),
            ("can", model.capabilities.map(\.rawValue).joined(separator: ", ")), ("why", model.reason),
        ])
        guard !model.passedOver.isEmpty else { return list.rendered(for: terminal) }
        var table = Table([
            .init("passed over", isFlexible: true, least: longestName, weight: .high), .init("stack"),
            .init("why not", isFlexible: true, weight: .low),
        ])
        for other in model.passedOver.prefix(most) {
            table.add([
                .init(truncated(other.model, to: longestName)), .init(other.stack), .init(other.reason),
            ])
        }
        let rest = model.passedOver.count - most
        let more = rest > 0 ? "and \(rest) more: see `--json`\n" : ""
        return list.rendered(for: terminal) + "\n" + table.rendered(for: terminal) + more
    }

    /// What is to be done before it answers; nothing if it is served.
    static func hint(_ model: RoutedModel, _ style: Style) -> String {
        guard let command = model.command else { return "" }
        return "\n\(style.cyan("hint")): `\(sanitized(command))`\n"
    }
}
