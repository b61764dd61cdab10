import Platform
import Testing

struct ByteCountTests {
    @Test(arguments: [
        ("0", 0), ("512", 512), ("1k", 1000), ("1K", 1000), ("1kB", 1000), ("1KiB", 1024),
        ("40M", 40_000_000),
        ("64MiB", 64 << 20), ("200GB", 200_000_000_000), ("1.5T", 1_500_000_000_000),
        ("1.5 TB", 1_500_000_000_000),
        ("2P", 2_000_000_000_000_000), ("1_000", 1000), ("0.5k", 500), (".5k", 500), ("1Gi", 1 << 30),
        ("7b", 7),
    ])
    func `a size is read in the units that people write`(text: String, bytes: Int64) {
        #expect(ByteCount(parsing: text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", " ", "GB", "-1", "+1", "1.2.3", "1e5", "0x10", "1X", "1MM", "1GBB", "ten", "nan", "inf", "٣GB",
        "1,5G", "9e99",
        "99999999999999999999", "9300000P", "1iB0",
    ])
    func `what is no size is refused`(text: String) {
        #expect(ByteCount(parsing: text) == nil)
    }

    @Test(
        arguments: [
            (0, "0 B"), (1, "1 B"), (999, "999 B"), (1000, "1.0 kB"), (1049, "1.0 kB"), (1050, "1.1 kB"),
            (9949, "9.9 kB"),
            (9950, "10 kB"), (10_400, "10 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"),
            (4_683_074_048, "4.7 GB"),
            (1_000_000_000_000, "1.0 TB"), (2_500_000_000_000_000, "2.5 PB"), (.max, "9223 PB"), (-5, "-5 B"),
        ] as [(Int64, String)]
    )
    func `a size is shown with two places`(bytes: Int64, text: String) {
        #expect("\(ByteCount(bytes))" == text)
    }

    @Test func `a sum that does not fit stays at the largest number`() {
        #expect(ByteCount(.max) + 1 == ByteCount(.max))
        #expect([ByteCount(.max), 5, ByteCount(.max)].total() == ByteCount(.max))
        #expect([ByteCount]().total() == 0)
        #expect(ByteCount(7) - 5 == 2)
        #expect(ByteCount(3) < 4)
    }

    @Test func `a size is a plain number in JSON`() throws {
        #expect(try JSON.encodeLine([ByteCount(.max)]) == Array("[9223372036854775807]".utf8))
        #expect(try JSON.decode([ByteCount].self, from: Array("[5]".utf8)) == [5])
        #expect(throws: (any Error).self) {
            try JSON.decode([ByteCount].self, from: Array("[9223372036854775808]".utf8))
        }
    }
}
