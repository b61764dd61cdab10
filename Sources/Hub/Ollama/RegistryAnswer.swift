import Platform
import Transport

/// What a registry answered.
struct RegistryAnswer: Sendable {
    /// As long as a message of a registry can be.
    static let longestMessage: ByteCount = 65_536

    /// The answer; `nil` if its body is longer than was wanted.
    let response: HTTPResponse?
    /// The address that was asked.
    let url: String
    /// The token that was sent to it.
    let token: String?

    /// Nothing that goes on for long is a refusal or a redirect.
    var status: Int { response?.head.status ?? 200 }

    private var body: [UInt8] { response?.body ?? [] }

    var isRedirect: Bool { (300..<400).contains(status) && status != 304 }

    var isWebPage: Bool {
        let start = String(decoding: body.prefix(64), as: UTF8.self).lowercased()
        return start.contains("<html") || start.contains("<!doctype")
    }

    /// What a redirect leads to.
    func target() throws(HubError) -> String {
        try Self.target(of: response?.head["location"] ?? "", from: url)
    }

    /// What a `Location` leads to.
    static func target(of location: String, from url: String) throws(HubError) -> String {
        guard let target = resolve(location, against: url), let origin = Origin(target) else {
            throw .unexpected("the registry redirects to no address")
        }
        guard Origin(url)?.mayLead(to: origin) == true else {
            throw .unexpected("the registry redirects to \(origin), which is not encrypted")
        }
        return target
    }

    /// The registry's own words, on one line; empty if it has none.
    var message: String {
        struct Several: Decodable {
            struct Entry: Decodable { let message: String }
            let errors: [Entry]
        }
        if let document = try? JSON.decode(Several.self, from: body) {
            return document.errors.map(\.message).joined(separator: "; ")
        }
        return response.map { HubAnswer($0).message } ?? ""
    }
}
