extension YAMLBlock {
    /// A whole document of named values.
    public static func document(_ pairs: [(name: String, value: YAMLBlock)]) -> String {
        pairs.flatMap { $0.value.lines(named: $0.name, indent: 0, step: 2) }.map { "\($0)\n" }.joined()
    }
}
