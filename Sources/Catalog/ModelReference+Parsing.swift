import Platform
import SystemPackage

/// Takes a typed reference apart.
struct ModelReferenceScanner {
    private let text: String
    private let environment: Environment

    init(text: String, environment: Environment) {
        self.text = text
        self.environment = environment
    }

    mutating func reference() throws(ModelReferenceError) -> ModelReference {
        guard !text.isEmpty, !text.allSatisfy(\.isWhitespace) else { throw .empty }
        guard text.utf8.count <= 1024,
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else {
            throw .unprintable
        }
        if let path = localPath() { return ModelReference(.local(path)) }
        if let name = try registryName() { return ModelReference(.ollama(name)) }
        if let address = try hubAddress() {
            return try address.isURL ? fromURL(address.path) : fromHub(address.path)
        }
        return try text.contains("/") ? fromHub(text[...]) : fromCatalog()
    }

    // MARK: Local

    private func localPath() -> FilePath? {
        if text == "~" || text.hasPrefix("~/"), let home = environment["HOME"] {
            return FilePath(home).pushing(FilePath(String(text.dropFirst(2))))
        }
        let isLocal =
            [".", "..", "~"].contains(text) || ["/", "./", "../", "~/"].contains { text.hasPrefix($0) }
        return isLocal ? FilePath(text) : nil
    }

    // MARK: Registries of Ollama's kind

    private func registryName() throws(ModelReferenceError) -> OllamaReference? {
        let lower = text.lowercased()
        for site in ["https://ollama.com/", "ollama.com/", "registry.ollama.ai/"] where lower.hasPrefix(site)
        {
            let path = text.dropFirst(site.count).prefix { $0 != "?" && $0 != "#" }
            // Other pages of the site have one part, or more than two.
            guard path.count(where: { $0 == "/" }) == 1, let name = OllamaReference(parsing: path) else {
                throw .badRegistryName(text)
            }
            return name
        }
        guard lower.hasPrefix("ollama://") || lower.hasPrefix("ollama+http://") else { return nil }
        guard let name = OllamaReference(parsing: text) else { throw .badRegistryName(text) }
        return name
    }

    // MARK: The hub

    /// What follows the hub's own name, if the text begins with it.
    private func hubAddress() throws(ModelReferenceError) -> (path: Substring, isURL: Bool)? {
        let lower = text.lowercased()
        for prefix in ["hf://", "hf.co/", "huggingface.co/"] where lower.hasPrefix(prefix) {
            return (text.dropFirst(prefix.count), false)
        }
        for scheme in ["https://", "http://"] where lower.hasPrefix(scheme) {
            for host in ["huggingface.co/", "www.huggingface.co/", "hf.co/"]
            where lower.hasPrefix(scheme + host) {
                return (text.dropFirst(scheme.count + host.count), true)
            }
        }
        if lower.contains("://") { throw .badAddress(text) }
        return nil
    }

    /// `organization/name[/tree/REV | /resolve/REV/file | /blob/REV/file][?query]`, percent-encoded.
    private func fromURL(_ rest: Substring) throws(ModelReferenceError) -> ModelReference {
        let path = rest.prefix { $0 != "?" && $0 != "#" }
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        if parts.last == "" { parts.removeLast() }
        guard parts.count > 2 else { return try fromHub(parts.joined(separator: "/")[...]) }
        let id = try repository(parts.prefix(2).joined(separator: "/")[...])
        guard parts.count >= 4, let decoded = Self.percentDecoded(parts[3]) else { throw .badAddress(text) }
        let revision = try revision(decoded[...])
        let file = parts.dropFirst(4)
        switch parts[2] {
        case "tree":
            if file.isEmpty { return ModelReference(.repository(id), revision: revision) }
            // The folder of one quantization, as publishers of large models lay them out.
            guard file.count == 1, let quantization = file.first.flatMap({ Quantization(parsing: $0) }) else {
                throw .badAddress(text)
            }
            return ModelReference(.repository(id), quantization: quantization, revision: revision)
        case "resolve", "blob", "raw":
            guard let name = Self.percentDecoded(file.joined(separator: "/")[...]) else {
                throw .badAddress(text)
            }
            return ModelReference(.repositoryFile(id, path: try self.path(name[...])), revision: revision)
        default: throw .badAddress(text)
        }
    }

    /// `organization/name[:quant][@revision]` or `organization/name/path[@revision]`.
    private func fromHub(_ rest: Substring) throws(ModelReferenceError) -> ModelReference {
        let rest = rest.last == "/" ? rest.dropLast() : rest
        let repository = rest.prefix { $0 != "@" }
        if repository.count(where: { $0 == "/" }) >= 2 { return try fileOnHub(rest) }
        var (wanted, file): (String?, Substring?)
        if repository.endIndex < rest.endIndex {
            var name = rest[rest.index(after: repository.endIndex)...]
            // `name@revision/path`, as the hub's own file system writes it.
            if Self.isWeightsFile(name) { (name, file) = Self.splitRevision(name) }
            wanted = try revision(name)
        }
        let pieces = repository.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let id = try self.repository(pieces[0])
        if pieces.count == 2, Self.isWeightsFile(pieces[1]) { file = file ?? pieces[1] }
        if let file { return ModelReference(.repositoryFile(id, path: try path(file)), revision: wanted) }
        guard pieces.count == 2, pieces[1] != "latest" else {
            return ModelReference(.repository(id), revision: wanted)
        }
        guard let quantization = Quantization(parsing: pieces[1]) else {
            throw .badQuantization(String(pieces[1]))
        }
        return ModelReference(.repository(id), quantization: quantization, revision: wanted)
    }

