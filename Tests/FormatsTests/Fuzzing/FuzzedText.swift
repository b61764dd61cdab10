import TestSupport

/// JSON to be damaged: in its structure, as `FuzzedFile` damages its bytes.
struct FuzzedText {
    private var parts: [String]

    init(_ parts: [String]) { self.parts = parts }

    var text: String { parts.joined() }

    /// A sound header of some tensors, in parts that can be moved around, and the length of its data.
    static func header(using generator: inout SeededNumbers) -> (text: FuzzedText, data: Int) {
        var parts = ["{", #""__metadata__""#, ":", #"{"format":"pt"}"#]
        var offset = 0
        for index in 0..<Int.random(in: 0...4, using: &generator) {
            let rows = Int.random(in: 0...3, using: &generator)
            let type = generator.pick(#""F16""#, #""I16""#, #""BF16""#)
            parts += [",", #""t.\#(index)""#, ":", "{", #""dtype""#, ":", type, ",", #""shape""#, ":", "["]
            parts += ["\(rows)", ",", "4", "]", ",", #""data_offsets""#, ":", "[", "\(offset)", ","]
            parts += ["\(offset + rows * 8)", "]", "}"]
            offset += rows * 8
        }
        return (FuzzedText(parts + ["}"]), offset)
    }

    /// A sound index of some tensors.
    static func index(using generator: inout SeededNumbers) -> FuzzedText {
        var parts = ["{", #""metadata""#, ":", "{", #""total_size""#, ":", "123", "}", ","]
        parts += [#""weight_map""#, ":", "{"]
        for index in 0...Int.random(in: 0...5, using: &generator) {
            parts += index == 0 ? [] : [","]
            parts += [#""t.\#(index)""#, ":", #""model-\#(index % 2).safetensors""#]
        }
        return FuzzedText(parts + ["}", "}"])
    }

    /// Changes, drops, doubles or swaps parts.
    mutating func damage(using generator: inout SeededNumbers) {
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !parts.isEmpty {
            let place = Int.random(in: 0..<parts.count, using: &generator)
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: parts.remove(at: place)
            case 1: parts.insert(parts[place], at: place)
            case 2: parts.swapAt(place, Int.random(in: 0..<parts.count, using: &generator))
            case 3: parts.removeSubrange(place...)
            case 4: repeatRun(from: place, using: &generator)
            default: parts[place] = Self.replacements.randomElement(using: &generator) ?? ""
            }
        }
    }

    private mutating func repeatRun(from place: Int, using generator: inout SeededNumbers) {
        let run = parts[place..<min(parts.count, place + Int.random(in: 1...25, using: &generator))]
        parts.insert(contentsOf: run, at: place)
    }

    private static let replacements = [
        "-1", "0", "-0", "1.5", "1e2", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "18446744073709551615", "1e999", "NaN", "null", "true", #""""#, #""\u0000""#, #""\ud83e""#,
        #""\u00e9""#, #""../x""#, "{}", "[]", "[[[[", #"{"a":"#, "]", "}", ",", "\"", "\\", "/**/",
        String(repeating: "[", count: 300), String(repeating: #"{"a":"#, count: 300), #""dtype""#,
        #""shape""#, #""data_offsets""#, #""__metadata__""#, #""weight_map""#, #""F4""#, #""F8_E4M3""#,
    ]
}
