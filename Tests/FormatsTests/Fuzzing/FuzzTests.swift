import Formats
import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// Damaged files by the thousand: none may make a reader trap, take long, or take more memory than the file accounts for.
///
/// `STACKCTL_FUZZ_INPUTS` sets how many there are of each kind, `STACKCTL_FUZZ_SEED` which ones.
@Suite(.serialized) struct FuzzTests {
    private static let inputs = Environment.process["STACKCTL_FUZZ_INPUTS"].flatMap { Int($0) }
    private static let seed = Environment.process["STACKCTL_FUZZ_SEED"].flatMap { Int($0) } ?? 1

    @Test func `no damaged GGUF does harm`() throws {
        var numbers = SeededNumbers(seed: Self.seed)
        var seeds: [FuzzedFile] = []
        for round in 0..<60 {
            let (version, byteOrder) = GGUFVersionsTests.kinds[round % 6]
            seeds.append(.gguf(version, byteOrder, using: &numbers))
        }
        for seed in seeds { #expect(throws: Never.self) { try parse(seed.bytes) } }
        let survivors = try fuzz(10_000) {
            var file = seeds[Int.random(in: 0..<seeds.count, using: &numbers)]
            file.damage(with: seeds[Int.random(in: 0..<seeds.count, using: &numbers)], using: &numbers)
            // Some are cut off before their end, as what is read of a file that is elsewhere.
            let beyond = numbers.isLucky(percent: 10) ? Int64.random(in: 0...(1 << 40), using: &numbers) : 0
            let limit = numbers.pick(GGUFHeader.usualArrayLimit, 0, 2, .max)
            let header = try parse(file.bytes, beyond: beyond, arrayLimit: limit)
            try use([header], file.bytes)
            return file.bytes.count
        }
        // Most damage to the data, and some to names and numbers, is none that a header could tell.
        #expect(survivors > 0)
    }

    @Test func `no damaged shard does harm`() throws {
        var numbers = SeededNumbers(seed: Self.seed)
        var sets: [[FuzzedFile]] = []
        for round in 0..<20 {
            let (version, byteOrder) = GGUFVersionsTests.kinds[round % 6]
            let count = UInt16(2 + round % 3)
            sets.append(
                (0..<count).map { .gguf(version, byteOrder, shard: ($0, count), using: &numbers) }
            )
        }
        let survivors = try fuzz(2_000) {
            var files = sets[Int.random(in: 0..<sets.count, using: &numbers)]
            let place = Int.random(in: 0..<files.count, using: &numbers)
            files[place].damage(with: sets[0][0], using: &numbers)
            files.shuffle(using: &numbers)
            var headers: [GGUFHeader] = []
            for file in files { headers.append(try parse(file.bytes)) }
            try use(headers, files[0].bytes)
            return files.reduce(0) { $0 + $1.bytes.count }
        }
        #expect(survivors > 0)
    }

    @Test func `no damaged safetensors file does harm`() throws {
        var numbers = SeededNumbers(seed: Self.seed)
        let survivors = try fuzz(5_000) {
            var (text, data) = FuzzedText.header(using: &numbers)
            if numbers.isLucky(percent: 70) { text.damage(using: &numbers) }
            var file = FuzzedFile.text(text.text, hasLength: true, data: data)
            if numbers.isLucky(percent: 50) { file.damage(with: file, using: &numbers) }
            let size = ByteCount(Int64(file.bytes.count))
            let header = try SafetensorsHeader.parse(prefix: file.bytes, fileSize: size)
            #expect(header.tensors.reduce(header.dataOffset) { $0 + $1.size.bytes } == size.bytes)
            return file.bytes.count
        }
        #expect(survivors > 0)
    }

    @Test func `no damaged index does harm`() throws {
        var numbers = SeededNumbers(seed: Self.seed)
        let survivors = try fuzz(3_000) {
            var text = FuzzedText.index(using: &numbers)
            if numbers.isLucky(percent: 70) { text.damage(using: &numbers) }
            var file = FuzzedFile.text(text.text, hasLength: false)
            if numbers.isLucky(percent: 50) { file.damage(with: file, using: &numbers) }
            let index = try SafetensorsIndex.parse(file.bytes)
            #expect(index.fileNames.count <= index.files.count)
            return file.bytes.count
        }
        #expect(survivors > 0)
    }

    private func parse(
        _ bytes: [UInt8],
        beyond: Int64 = 0,
        arrayLimit: Int = GGUFHeader.usualArrayLimit
    ) throws(FormatError) -> GGUFHeader {
        try GGUFHeader.parse(
            prefix: bytes,
            fileSize: ByteCount(Int64(bytes.count) + beyond),
            arrayLimit: arrayLimit
        )
    }

    /// Asks of headers all that is asked of them.
    private func use(_ headers: [GGUFHeader], _ bytes: [UInt8]) throws {
        for header in headers {
            let room = header.fileSize.bytes - header.dataOffset
            #expect(header.tensors.allSatisfy { $0.offset + $0.size.bytes <= room })
            var kept = 0
            for entry in header.metadata {
                #expect(entry.bytes.upperBound <= header.fileSize.bytes)
                kept += entry.key.utf8.count + (entry.value.text?.utf8.count ?? 0)
                if let array = entry.value.array {
                    #expect(array.elements.count == array.keptCount)
                    kept += array.keptCount
                }
            }
            // A byte that is no UTF-8 is replaced by a character of three.
            #expect(kept <= 3 * Int(header.fileSize.bytes))
        }
        if let first = headers.first, let entry = first.metadata.last {
            let value = Array(bytes[Int(entry.bytes.lowerBound)..<Int(entry.bytes.upperBound)])
            _ = first.texts(at: [0, 5, .max], ofArrayIn: value)
        }
        _ = try? ModelShape(headers)
        _ = try ModelFacts(headers)
        try headers.checkStructure()
    }

    /// Runs so many inputs, unless told otherwise; answers how many a reader took.
    private func fuzz(_ usual: Int, _ input: () throws -> Int) throws -> Int {
        let count = Self.inputs ?? usual
        let before = try Self.addressSpace("VmSize")
        var survivors = 0
        var bytes = 0
        var slowest = Duration.zero
        let start = Self.computed()
        for _ in 0..<count {
            let begin = Self.computed()
            do {
                bytes += try input()
                survivors += 1
            } catch let error as FormatError {
                #expect(!error.description.isEmpty)
            }
            slowest = max(slowest, Self.computed() - begin)
        }
        #expect(slowest < .seconds(1))
        if Self.inputs != nil {
            let growth = try Self.addressSpace("VmPeak") - before
            print(
                "\(count) inputs in \(Self.computed() - start) of computing, \(survivors) of \(bytes) bytes taken,",
                "slowest \(slowest), address space grew by \(growth) bytes at most"
            )
            // Alone in its process, it never asks for more than some inputs of a few kilobytes account for.
            #expect(growth < 64_000_000)
        }
        return survivors
    }

    /// How long this thread has computed: other work of the machine does not count.
    private static func computed() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The bytes of this process's address space, now or at their most.
    private static func addressSpace(_ name: String) throws -> Int {
        let status = String(decoding: try FileSystem.read("/proc/self/status"), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name) })
        return try #require(Int(line.split(whereSeparator: \.isWhitespace)[1])) * 1024
    }
}
