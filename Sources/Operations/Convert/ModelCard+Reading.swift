import Catalog
import Conversion
import Platform
import SystemPackage

extension ModelCard {
    private static let name = "README.md"
    /// What is longer is no card that people read.
    private static let longest: ByteCount = 4_000_000

    /// Reads the front matter of a model's card; one that cannot be read says nothing, which is told.
    static func read(in folder: FilePath, _ report: Reporter) -> ModelCard {
        let path = folder.appending(name)
        guard FileSystem.exists(path) else { return ModelCard() }
        do {
            let text = String(decoding: try FileSystem.read(path, limit: longest), as: UTF8.self)
            return try ModelCard(frontMatterOf: text)
        } catch {
            report(
                .warning(
                    "the beginning of \(name) cannot be read, so the GGUF has no license and no tags: \(error)"
                )
            )
            return ModelCard()
        }
    }

    /// Reads what stands between the first two lines of three dashes.
    init(frontMatterOf text: String) throws(DeclarationError) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.first == "---" else {
            self.init()
            return
        }
        let own = lines.dropFirst().prefix { $0 != "---" }
        let yaml = own.map { line in
            // A tab is no indentation, though some cards have it for one.
            let line = line.replacing("\t", with: "  ")
            return line.hasSuffix("- no") ? "\(line.dropLast(2))\"no\"" : line
        }
        // The first line is the one with the dashes.
        let root = try YAMLNode.parse(Array("\n\(yaml.joined(separator: "\n"))\n".utf8), file: Self.name)
        guard case .mapping(let pairs) = root.content else {
            self.init()
            return
        }
        self.init(pairs.map { CardEntry($0.name, CardValue($0.value)) })
    }
}

extension CardValue {
    fileprivate init(_ node: YAMLNode) {
        switch node.content {
        case _ where node.isNull: self = .null
        case .scalar(let text, _): self = .text(text)
        case .sequence(let items): self = .list(items.map { CardValue($0) })
        case .mapping(let pairs): self = .map(pairs.map { CardEntry($0.name, CardValue($0.value)) })
        }
    }
}
