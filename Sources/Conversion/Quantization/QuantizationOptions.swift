public import Formats

/// The type that a person wants for some tensors.
public struct TensorOverride: Sendable, Hashable {
    /// A regular expression that occurs in the names of the tensors.
    public let pattern: String
    /// Their type.
    public let type: TensorType

    /// States what is wanted.
    public init(pattern: String, type: TensorType) {
        self.pattern = pattern
        self.type = type
    }

    /// Reads `REGEX=TYPE`; `nil` if a part is missing or there is no such type.
    public init?(parsing text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        let name = parts[1].lowercased()
        guard let type = TensorType.allCases.first(where: { $0.rawValue.lowercased() == name }),
            type.canBeMade
        else { return nil }
        self.init(pattern: String(parts[0]), type: type)
    }
}

/// How a model is quantized, apart from what to.
public struct QuantizationOptions: Sendable {
    /// The types that are wanted for some tensors; the first one that fits a name counts.
    public var overrides: [TensorOverride]
    /// Whether `output.weight` stays as it is.
    public var leavesOutput: Bool
    /// Whether all tensors get the same type, without a mixture.
    public var isPure: Bool
    /// Whether tensors that are quantized already may be quantized once more, which costs quality.
    public var allowsRequantizing: Bool
    /// Whether a model in several files stays in several files.
    public var keepsSplits: Bool
    /// How much the columns of tensors matter.
    public var importance: ImportanceMatrix?

    /// Nothing is special unless said here.
    public init(
        overrides: [TensorOverride] = [],
        leavesOutput: Bool = false,
        isPure: Bool = false,
        allowsRequantizing: Bool = false,
        keepsSplits: Bool = false,
        importance: ImportanceMatrix? = nil
    ) {
        self.overrides = overrides
        self.leavesOutput = leavesOutput
        self.isPure = isPure
        self.allowsRequantizing = allowsRequantizing
        self.keepsSplits = keepsSplits
        self.importance = importance
    }
}
