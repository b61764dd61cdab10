import Console

/// Names and values under each other; what has no value is left out.
struct DefinitionList {
    let lines: [(name: String, value: String?)]

    func rendered(for terminal: Terminal) -> String {
        let width = lines.map(\.name.count).max() ?? 0
        var text = ""
        for case (let name, let value?) in lines where !value.isEmpty {
            let gap = String(repeating: " ", count: width - name.count + 2)
            text += terminal.style.dim(name) + gap + sanitized(value) + "\n"
        }
        return text
    }
}
