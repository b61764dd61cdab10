import Platform

/// A question to an engine's server over HTTP.
public struct ServerQuestion: Sendable, Equatable {
    /// The path, with what stands behind it.
    public let path: String
    /// The document that is sent; without one it is a GET.
    public let body: [UInt8]?

    /// States a question.
    public init(_ path: String, body: [UInt8]? = nil) {
        self.path = path
        self.body = body
    }

    /// A question with a document of texts.
    init(_ path: String, _ document: [String: String]) {
        self.init(path, body: try? JSON.encodeLine(document))
    }
}

/// What an engine's server has answered: foreign bytes, whatever their status says of them.
public struct ServerAnswer: Sendable, Equatable {
    /// The longest part of a reason that is told.
    private static let longestReason = 200

    /// The status.
    public let status: Int
    /// The body.
    public let body: [UInt8]

    /// States an answer.
    public init(_ status: Int, _ body: [UInt8] = []) {
        self.status = status
        self.body = body
    }

    /// The body as a document; `nil` if it is none of this kind.
    func document<Document: Decodable>(_ type: Document.Type = Document.self) -> Document? {
        try? JSON.decode(type, from: body)
    }

    /// Its status, and the reason where it gives one as the engines do.
    var words: String {
        guard let reason = document(Refusal.self)?.reason, !reason.isEmpty else {
            return "it answers \(status)"
        }
        return "it answers \(status): \(Self.line(reason))"
    }

    /// A foreign text in one line of bounded length.
    static func line(_ text: String) -> String {
        let spaced = text.prefix(4 * longestReason).split(whereSeparator: \.isWhitespace).joined(
            separator: " "
        )
        let shown = RunLog.shown(Array(spaced.utf8))
        return shown.count > longestReason ? "\(shown.prefix(longestReason))…" : shown
    }
}

/// The ways in which the engines and their web frameworks give a reason.
private struct Refusal: Decodable {
    private struct Reason: Decodable { let message: String }
    private enum Keys: String, CodingKey { case error, message, detail }

    let reason: String?

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        func text(_ key: Keys) -> String? { try? values.decode(String.self, forKey: key) }
        let nested = try? values.decode(Reason.self, forKey: .error)
        reason = nested?.message ?? text(.error) ?? text(.message) ?? text(.detail)
    }
}
