/// The name of one file of a split model, `STEM-00001-of-00003.gguf`; safetensors are split under the same names.
struct ShardName: Sendable, Equatable {
    let stem: String
    private let ending: String
    let index: Int
    let count: Int

    /// Reads a name or path; `nil` if it is not that of a shard.
    init?(_ path: String) {
        guard let ending = [".gguf", ".safetensors"].first(where: path.lowercased().hasSuffix) else {
            return nil
        }
        let body = path.dropLast(ending.count)
        let suffix = body.suffix(15)
        let (digits, total) = (suffix.dropFirst().prefix(5), suffix.suffix(5))
        guard suffix.utf8.count == 15, suffix.hasPrefix("-"), suffix.dropFirst(6).hasPrefix("-of-"),
            let index = Int(digits), let count = Int(total), 1 <= index, index <= count
        else { return nil }
        stem = String(body.dropLast(15))
        self.ending = ending
        (self.index, self.count) = (index, count)
    }

    /// The name of the set's shard of that index.
    func name(_ index: Int) -> String {
        func padded(_ number: Int) -> String {
            String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
        }
        return "\(stem)-\(padded(index))-of-\(padded(count))\(ending)"
    }
}
