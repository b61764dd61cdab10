import Catalog
import Console
import Operations

/// How `limits` looks to a person.
enum ModelLimitsView {
    static func text(_ limits: ModelLimits, for terminal: Terminal) -> String {
        func said(_ value: String?, _ name: String) -> String? {
            value.map { "\($0) (\(words(limits.sources[name] ?? .default)))" }
        }
        let can = Capability.allCases.filter(limits.can)
        let list = DefinitionList(lines: [
            ("model", limits.model), ("stack", limits.stack), ("known", limits.known ? nil : "no"),
            ("family", said(limits.family, "family")),
            ("context window", said("\(limits.contextWindow) tokens", "contextWindow")),
            ("longest answer", said(limits.maxOutput.map { "\($0) tokens" }, "maxOutput")),
            ("can", can.compactMap { said($0.rawValue, $0.rawValue) }.joined(separator: ", ")),
            ("good for", limits.profiles.joined(separator: ", ")), ("pattern", limits.pattern),
        ])
        return list.rendered(for: terminal)
    }

    private static func words(_ origin: ModelLimits.Origin) -> String {
        switch origin {
        case .header: "header"
        case .table: "table"
        case .catalog: "catalog"
        case .default: "assumed"
        }
    }
}
