import Platform
import Transport

/// What a hub's refusal says besides what it means.
public struct HubAnswer: Sendable, Hashable, CustomStringConvertible {
    /// The status.
    public let status: Int
    /// The hub's own words, on one line; empty if it has none.
    public let message: String
    /// The request's name in the hub's logs.
    public let request: String?

    /// Whether the token, of a user who may have it, was made for less than this.
    ///
    /// A refinement: without it the words are those for a user to whom nothing was granted.
    var isAboutScope: Bool { message.lowercased().contains("fine-grained token") }
    /// Whether the repository was closed by the hub; a refinement too.
    var isAboutClosing: Bool { message.lowercased().contains("this resource is disabled") }

    init(_ response: HTTPResponse) {
        let head = response.head
        status = head.status
        message = Self.line(head["x-error-message"] ?? Self.error(in: response.body), most: 300)
        let names = ["x-request-id", "x-amzn-trace-id", "x-amz-cf-id"]
        request = names.lazy.compactMap { head[$0] }.first.map { Self.line($0, most: 100) }
    }

    /// Status, words and name, as far as there are any.
    public var description: String {
        let named = "status \(status)" + (request.map { ", request \($0)" } ?? "")
        return message.isEmpty ? named : "\(named): \(message)"
    }

    private static func error(in body: [UInt8]) -> String {
        struct One: Decodable { let error: String }
        struct Several: Decodable { let error: [String] }
        if let document = try? JSON.decode(One.self, from: body) { return document.error }
        if let document = try? JSON.decode(Several.self, from: body) {
            return document.error.joined(separator: "; ")
        }
        return String(decoding: body.prefix(2000), as: UTF8.self)
    }

    /// The beginning of a text, its lines made one.
    private static func line(_ text: String, most: Int) -> String {
        let words = text.prefix(2000).split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
        return words.count > most ? "\(words.prefix(most))…" : words
    }
}
