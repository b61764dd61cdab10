import SystemPackage

/// How a chat becomes a text.
struct ChatTemplates {
    private enum Found {
        case one(String)
        case several([(name: String, template: String)])
    }

    private let found: Found?

    init(_ files: TokenizerFiles) throws(HuggingFaceError) {
        // The settings come first, also where they say that there is none.
        if let value = files.settings?["chat_template"] {
            found = value.string.map(Found.one) ?? Self.several(value)
        } else if let text = try files.folder.text("chat_template.jinja") {
            let others = try Self.additional(files.folder)
            found = others.isEmpty ? .one(text) : .several([("default", text)] + others)
        } else {
            found = try files.folder.json("chat_template.json")?.root["chat_template"]?.string.map(Found.one)
        }
    }

    private static func several(_ value: JSONValue) -> Found? {
        guard value.isArray else { return nil }
        return .several(
            value.elements.compactMap { choice in
                choice["template"]?.string.map { (choice["name"]?.string ?? "", $0) }
            }
        )
    }

    private static func additional(_ folder: HuggingFaceFolder) throws(HuggingFaceError) -> [(String, String)]
    {
        let inner = HuggingFaceFolder(path: folder.path.appending("additional_chat_templates"))
        var templates: [(String, String)] = []
        for file in try inner.files().sorted() where file.hasSuffix(".jinja") {
            guard let text = try inner.text(file) else { continue }
            templates.append((String(file.dropLast(".jinja".count)), text))
        }
        return templates
    }

    func add(to keys: inout HeaderKeys) {
        switch found {
        case nil: return
        case .one(let template): keys.set("tokenizer.chat_template", text: template)
        case .several(let templates):
            var names: [String] = []
            for (name, template) in templates where !name.isEmpty && Self.plain(name) != "default" {
                keys.set("tokenizer.chat_template.\(Self.plain(name))", text: template)
                if !names.contains(Self.plain(name)) { names.append(Self.plain(name)) }
            }
            keys.set("tokenizer.chat_templates", texts: names)
            if let usual = templates.last(where: { $0.name == "default" }) {
                keys.set("tokenizer.chat_template", text: usual.template)
            }
        }
    }

    private static func plain(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.map { $0.isPlain ? $0 : "_" }))
    }
}

extension Unicode.Scalar {
    fileprivate var isPlain: Bool {
        ("a"..."z").contains(self) || ("A"..."Z").contains(self) || ("0"..."9").contains(self)
    }
}
