extension DeclaredAdapter {
    /// The strength of an adapter, which not every engine can be told.
    public static let scaleSetting: Setting = {
        guard let setting = fields.first(where: { $0.name == "scale" }) else {
            preconditionFailure("adapters have no strength")
        }
        return setting
    }()
}
