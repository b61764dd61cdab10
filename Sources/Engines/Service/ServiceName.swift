/// A name that Compose takes for a project and Kubernetes for anything: small letters, digits and dashes, a letter first,
/// 63 at most.
struct ServiceName {
    let text: String

    init(_ name: String) {
        let plain = name.lowercased().map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber) ? letter : "-"
        }
        let parts = String(plain).split(separator: "-")
        let joined = parts.joined(separator: "-")
        let begun = joined.first?.isLetter == true ? joined : joined.isEmpty ? "stack" : "stack-\(joined)"
        var text = String(begun.prefix(63))
        while text.last == "-" { text.removeLast() }
        self.text = text
    }
}
