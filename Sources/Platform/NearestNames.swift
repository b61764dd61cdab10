/// The names of `candidates` that a person may have meant by `word`, the nearest first.
public func nearestNames(to word: String, in candidates: some Sequence<String>, most: Int = 3) -> [String] {
    let typed = Array(word.lowercased().utf8.prefix(64))
    guard !typed.isEmpty else { return [] }
    let ranked = candidates.compactMap { name -> (name: String, distance: Int)? in
        let other = Array(name.lowercased().utf8.prefix(64))
        let distance = editDistance(typed, other)
        let isPart = typed.count >= 3 && (name.lowercased().contains(word.lowercased()))
        guard distance <= max(1, typed.count / 3) || isPart else { return nil }
        return (name, isPart ? min(distance, 1) : distance)
    }
    return ranked.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(most).map(\.name)
}

/// The number of letters inserted, deleted, replaced or swapped with their neighbour between two words.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, letter) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            var best = min(
                last[column + 1] + 1,
                current[column] + 1,
                last[column] + (letter == other ? 0 : 1)
            )
            if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                best = min(best, beforeLast[column - 1] + 1)
            }
            current.append(best)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}