    private func fileOnHub(_ rest: Substring) throws(ModelReferenceError) -> ModelReference {
        var file = rest
        var wanted: String?
        // An `@` before the ending of a file belongs to its name.
        if let at = rest.lastIndex(of: "@"), !Self.isWeightsFile(rest[at...]) {
            file = rest[..<at]
            wanted = try revision(rest[rest.index(after: at)...])
        }
        let parts = file.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        let id = try repository(parts.prefix(2).joined(separator: "/")[...])
        return ModelReference(.repositoryFile(id, path: try path(parts[2])), revision: wanted)
    }

    private func repository(_ id: Substring) throws(ModelReferenceError) -> String {
        guard Self.isRepository(id) else { throw .badRepository(String(id)) }
        return String(id)
    }

    private func path(_ path: Substring) throws(ModelReferenceError) -> RelativePath {
        guard let checked = RelativePath(path) else { throw .badPath(String(path)) }
        return checked
    }

    private func revision(_ name: Substring) throws(ModelReferenceError) -> String {
        let isClean = name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !Self.notInRevisions.contains($0) }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard isClean, name.utf8.count <= 255, name.first != "-", !name.contains(".."),
            parts.allSatisfy({ !$0.isEmpty && $0 != "." })
        else { throw .badRevision(String(name)) }
        return String(name)
    }

    // MARK: The catalog

    /// `NAME[:TAG][-QUANT]`.
    private func fromCatalog() throws(ModelReferenceError) -> ModelReference {
        let lower = text.lowercased()
        if lower.hasSuffix(".gguf") || lower.hasSuffix(".safetensors") { throw .bareFileName(text) }
        let pieces = lower.split(separator: ":", omittingEmptySubsequences: false)
        guard pieces.count <= 2, pieces.allSatisfy(Self.isName) else { throw .badName(text) }
        guard pieces.count == 2 else {
            let (name, quantization) = Self.splitQuantization(pieces[0])
            return ModelReference(.catalog(name: name, tag: nil), quantization: quantization)
        }
        let name = String(pieces[0])
        if let quantization = Quantization(parsing: pieces[1]) {
            return ModelReference(.catalog(name: name, tag: nil), quantization: quantization)
        }
        let (tag, quantization) = Self.splitQuantization(pieces[1])
        return ModelReference(.catalog(name: name, tag: tag), quantization: quantization)
    }
}

// MARK: Rules

extension ModelReferenceScanner {
    private static let notInRevisions = Set("\\?*[~^:@".utf8)

    /// The hub's own rule for the id of a repository.
    static func isRepository(_ id: some StringProtocol) -> Bool {
        let parts = Array(id.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        let areClean = parts.allSatisfy { part in
            part.last?.isWordByte == true && part.count <= 96 && isName(part, without: ["--", ".."])
        }
        guard areClean else { return false }
        let words = parts.map { String(decoding: $0, as: UTF8.self).lowercased() }
        return !["datasets", "spaces", "models", "api"].contains(words[0]) && !words[1].hasSuffix(".git")
    }

    /// Whether a text can be the name or the tag of a model in the catalog.
    static func isName(_ text: some StringProtocol) -> Bool {
        text.utf8.count <= 96 && isName(Array(text.utf8)[...], without: [".."])
    }

    /// Whether it begins with a letter, a digit or `_`, and has just those, `-` and `.`.
    private static func isName(_ bytes: ArraySlice<UInt8>, without pairs: [String]) -> Bool {
        guard bytes.first?.isWordByte == true else { return false }
        return bytes.allSatisfy { $0.isWordByte || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
            && !zip(bytes, bytes.dropFirst()).contains { left, right in
                pairs.contains { $0.utf8.elementsEqual([left, right]) }
            }
    }

    /// Takes a quantization off the end of a name: `7b-q5_k_m`, but not `7b-v0.2`.
    static func splitQuantization(_ text: Substring) -> (name: String, quantization: Quantization?) {
        for index in text.indices where text[index] == "-" && index > text.startIndex {
            if let quantization = Quantization(parsing: text[text.index(after: index)...]) {
                return (String(text[..<index]), quantization)
            }
        }
        return (String(text), nil)
    }

    private static func isWeightsFile(_ text: Substring) -> Bool {
        let lower = text.lowercased()
        return lower.hasSuffix(".gguf") || lower.hasSuffix(".safetensors")
    }

    /// Splits `revision/path`; a reference such as `refs/pr/1` has three parts.
    private static func splitRevision(_ text: Substring) -> (revision: Substring, file: Substring?) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let count = parts.first == "refs" && parts.count > 3 ? 3 : 1
        guard parts.count > count else { return (text, nil) }
        return (
            parts.prefix(count).joined(separator: "/")[...],
            parts.dropFirst(count).joined(separator: "/")[...]
        )
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.first != UInt8(ascii: "+"),
                let value = UInt8(Substring(digits), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    /// A letter or digit of ASCII, or `_`.
    fileprivate var isWordByte: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }
}
