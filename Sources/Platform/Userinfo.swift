/// A text without the names and passwords that addresses in it may carry before their host.
public func withoutUserinfo(_ text: String) -> String {
    let ends: Set<Character> = ["/", "?", "#", " ", "\"", "'", "`"]
    var result = ""
    var rest = Substring(text)
    while let colon = rest.indices.first(where: { rest[$0...].hasPrefix("://") }) {
        let authority = rest.index(colon, offsetBy: 3)
        result += rest[..<authority]
        rest = rest[authority...]
        let end = rest.firstIndex { ends.contains($0) } ?? rest.endIndex
        if let at = rest[..<end].lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
    }
    return result + rest
}
