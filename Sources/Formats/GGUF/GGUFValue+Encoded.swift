extension GGUFValue {
    /// The value as a file has it behind its key: its type, then itself.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(integer: type.rawValue)
        bytes.append(self)
        return bytes
    }
}
