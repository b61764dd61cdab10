import TestSupport

/// Numbers of many kinds, as weights are and as they are not.
enum Numbers: String, CaseIterable {
    case usual, positive, negative, heavyTails, zeros, signedZeros, zerosAndPositive, zerosAndNegative
    case constant, negativeConstant, nearlyConstant, nearlyNegativeConstant, sparse, few, twoValues
    case tiny, denormal, negligible, huge, anyBits, allScales, outliers, steps

    /// So many of them, the same ones each time.
    func make(_ count: Int, seed: Int = 1) -> [Float] {
        var random = SeededNumbers(seed: seed &* 31 &+ (Self.allCases.firstIndex(of: self) ?? 0))
        return (0..<count).map { number($0, &random) }
    }

    private func number(_ index: Int, _ random: inout SeededNumbers) -> Float {
        let zero: Float = random.isLucky(percent: 50) ? 0 : -0.0
        let step = Float(Int.random(in: 0..<3, using: &random)) * 1e-7
        let spread = Self.bell(&random)
        return switch self {
        case .usual: spread * 0.02
        case .positive: abs(spread)
        case .negative: -abs(spread)
        case .heavyTails: spread * spread * spread * 10
        case .zeros: 0
        case .signedZeros: zero
        case .zerosAndPositive: random.isLucky(percent: 60) ? zero : abs(spread)
        case .zerosAndNegative: random.isLucky(percent: 60) ? zero : -abs(spread)
        case .constant: 0.37
        case .negativeConstant: -0.37
        case .nearlyConstant: 1 + step
        case .nearlyNegativeConstant: -1 + step
        case .sparse: index / 64 % 3 == 0 ? spread : 0
        case .few: Float(Int.random(in: -3...3, using: &random))
        case .twoValues: random.isLucky(percent: 50) ? 0.5 : -0.5
        case .tiny: spread * 1e-38
        case .denormal: spread * 1e-20 * 1e-23
        case .negligible: spread * 3e-16
        case .huge: spread * 1e22
        case .anyBits: Self.finite(&random)
        case .allScales: spread * Self.power(Int.random(in: -30...30, using: &random))
        case .outliers: random.isLucky(percent: 20) ? spread * 1000 : spread * 1e-6
        case .steps: -5 + Self.power(-Int.random(in: 0..<24, using: &random))
        }
    }

    private static func bell(_ random: inout SeededNumbers) -> Float {
        (0..<4).reduce(0) { sum, _ in sum + Float.random(in: -1...1, using: &random) }
    }

    private static func power(_ exponent: Int) -> Float {
        Float(sign: .plus, exponent: exponent, significand: 1)
    }

    private static func finite(_ random: inout SeededNumbers) -> Float {
        while true {
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            if value.isFinite { return value }
        }
    }
}
