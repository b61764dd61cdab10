extension DeclaredAdapter {
    /// How strong an adapter may be; llama.cpp takes more, which means nothing.
    static let scales = -100.0...100.0

    /// How strong an adapter may be, in words that follow `from`.
    public static var scaleRange: String { "\(Int(scales.lowerBound)) to \(Int(scales.upperBound))" }

    /// Whether an adapter can be as strong.
    public static func isScale(_ scale: Double) -> Bool { scales.contains(scale) }

    /// The strength of an adapter, which not every engine can be told.
    public static let scaleSetting: Setting = {
        guard let setting = fields.first(where: { $0.name == "scale" }) else {
            preconditionFailure("adapters have no strength")
        }
        return setting
    }()
}
