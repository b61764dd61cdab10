import HTTPTypes
import Platform

/// What is answered to a request, before anything is sent.
struct Answer: Sendable {
    enum Content: Sendable {
        case bytes([UInt8])
        case file(File, offset: Int64, length: Int64)

        var length: Int64 {
            switch self {
            case .bytes(let bytes): Int64(bytes.count)
            case .file(_, _, let length): length
            }
        }
    }

    var status: HTTPResponse.Status
    var fields: HTTPFields
    var content: Content

    init(_ status: HTTPResponse.Status = .ok, _ fields: HTTPFields = [:], _ content: Content = .bytes([])) {
        self.status = status
        self.fields = fields
        self.content = content
    }

    static func json(_ value: some Encodable, _ fields: HTTPFields = [:]) throws -> Answer {
        var fields = fields
        fields[.contentType] = "application/json; charset=utf-8"
        return Answer(.ok, fields, .bytes(try JSON.encodeLine(value)))
    }
}

/// Why a request is not answered with what it asks for, in the words and codes of the hub.
struct Refusal: Error, Sendable {
    let status: HTTPResponse.Status
    var code: String?
    let message: String
    var fields: HTTPFields = [:]

    static let repositoryNotFound = Refusal(
        status: .notFound,
        code: "RepoNotFound",
        message: "Repository not found"
    )
    static let notFound = Refusal(status: .notFound, message: "Not found")
    static let malformed = Refusal(status: .badRequest, message: "Malformed request")

    static func revisionNotFound(_ name: String) -> Refusal {
        Refusal(status: .notFound, code: "RevisionNotFound", message: "Invalid rev id: \(name)")
    }

    static func entryNotFound(_ revision: Revision) -> Refusal {
        Refusal(
            status: .notFound,
            code: "EntryNotFound",
            message: "Entry not found",
            fields: [.repositoryCommit: revision.commit]
        )
    }

    static func methodNotAllowed(_ allowed: String) -> Refusal {
        Refusal(status: .methodNotAllowed, message: "Method not allowed", fields: [.allow: allowed])
    }

    /// A message goes into a field too, where it must be visible ASCII.
    var answer: Answer {
        var fields = fields
        fields[.errorCode] = code
        fields[.errorMessage] = String(message.map { $0.isASCII && !$0.isNewline && $0 >= " " ? $0 : "?" })
        let body = (try? JSON.encodeLine(["error": message])) ?? []
        fields[.contentType] = "application/json; charset=utf-8"
        return Answer(status, fields, .bytes(body))
    }
}

extension HTTPField.Name {
    static let repositoryCommit = named("X-Repo-Commit")
    static let errorCode = named("X-Error-Code")
    static let errorMessage = named("X-Error-Message")
    static let linkedETag = named("X-Linked-ETag")
    static let linkedSize = named("X-Linked-Size")
    static let link = named("Link")
    static let forwardedProtocol = named("X-Forwarded-Proto")

    private static func named(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("`\(text)` is no name of a field") }
        return name
    }
}
