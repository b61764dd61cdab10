extension Substring {
    /// The text without the blanks around it.
    public var trimmed: Substring {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[startIndex..<startIndex] }
        return self[first...last]
    }
}

extension String {
    /// The text without the blanks around it.
    public var trimmed: Substring { self[...].trimmed }
}
