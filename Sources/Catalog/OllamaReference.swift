import Platform

/// A model of a registry of Ollama's kind: the registry's host, the model and its tag.
public struct OllamaReference: Sendable, Hashable, CustomStringConvertible {
    /// The registry's host in lower case, with a port if one was named.
    public let host: String
    /// Whether the registry is asked over TLS: all are but those of this machine and those named with `ollama+http`.
    public let usesTLS: Bool
    /// The model, `namespace/model`.
    public let repository: String
    /// The tag.
    public let tag: String

    private static let usualHost = "registry.ollama.ai"
    private static let usualNamespace = "library"
    private static let usualTag = "latest"

    /// Reads `[[host[:port]/]namespace/]model[:tag]`, which may begin with `ollama://` or `ollama+http://`; `nil` if it
    /// is not of this form.
    public init?(parsing text: some StringProtocol) {
        var name = Substring(text)
        var isPlain = false
        for scheme in ["ollama://", "ollama+http://"] where name.lowercased().hasPrefix(scheme) {
            name = name.dropFirst(scheme.count)
            isPlain = scheme != "ollama://"
            break
        }
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), let last = parts.popLast() else { return nil }
        let pieces = last.split(separator: ":", omittingEmptySubsequences: false)
        guard pieces.count <= 2, let model = pieces.first else { return nil }
        let namespace = parts.last ?? Substring(Self.usualNamespace)
        let host = parts.count == 2 ? parts[0].lowercased() : Self.usualHost
        let tag = pieces.count == 2 ? pieces[1] : Substring(Self.usualTag)
        guard Self.isPart(model), Self.isPart(tag), Self.isPart(namespace), !namespace.contains("."),
            Self.isHost(host), !isPlain || host != Self.usualHost
        else { return nil }
        self.host = host
        usesTLS = !isPlain && !Self.isLoopback(host)
        repository = "\(namespace)/\(model)"
        self.tag = String(tag)
    }

    /// The registry's address.
    public var endpoint: String { "\(usesTLS ? "https" : "http")://\(host)" }

    /// The model without its namespace.
    public var model: String { String(repository.drop { $0 != "/" }.dropFirst()) }

    /// The quantization that the tag names, if it names one.
    public var quantization: Quantization? { Quantization.label(inFileName: "-\(tag).gguf") }

    /// The page that lists the model's tags, if there is one.
    public var page: String? {
        host == Self.usualHost ? "https://ollama.com/\(repository)/tags" : nil
    }

    /// The name that the model is stored under unless the user gives another one; `nil` if it would be too long to be
    /// typed.
    ///
    /// It reads back as itself, and is no other model's.
    public var storedName: String? {
        var name = "ollama-"
        if host != Self.usualHost { name += host.map { $0 == ":" ? "-" : "\($0)" }.joined() + "--" }
        let isUsual = host == Self.usualHost && repository.hasPrefix("\(Self.usualNamespace)/")
        name += isUsual ? model : repository.split(separator: "/").joined(separator: "--")
        guard let reference = try? ModelReference(parsing: "\(name):\(tag)", environment: [:]) else {
            return nil
        }
        return "\(reference)"
    }

    /// The shortest form that reads back as the same reference.
    public var description: String {
        let isUsual = host == Self.usualHost && repository.hasPrefix("\(Self.usualNamespace)/")
        let place = isUsual ? model : host == Self.usualHost ? repository : "\(host)/\(repository)"
        let scheme = usesTLS || Self.isLoopback(host) ? "ollama" : "ollama+http"
        return "\(scheme)://\(place)\(tag == Self.usualTag ? "" : ":\(tag)")"
    }
}

// MARK: Rules

extension OllamaReference {
    /// Ollama's own rule for the parts of a name.
    private static func isPart(_ text: Substring) -> Bool {
        guard (1...80).contains(text.utf8.count), let first = text.utf8.first, isWord(first) else {
            return false
        }
        return isWithoutDoubleDots(text)
            && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    /// A name or an IPv4 address, with or without a port.
    private static func isHost(_ text: String) -> Bool {
        let pieces = text.split(separator: ":", omittingEmptySubsequences: false)
        if pieces.count == 2 {
            guard pieces[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(pieces[1]),
                (1...65_535).contains(port)
            else { return false }
        }
        guard pieces.count <= 2, let name = pieces.first, (1...253).contains(name.utf8.count),
            let first = name.utf8.first, isWord(first)
        else { return false }
        return isWithoutDoubleDots(name)
            && name.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    private static func isLoopback(_ host: String) -> Bool {
        let name = host.prefix { $0 != ":" }
        let numbers = name.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return name == "localhost" || name.hasSuffix(".localhost")
            || (numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil))
    }

    private static func isWithoutDoubleDots(_ text: Substring) -> Bool {
        !zip(text.utf8, text.utf8.dropFirst()).contains { $0 == UInt8(ascii: ".") && $1 == UInt8(ascii: ".") }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }
}
