import HTTPTypes
import Platform

/// Lets through who bears the token, if there is one.
struct Guard: Sendable {
    private let expected: [UInt8]?

    init(token: String?) { expected = token.map { Self.hashed($0) } }

    func check(_ asked: Asked) throws(Refusal) {
        guard let expected else { return }
        guard let field = asked[.authorization] else { throw .unauthorized("Invalid username or password.") }
        let words = field.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer",
            isSame(Self.hashed(String(words[1])), expected)
        else {
            throw .unauthorized("Invalid credentials in Authorization header")
        }
    }

    /// Hashes are of one length and tell nothing of how much of a guess was right.
    private static func hashed(_ token: String) -> [UInt8] { Array(Digest.of(Array(token.utf8)).hex.utf8) }

    private func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        zip(left, right).reduce(UInt8(left.count == right.count ? 0 : 1)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Refusal {
    static func unauthorized(_ message: String) -> Refusal {
        Refusal(
            status: .unauthorized,
            message: message,
            fields: [.wwwAuthenticate: "Bearer realm=\"Authentication required\", charset=\"UTF-8\""]
        )
    }
}
