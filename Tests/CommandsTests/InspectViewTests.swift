import Operations
import Platform
import Testing

@testable import Commands

/// What `inspect` prints.
struct InspectViewTests {
    private struct Anything: Decodable { init(from decoder: any Decoder) throws {} }

    private func keys(_ document: some Encodable) throws -> Set<String> {
        Set(try JSON.decode([String: Anything].self, from: JSON.encode(document)).keys)
    }

    @Test func `the keys that scripts rely on`() throws {
        let model = Samples().inspected
        #expect(
            try keys(model) == [
                "format", "version", "kind", "source", "files", "header", "tokenizer", "chatTemplate",
                "imatrix", "adapter", "totals", "metadata", "tensors",
            ]
        )
        #expect(
            try keys(model.totals) == ["tensors", "parameters", "sizeBytes", "bitsPerWeight", "types"]
        )
        let tensor = try #require(model.tensors?.first)
        #expect(try keys(tensor) == ["name", "type", "shape", "offset", "sizeBytes", "file"])
        #expect(try keys(model.source).isSuperset(of: ["kind", "readBytes", "sizeBytes"]))
    }

    @Test(arguments: [
        (7_615_616_512, "7.62 B"), (32_763_876_352, "32.8 B"), (494_032_768, "494 M"), (139_584, "140 K"),
        (999, "999"), (999_600, "1 M"), (671_026_419_200, "671 B"), (0, "0"), (1_000_000_000_000, "1 T"),
    ])
    func `a number of weights has three digits`(parameters: Int, text: String) {
        #expect(InspectedModelView.count(parameters) == text)
    }

    @Test func `a long text is cut, and whole only where all is wanted`() {
        let long = String(repeating: "x", count: 5000)
        #expect(InspectedValueText(isFull: false).text(of: .text(long)).count < 500)
        #expect(InspectedValueText(isFull: true).text(of: .text(long)) == long)
    }
}
