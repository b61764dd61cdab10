import Glibc

/// Factors by which the rotation of each pair of dimensions is slowed down, where a table of them is stored.
enum RopeFactors {
    /// Those of Llama 3, which follow from four numbers.
    ///
    /// The reference computes with floats of 32 bits, where a quotient is a product with a reciprocal.
    static func llama3(_ configuration: Configuration) throws(HuggingFaceError) -> [Float] {
        let rope = configuration.rope
        let dimensions = try configuration.dimensionsOfHead
        guard (1...1 << 16).contains(dimensions) else { throw .configuration(key: "head_dim") }
        let base = Double(Float(rope.theta ?? 10000))
        let factor = try rope.number("factor") ?? 8
        let low = try rope.number("low_freq_factor") ?? 1
        let high = try rope.number("high_freq_factor") ?? 4
        let length = try configuration.trainedLength ?? 8192
        return stride(from: 0, to: dimensions, by: 2).map { index in
            let power = Float(pow(base, Double(Float(index) / Float(dimensions))))
            let wavelength = (1 / (1 / power)) * Float(2 * Double.pi)
            if Double(wavelength) < length / high { return 1 }
            if Double(wavelength) > length / low { return Float(factor) }
            let smooth = ((1 / wavelength) * Float(length) - Float(low)) / Float(high - low)
            return 1 / ((1 - smooth) / Float(factor) + smooth)
        }
    }

    /// Those of Phi 3, for long and for short contexts, with what attention is scaled by; `nil` if there are none.
    static func phi3(_ configuration: Configuration)
        throws(HuggingFaceError) -> (long: [Float], short: [Float], attention: Double)?
    {
        let rope = configuration.rope
        guard let long = try rope.numbers("long_factor") else { return nil }
        guard let type = rope.type?.lowercased() else { throw .configuration(key: "rope_scaling.type") }
        // The library takes one for the other where it is called `type`.
        let isYarn = type == "yarn" && rope.members["type"] == nil
        guard isYarn || ["su", "longrope", "yarn"].contains(type) else { throw .feature(.ropeScaling(type)) }
        let dimensions = try phi3Dimensions(configuration)
        guard let short = try rope.numbers("short_factor"), short.count == long.count,
            long.count * 2 == dimensions
        else { throw .configuration(key: "rope_scaling.short_factor") }
        let original = Double(try phi3OriginalLength(configuration))
        let scale = Double(try configuration.count("max_position_embeddings")) / original
        let attention =
            isYarn ? 0.1 * log(scale) + 1 : (1 + log(scale) / log(original)).squareRoot()
        return (long, short, scale > 1 ? attention : 1)
    }

    /// The length of context that such a model was first trained for.
    static func phi3OriginalLength(_ configuration: Configuration) throws(HuggingFaceError) -> Int {
        guard let length = try configuration.rope.number("original_max_position_embeddings") else {
            return try configuration.count("original_max_position_embeddings")
        }
        guard let length = Int(exactly: length), length > 0 else {
            throw .configuration(key: "original_max_position_embeddings")
        }
        return length
    }

    /// How many dimensions of a head are turned.
    static func phi3Dimensions(_ configuration: Configuration) throws(HuggingFaceError) -> Int {
        var part = try configuration.rope.number("partial_rotary_factor")
        if part == nil { part = try configuration.number("partial_rotary_factor") }
        let turned = part ?? 1
        guard turned >= 0, turned <= 1 else { throw .configuration(key: "partial_rotary_factor") }
        return Int(turned * Double(try configuration.count("hidden_size"))) / (try configuration.heads)
    }
}
