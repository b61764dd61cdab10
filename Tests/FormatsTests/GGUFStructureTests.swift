import Formats
import Platform
import TestSupport
import Testing

/// What ggml refuses in files whose headers can be read.
struct GGUFStructureTests {
    @Test func `a sound file passes`() throws {
        try check(GGUFBuilder.tiny())
        var raw = RawHeader(version: 2, tensors: 2)
        raw.append(tensor: "a", shape: [9])
        raw.append(tensor: "b", shape: [8], offset: 64)
        try check(raw.with(data: 96))
        try check(RawHeader().bytes)
    }

    @Test(arguments: [1, 2, 3] as [UInt32]) func `a big-endian file is refused`(version: UInt32) {
        expect(RawHeader(version: version, .bigEndian).bytes, .bigEndian)
    }

    @Test func `the first version is refused`() {
        expect(RawHeader(version: 1).bytes, .unsupportedVersion(1))
    }

    @Test func `an array of arrays is refused`() {
        var raw = RawHeader(keys: 1)
        raw.append(key: "key", type: 9)
        raw.append(UInt32(9))
        raw.append(word: 0)
        expect(raw.bytes, .invalid(.nestedArray(key: "key"), offset: 35))
    }

    @Test func `a gap is refused`() {
        var raw = RawHeader(tensors: 2)
        raw.append(tensor: "a")
        raw.append(tensor: "b", offset: 64)
        expect(raw.with(data: 96), .invalid(.gap(before: "b"), offset: 57))

        var late = RawHeader(tensors: 1)
        late.append(tensor: "a", offset: 32)
        expect(late.with(data: 64), .invalid(.gap(before: "a"), offset: 24))
    }

    @Test func `tensors in another order than their data are refused`() {
        var raw = RawHeader(tensors: 2)
        raw.append(tensor: "a", offset: 32)
        raw.append(tensor: "b")
        expect(raw.with(data: 64), .invalid(.order(tensor: "a"), offset: 24))
    }

    @Test func `the last tensor need not be filled up`() throws {
        var raw = RawHeader(tensors: 1)
        raw.append(tensor: "a", shape: [1])
        try check(raw.with(data: 4))
    }

    @Test func `shards are checked together`() throws {
        let shards = try (0..<3).map { try parse(GGUFBuilder.tiny(shard: (UInt16($0), 3))) }
        try shards.checkStructure()
        try [shards[2], shards[0], shards[1]].checkStructure()
        expect([] as [GGUFHeader], .invalid(.shards(expected: 1, found: 0), offset: 0))
        expect([shards[0], shards[2]], .invalid(.shards(expected: 3, found: 2), offset: 0))
        expect([shards[0], shards[1], shards[1]], .invalid(.shards(expected: 3, found: 2), offset: 0))
    }

    @Test func `a tensor in two shards is refused`() throws {
        let second = try shard(number: .uint16(1), count: .uint16(2), tensors: .int32(4), name: "blk.0")
        let first = try parse(GGUFBuilder.tiny(shard: (0, 2)))
        #expect {
            try [first, parse(second)].checkStructure()
        } throws: { error in
            if case .invalid(.duplicate("blk.0.attn_norm.weight"), let offset)? = error as? FormatError {
                offset > 24
            } else {
                false
            }
        }
    }

    @Test func `shards that count differently are refused`() throws {
        let first = try parse(GGUFBuilder.tiny(shard: (0, 2)))
        let other = try parse(shard(number: .uint16(1), count: .uint16(3), tensors: .int32(4)))
        let place = try #require(other.metadata.first { $0.key == "split.count" }?.bytes.lowerBound)
        expect([first, other], .invalid(.shards(expected: 3, found: 2), offset: place))
    }

    @Test func `tensors that are in no shard are missed`() throws {
        let first = try parse(shard(number: .uint16(0), count: .uint16(2), tensors: .int32(5), name: "blk.0"))
        let second = try parse(shard(number: .uint16(1), count: .uint16(2), tensors: .int32(5)))
        let place = try #require(first.metadata.first { $0.key == "split.tensors.count" }?.bytes.lowerBound)
        expect([first, second], .invalid(.count(5), offset: place))
    }

    @Test(arguments: ["split.no", "split.count", "split.tensors.count"])
    func `shards must have their keys in the types that ggml reads`(key: String) throws {
        func make(_ number: Int) throws -> GGUFHeader {
            try parse(
                shard(
                    number: key == "split.no" ? .uint32(UInt32(number)) : .uint16(UInt16(number)),
                    count: key == "split.count" ? .int32(2) : .uint16(2),
                    tensors: key == "split.tensors.count" ? .uint64(4) : .int32(4),
                    name: "blk.\(number)"
                )
            )
        }
        let shards = [try make(0), try make(1)]
        let place = try #require(shards[0].metadata.first { $0.key == key }?.bytes.lowerBound)
        expect(shards, .invalid(.keyType(key: key), offset: place))
    }

    @Test func `files that are no shards are checked one by one`() throws {
        let one = try parse(GGUFBuilder.tiny())
        try [one, one].checkStructure()
        let other = try parse(RawHeader(version: 1).bytes)
        expect([one, other], .unsupportedVersion(1))
    }

    private func shard(
        number: GGUFValue,
        count: GGUFValue,
        tensors: GGUFValue,
        name: String = "blk.1"
    ) throws -> [UInt8] {
        var file = GGUFFile()
        file["split.no"] = number
        file["split.count"] = count
        file["split.tensors.count"] = tensors
        try file.addTensor("\(name).attn_norm.weight", .f32, shape: [64])
        try file.addTensor("\(name).attn_q.weight", .q8_0, shape: [64, 64])
        return GGUFBuilder.bytes(of: file)
    }

    private func parse(_ bytes: [UInt8]) throws -> GGUFHeader {
        try GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))
    }

    private func check(_ bytes: [UInt8]) throws { try parse(bytes).checkStructure() }

    private func expect(
        _ bytes: [UInt8],
        _ error: FormatError,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: error, sourceLocation: sourceLocation) { try check(bytes) }
    }

    private func expect(
        _ headers: [GGUFHeader],
        _ error: FormatError,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: error, sourceLocation: sourceLocation) { try headers.checkStructure() }
    }
}
