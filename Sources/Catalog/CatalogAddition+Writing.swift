import Platform
public import SystemPackage

/// Why a model was not added to the user's catalog.
public enum CatalogAdditionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file declares it already.
    case exists(String)
    /// The file has these mistakes, or would have them.
    case invalid([DeclarationError])
    /// The file is written in a way that only a person can add to.
    case cannotExtend(DeclarationError)
    /// The file could not be read or written.
    case unreachable(DeclarationError)

    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .exists(let reference): "`\(reference)` is declared already"
        case .invalid(let problems): problems.map(\.description).joined(separator: "\n")
        case .cannotExtend(let problem), .unreachable(let problem): problem.description
        }
    }
}

extension CatalogAddition {
    private static let newFile = """
        # Models of your own, laid over the built-in catalog.
        # A variant here replaces the built-in one of the same name and tag.

        """

    /// Adds the model to the catalog file of a home and answers its path.
    ///
    /// Lines that are there stay as they are; what would not read back is not written.
    @discardableResult
    public func write(home: FilePath) throws(CatalogAdditionError) -> FilePath {
        let path = ModelCatalog.file(in: home)
        var refusal: CatalogAdditionError?
        do throws(DeclarationError) {
            try DeclaredFile.change(path, in: home) { (present) throws(DeclarationError) in
                do throws(CatalogAdditionError) {
                    return try text(addedTo: present ?? Array(Self.newFile.utf8), file: path.string)
                } catch {
                    refusal = error
                    throw DeclarationError(file: path.string, line: 0, column: 0, message: error.description)
                }
            }
        } catch { throw refusal ?? .unreachable(error) }
        return path
    }

    /// The text of a catalog with the model added; `file` names it in errors.
    public func text(addedTo present: [UInt8], file: String) throws(CatalogAdditionError) -> [UInt8] {
        let before = ModelCatalog.problems(in: present, file: file)
        guard before.isEmpty else { throw .invalid(before) }
        let result = try extended(present, file)
        let after = ModelCatalog.problems(in: result, file: file)
        guard after.isEmpty else { throw .invalid(after) }
        // Read back: an ending such as `...` can make nothing of what follows it.
        do throws(DeclarationError) {
            let count = try ModelCatalog.declaredCount(present, file)
            guard try ModelCatalog.declaredCount(result, file) == count + 1 else {
                throw DeclarationError(
                    file: file,
                    line: 1,
                    column: 1,
                    message: "the model cannot be added to this text"
                )
            }
        } catch { throw .cannotExtend(error) }
        return result
    }

    private func extended(_ present: [UInt8], _ file: String) throws(CatalogAdditionError) -> [UInt8] {
        var text = YAMLText(present)
        let root: YAMLNode
        do throws(DeclarationError) { root = try YAMLNode.parse(present, file: file) } catch {
            throw .invalid([error])
        }
        guard let models = root["models"] else {
            guard root.isNull else { throw .cannotExtend(root.error("there is no `models` to add to")) }
            text.append(["models:"] + model.lines(named: name, indent: 2, step: 2))
            return text.bytes
        }
        guard case .mapping(let pairs) = models.content, let first = pairs.first else {
            // `models:` with nothing, or with empty braces.
            guard models.isNull || text.removeBraces(of: models) else {
                throw .cannotExtend(models.error("`models` is not a mapping that lines can be added to"))
            }
            text.append(model.lines(named: name, indent: root.column + 1, step: 2))
            return text.bytes
        }
        guard !models.isFlow else {
            throw .cannotExtend(models.error("`models` is written with braces: add to it by hand"))
        }
        guard let own = pairs.first(where: { $0.name.lowercased() == name.lowercased() }) else {
            text.append(model.lines(named: name, indent: first.key.column - 1, step: 2))
            return text.bytes
        }
        let lines = try variantLines(in: own)
        text.insert(lines.lines, after: lines.line)
        return text.bytes
    }

    /// The lines of a further variant of a model that the file has, and the line they follow.
    private func variantLines(
        in own: YAMLNode.Pair
    ) throws(CatalogAdditionError) -> (lines: [String], line: Int) {
        guard let tag else { throw .exists(name) }
        guard let variants = own.value["variants"], case .mapping(let pairs) = variants.content,
            let first = pairs.first,
            !variants.isFlow, !own.value.isFlow
        else { throw .cannotExtend(own.key.error("`\(own.name)` has no list of variants to add to")) }
        let isTaken = pairs.contains { pair in
            let aliases = (try? pair.value["aliases"]?.words()) ?? []
            return ([pair.name] + aliases).contains { $0.lowercased() == tag.lowercased() }
        }
        if isTaken { throw .exists("\(name):\(tag)") }
        let block = YAMLBlock.mapping(shared + weights)
        return (block.lines(named: tag, indent: first.key.column - 1, step: 2), variants.lastLine)
    }

    // MARK: What is written

    private var model: YAMLBlock {
        guard let tag else { return .mapping(shared + weights) }
        return .mapping(shared + [("variants", .mapping([(tag, .mapping(weights))]))])
    }

    private var shared: [(name: String, value: YAMLBlock)] {
        [
            ("description", description.map(YAMLBlock.text)), ("family", family.map(YAMLBlock.text)),
            ("licence", licence.map(YAMLBlock.text)), ("gated", gated.map { .literal(String($0)) }),
        ].compactMap { name, value in value.map { (name, $0) } }
    }

    private var weights: [(name: String, value: YAMLBlock)] {
        let sources = gguf.sorted { $0.key < $1.key }.map { quantization, source in
            var parts: [(name: String, value: YAMLBlock)] =
                switch source.place {
                case .hub(let repository, let file):
                    [("repository", .text(repository)), ("file", .text(file))]
                case .ollama(let reference): [("ollama", .text("\(reference)"))]
                }
            if let sha256 = source.sha256 { parts.append(("sha256", .text(sha256.hex))) }
            return (name: quantization.name, value: YAMLBlock.mapping(parts))
        }
        return [
            ("safetensors", safetensors.map(YAMLBlock.text)), ("tokenizer", tokenizer.map(YAMLBlock.text)),
            ("gguf", sources.isEmpty ? nil : .mapping([("quants", .mapping(sources))])),
            ("parameters", parameters.map { .literal(String($0)) }),
            ("context", context.map { .literal(String($0)) }),
        ].compactMap { name, value in value.map { (name, $0) } }
    }
}

extension YAMLText {
    /// Takes the braces of an empty mapping away; `false` where they are not on one line.
    fileprivate mutating func removeBraces(of node: YAMLNode) -> Bool {
        guard case .mapping = node.content, let end = node.end, end.line == node.line else { return false }
        replace(node.line, node.column, end, with: "")
        return true
    }
}
