extension Duration {
    /// Reads `90s`, `10m`, `1h30m` or `2d`; `nil` for anything else, a number without a unit included.
    public init?(parsing text: some StringProtocol) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        var (seconds, digits, least) = (Int64(0), "", Int64.max)
        for character in text {
            if character.isASCII, character.isNumber, digits.count < 9 {
                digits.append(character)
            } else {
                // Each unit once, the larger ones first.
                guard let unit = units[character], unit < least, let number = Int64(digits) else {
                    return nil
                }
                seconds += number * unit
                least = unit
                digits = ""
            }
        }
        guard digits.isEmpty, least < .max else { return nil }
        self = .seconds(seconds)
    }
}
