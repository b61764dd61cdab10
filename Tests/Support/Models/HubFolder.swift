import Formats
import FoundationEssentials
import Platform
public import SystemPackage

/// A tensor of a folder that is made by formula.
public struct HubTensor: Decodable {
    /// What it is called in its file.
    public let name: String
    let dtype: String
    let shape: [Int]
    /// Whether its numbers do not matter, and are all zero.
    private var isBlank = false

    private enum CodingKeys: CodingKey { case name, dtype, shape }

    /// Declares one.
    public init(_ name: String, _ dtype: String, _ shape: [Int], isBlank: Bool = false) {
        self.name = name
        self.isBlank = isBlank
        self.dtype = dtype
        self.shape = shape
    }

    /// The weights, which depend on the name alone.
    var bytes: [UInt8] {
        if isBlank { return [UInt8](repeating: 0, count: shape.reduce(dtype == "F32" ? 4 : 2, *)) }
        let values = GoldenWeights.values(name, count: shape.reduce(1, *))
        switch dtype {
        case "F16": return GoldenWeights.bytes(values, rounding: .f16, as: .f16)
        case "BF16": return GoldenWeights.bytes(values, rounding: .bf16, as: .bf16)
        default:
            return values.flatMap { value in
                (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
            }
        }
    }
}

/// Folders as the hub has them, with weights by formula.
public enum HubFolder {
    /// Where what does not follow from a formula is kept.
    public static let golden = FilePath(#filePath).pushing("../../../ConversionTests/Golden")
        .lexicallyNormalized()

    /// The sums of what the reference made of the folders, and of the folders' own files, by path.
    public static func sums(_ fixture: String) throws -> [String: String] {
        let text = String(decoding: try FileSystem.read(golden.appending(fixture)), as: UTF8.self)
        return Dictionary(
            uniqueKeysWithValues: text.split(separator: "\n").map { line in
                (String(line.dropFirst(66)), String(line.prefix(64)))
            }
        )
    }

    /// Makes a golden folder in another one; tells where it is.
    public static func make(_ name: String, in folder: TemporaryDirectory) throws -> FilePath {
        let source = golden.appending(name)
        for file in try FileSystem.walk(source).map(\.path)
        where !["tensors.json", "shared.json"].contains(file) {
            try folder.write(try FileSystem.read(source.appending(file)), to: "\(name)/\(file)")
        }
        for (file, owner) in try json([String: String].self, source.appending("shared.json")) ?? [:] {
            let bytes = try FileSystem.read(golden.appending("\(owner)/\(file)"))
            try folder.write(bytes, to: "\(name)/\(file)")
        }
        for (file, tensors) in try json([String: [HubTensor]].self, source.appending("tensors.json")) ?? [:] {
            try write(tensors, to: "\(name)/\(file)", in: folder)
        }
        return folder.appending(name)
    }

    /// Reads a JSON of them; `nil` if it is not there.
    public static func json<Value: Decodable>(_ type: Value.Type, _ path: FilePath) throws -> Value? {
        guard FileSystem.exists(path) else { return nil }
        return try JSONDecoder().decode(type, from: Data(try FileSystem.read(path)))
    }

    /// Writes a safetensors file.
    public static func write(_ tensors: [HubTensor], to file: String, in folder: TemporaryDirectory) throws {
        var entries: [String] = []
        var data: [UInt8] = []
        for tensor in tensors {
            let start = data.count
            data += tensor.bytes
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                #""\#(tensor.name)":{"dtype":"\#(tensor.dtype)","shape":[\#(shape)],"#
                    + #""data_offsets":[\#(start),\#(data.count)]}"#
            )
        }
        var header = "{\(entries.joined(separator: ","))}"
        while header.utf8.count % 8 != 0 { header += " " }
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
        try folder.write(length + Array(header.utf8) + data, to: file)
    }
}
