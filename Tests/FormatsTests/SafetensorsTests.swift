import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

struct SafetensorsTests {
    @Test func `what is written comes back`() async throws {
        try await withTemporaryDirectory { directory in
            var file = SafetensorsFile(metadata: ["format": "pt", "a \"b\"": "ü"])
            try file.addTensor("b", .bf16, shape: [2, 3])
            try file.addTensor("a", .f8_e4m3, shape: [5])
            try file.addTensor("scalar", .f32, shape: [])
            try file.addTensor("nothing", .i64, shape: [0, 7])
            let path = directory.appending("model.safetensors")
            try file.write(to: File(path, .create)) { tensor, append in
                let bytes = [UInt8](repeating: 7, count: Int(tensor.size.bytes))
                try append(bytes.span.bytes)
            }
            let header = try SafetensorsHeader.read(path)
            #expect(header.metadata == file.metadata)
            #expect(Set(header.tensors) == Set(file.tensors))
            #expect(header.dataOffset % 8 == 0)
            #expect(header.fileSize.bytes == header.dataOffset + 12 + 5 + 4)
        }
    }

    @Test func `a header is read from as little of the file as it takes`() throws {
        let bytes = try SampleModel.safetensors()
        let size = ByteCount(Int64(bytes.count))
        let end = Int(try SafetensorsHeader.parse(prefix: bytes, fileSize: size).dataOffset)
        let short = try SafetensorsHeader.parse(prefix: Array(bytes.prefix(end)), fileSize: size)
        #expect(short.tensors.count == 21)
        #expect(throws: FormatError.incomplete(needed: Int64(end))) {
            try SafetensorsHeader.parse(prefix: Array(bytes.prefix(end - 1)), fileSize: size)
        }
    }

    @Test func `lengths are checked before anything is read`() {
        expect([], .truncated(needed: 8, actual: 0))
        expect(file("{}", length: 100), .truncated(needed: 108, actual: 10))
        expect(file("{}", length: 100_000_001), .invalid(.textLength(100_000_001), offset: 0))
        expect(file("{}", length: .max), .invalid(.textLength(.max), offset: 0))
        expect(Array("<!DOCTYPE html>".utf8), .webPage)
        expect(file("", length: 0), .unknownMagic([]))
        expect(file("[]"), .unknownMagic(Array("[]".utf8)))
    }

    @Test(arguments: [
        #"{"#, #"{"a":1}"#, #"{"a":{"dtype":"F32","shape":[1]}}"#, #"{"__metadata__":{"a":1}}"#,
        #"{"a":{"dtype":1,"shape":[],"data_offsets":[0,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}}"#,
    ]) func `JSON of another shape is refused`(text: String) {
        #expect {
            try parse(file(text, data: 4))
        } throws: { error in
            if case .invalid(.json, let offset)? = error as? FormatError { offset > 8 } else { false }
        }
    }

    @Test func `an unknown type is named`() {
        expect(
            file(#"{"a":{"dtype":"F3","shape":[1],"data_offsets":[0,4]}}"#, data: 4),
            .unsupportedTensorType(tensor: "a", type: "F3", offset: 9)
        )
    }

    @Test(arguments: [
        ("[-1]", "[0,4]"), ("[4611686018427387904,4]", "[0,4]"), ("[9223372036854775807]", "[0,4]"),
    ]) func `an impossible shape is refused`(shape: String, offsets: String) {
        expect(tensor(shape, offsets), .invalid(.shape(tensor: "a"), offset: 9))
    }

    @Test(arguments: [
        ("[1]", "[0,3]"), ("[1]", "[4,0]"), ("[1]", "[-4,0]"), ("[1]", "[0]"), ("[1]", "[0,4,8]"),
        ("[1]", "[-9223372036854775808,9223372036854775807]"),
    ]) func `a place that does not fit the shape is refused`(shape: String, offsets: String) {
        expect(tensor(shape, offsets), .invalid(.size(tensor: "a"), offset: 9))
    }

    @Test func `the data must be covered exactly`() {
        let a = #""a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}"#
        let after = #""b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}"#
        let within = #""b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}"#
        let second = Int64(8 + 2 + a.utf8.count)
        expect(file("{\(a),\(after)}", data: 5), .invalid(.gap(before: "b"), offset: second))
        expect(file("{\(a),\(within)}", data: 3), .invalid(.overlap(tensor: "b", with: "a"), offset: second))
        let short = file("{\(a)}", data: 1)
        expect(short, .truncated(needed: Int64(short.count) + 1, actual: Int64(short.count)))
        let long = file("{\(a)}", data: 5)
        expect(long, .invalid(.trailingBytes(3), offset: Int64(long.count) - 3))
    }

    @Test func `an index maps tensors to files`() throws {
        let text =
            #"{"metadata":{"total_size":12},"weight_map":{"b":"m-2.safetensors","a":"m-1.safetensors","#
            + #""c":"m-2.safetensors"}}"#
        let index = try SafetensorsIndex.parse(Array(text.utf8))
        #expect(index.totalSize == 12)
        #expect(index.fileNames.map(\.string) == ["m-1.safetensors", "m-2.safetensors"])
        #expect(index.files["c"]?.string == "m-2.safetensors")
    }

    @Test(arguments: ["../x", "/etc/passwd", "a/../../b", ""])
    func `an index that leaves its folder is refused`(name: String) {
        #expect(throws: FormatError.self) {
            try SafetensorsIndex.parse(Array(#"{"weight_map":{"a":"\#(name)"}}"#.utf8))
        }
    }

    @Test func `the types of safetensors have its names`() {
        let known = TensorType.allCases.filter { $0.safetensors != nil }
        #expect(known.count == 22)
        for type in known { #expect(type.safetensors.flatMap(TensorType.init(safetensors:)) == type) }
    }

    @Test(arguments: [
        #"{"a" {}}"#, #"{"a":{}"#, #"{"a":{}} x"#, #"{"a":{"x":tru}}"#, #"{"a":{"x":01}}"#,
        #"{"a":{"x":1.}}"#, #"{"a":{"x":-}}"#,
        #"{"a":{"x":"\uD83E"}}"#, #"{"a":{"x":"\q"}}"#, "{\"a\":{\"x\":\"\n\"}}", #"{a:1}"#,
    ]) func `what is no JSON is refused`(text: String) {
        #expect {
            try parse(file(text))
        } throws: { error in
            if case .invalid(.json, let offset)? = error as? FormatError { offset > 8 } else { false }
        }
    }

    @Test func `a text that is no UTF-8 is refused`() {
        var bytes = file(#"{"x":{}}"#)
        bytes[10] = 0xFF
        expect(bytes, .invalid(.json("a text is no UTF-8"), offset: 11))
    }

    @Test func `a value nested beyond reason is refused where it is`() {
        let nested = file(#"{"a":{"x":"# + String(repeating: "[", count: 100_000))
        expect(nested, .invalid(.json("it is nested too deeply"), offset: 8 + 10 + 127))
    }

    @Test func `names may be escaped and keys unknown`() throws {
        let header = try parse(
            file(
                #"{"__metadata__":null , "\u00e9\ud83e\udd99\n\/" : {"new":[{"a":[1.5e+3,true,null]},"x"],"#
                    + #""dtype":"U8","shape":[2],"data_offsets":[0,2]}} "#,
                data: 2
            )
        )
        #expect(header.tensors.map(\.name) == ["é🦙\n/"])
    }

    @Test func `nothing may occur twice`() {
        let a = #""a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
        expect(file("{\(a),\(a)}"), .invalid(.duplicate("a"), offset: Int64(8 + 2 + a.utf8.count)))
        let shape = #"{"a":{"dtype":"U8","shape":[0],"shape":[0],"data_offsets":[0,0]}}"#
        expect(file(shape), .invalid(.duplicate("shape"), offset: 8 + 31))
        let metadata = #"{"__metadata__":{"x":"1","x":"2"}}"#
        expect(file(metadata), .invalid(.duplicate("x"), offset: 8 + 25))
        let index = #"{"weight_map":{"a":"x","a":"y"}}"#
        #expect(throws: FormatError.invalid(.duplicate("a"), offset: 23)) {
            try SafetensorsIndex.parse(Array(index.utf8))
        }
    }

    private func tensor(_ shape: String, _ offsets: String) -> [UInt8] {
        file(#"{"a":{"dtype":"F32","shape":\#(shape),"data_offsets":\#(offsets)}}"#, data: 4)
    }

    private func file(_ text: String, length: UInt64? = nil, data: Int = 0) -> [UInt8] {
        let length = length ?? UInt64(text.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + text.utf8
            + [UInt8](repeating: 0, count: data)
    }

    @discardableResult
    private func parse(_ bytes: [UInt8]) throws -> SafetensorsHeader {
        try SafetensorsHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))
    }

    private func expect(
        _ bytes: [UInt8],
        _ error: FormatError,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: error, sourceLocation: sourceLocation) { try parse(bytes) }
    }

    @Test(.timeLimit(.minutes(1))) func `a long text of escapes is read in a moment`() throws {
        let text = String(repeating: #"\n"#, count: 1_000_000)
        let json = Array(#"{"__metadata__":{"a":"\#(text)"}}"#.utf8)
        let bytes = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
        let header = try SafetensorsHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))
        #expect(header.metadata["a"]?.utf8.count == 1_000_000)
    }
}
