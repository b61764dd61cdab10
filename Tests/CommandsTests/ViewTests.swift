import Catalog
import Console
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Commands

/// How what is told looks to a person.
struct ViewTests {
    private let folder = FilePath(#filePath).removingLastComponent().appending("Golden")

    /// Everything that is shown, by the name of its golden file.
    private func views(_ samples: Samples, columns: Int) throws -> [String: String] {
        let terminal = terminal(columns: columns)
        let entries = try samples.entries
        let recommended = try samples.recommendations
        return [
            "recommend": RecommendationsView.table(recommended.models, for: terminal),
            "select": MenuView.text(recommended, for: terminal),
            "ls": ModelListView.table(samples.models, long: false, for: terminal),
            "ls-long": ModelListView.table(samples.models, long: true, for: terminal),
            "ls-quiet": ModelListView.names(samples.models),
            "inspect": InspectedModelView(samples.inspected, isFull: false).text(for: terminal),
            "fit": FittedModelView(samples.fitted, isDetailed: false).text(for: terminal),
            "fit-verbose": FittedModelView(samples.fitted, isDetailed: true).text(for: terminal),
            "inspect-full": InspectedModelView(samples.inspectedFull, isFull: true).text(for: terminal),
            "limits": ModelLimitsView.text(samples.limits, for: terminal),
            "route": RoutedModelView.text(samples.routed, for: terminal),
            "limits-unknown": ModelLimitsView.text(samples.unknownLimits, for: terminal),
            "show": ShownModelView.text(try samples.shown, for: terminal),
            "verify": VerifiedFileView.table(try samples.verified, for: terminal, quiet: false),
            "verify-quiet": VerifiedFileView.table(try samples.verified, for: terminal, quiet: true),
            "pull-dry-run": PullPlanView.text([try samples.plan], terminal),
            "catalog-ls": CatalogView.table(entries, for: terminal),
            "catalog-show": try #require(entries.first.map { CatalogView($0).text(for: terminal) }),
        ]
    }

    @Test func `every view is as its golden file shows`() throws {
        for (name, text) in try views(Samples(), columns: 100) {
            let file = folder.appending("\(name).txt")
            if Environment.process.isTrue("UPDATE_GOLDEN") {
                try FileSystem.write(Array(text.utf8), to: file)
            }
            let golden = String(decoding: try FileSystem.read(file), as: UTF8.self)
            #expect(text == golden, "UPDATE_GOLDEN=1 rewrites \(file)")
        }
    }

    @Test func `every golden file belongs to a view`() throws {
        #expect(
            try FileSystem.list(folder) == views(Samples(), columns: 100).keys.map { "\($0).txt" }.sorted()
        )
    }

    @Test(arguments: [40, 80, 200])
    func `names from outside cannot command the terminal`(columns: Int) throws {
        let plain = try views(Samples(), columns: columns)
        let hostile = Samples(hostile: "evil\u{1B}]0;title\u{7}\u{1B}[2J\r\n\u{9B}31m\u{202E}gnp.exe")
        for (name, text) in try views(hostile, columns: columns) where !name.hasPrefix("catalog") {
            let isHarmless = text.unicodeScalars.allSatisfy { scalar in
                scalar == "\n"
                    || (scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) && scalar != "\u{202E}")
            }
            #expect(isHarmless, "\(name)")
            let lines = plain[name]?.count { $0 == "\n" } ?? 0
            #expect(text.count { $0 == "\n" } <= lines, "\(name) has no more lines than it should")
        }
    }

    @Test func `nothing is shown of nothing`() {
        #expect(ModelListView.table([], long: true, for: terminal(columns: 80)) == "")
        #expect(ModelListView.names([]) == "")
        #expect(VerifiedFileView.table([], for: terminal(columns: 80), quiet: false) == "")
    }

    @Test func `why a file was not repaired has a column of its own, where there is one`() throws {
        var files = try Samples().verified
        #expect(!VerifiedFileView.table(files, for: terminal(columns: 80), quiet: false).contains("BECAUSE"))
        (files[1].repaired, files[1].reason) = (false, "it was converted here")
        let lines = VerifiedFileView.table(files, for: terminal(columns: 200), quiet: false).split(
            separator: "\n"
        )
        #expect(lines[0].hasSuffix("REASON") && lines[2].hasSuffix("it was converted here"))
    }

    @Test func `names come once each, as ls --quiet prints them`() {
        #expect(ModelListView.names(Samples().models) == "qwen2.5-coder:32b\norg/name\nphi-2\n")
    }

    @Test(arguments: [
        (494_032_768, "494M"), (7_615_616_512, "7.6B"), (32_763_876_352, "32.8B"), (8_000_000_000, "8B"),
        (106_912, "107K"), (141_000_000_000, "141B"), (1_000_000, "1M"), (0, "0K"),
    ])
    func `a number of weights is said as people say it`(parameters: Int64, text: String) {
        #expect(ModelListView.count(parameters) == text)
    }
}

/// The keys of the JSON that scripts rely on.
struct JSONShapeTests {
    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    private func keys(_ document: some Encodable) throws -> Set<String> {
        Set(try JSON.decode([String: Anything].self, from: JSON.encode(document)).keys)
    }

    @Test func `a line of ls`() throws {
        let full = try keys(try #require(Samples().models.first))
        #expect(
            full.isSuperset(of: [
                "stack", "model", "format", "quant", "sizeBytes", "files", "parameters", "contextLength",
                "source",
                "revision", "pulledAt", "lastUsedAt", "state",
            ])
        )
    }

    @Test func `a shown model with its source and files`() throws {
        let shown = try Samples().shown
        #expect(
            try keys(shown).isSuperset(of: [
                "stack", "model", "format", "quant", "sizeBytes", "source", "files",
            ])
        )
        #expect(try keys(shown.source).isSuperset(of: ["repository", "revision"]))
        #expect(try keys(try #require(shown.files.first)) == ["path", "sizeBytes", "sha256"])
    }

    @Test func `a verified file`() throws {
        let files = try Samples().verified
        #expect(
            try keys(files[1]).isSuperset(of: ["stack", "model", "path", "state", "expected", "actual"])
        )
        let text = String(decoding: try JSON.encode(files.map(\.state)), as: UTF8.self)
        #expect(["\"ok\"", "\"differs\"", "\"missing\""].allSatisfy(text.contains))
    }

    @Test func `how full a volume is`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("engine: llamacpp\nquota: 1GB\n", to: "stacks/llamacpp/stack.yaml")
        let home = Home.locate(flag: directory.path.string, environment: [:], workingDirectory: "/")
        let workspace = Workspace(home: home, environment: [:], stackName: "llamacpp")
        let use = try #require(try await DiskUse.all(in: workspace) { _ in }.first)
        #expect(
            try keys(use).isSuperset(of: [
                "stack", "path", "filesystemBytes", "freeBytes", "modelsBytes", "partialBytes", "sharedBytes",
                "quotaBytes",
            ])
        )
        #expect(DiskUseView.table([use], for: terminal(columns: 80)).contains("1.0 GB"))
    }

    @Test func `a plan of a pull and an entry of the catalog`() throws {
        let plan = PullPlanView(try Samples().plan)
        #expect(
            try keys(plan)
                == [
                    "stack", "model", "format", "quant", "repository", "revision", "files", "missingBytes",
                    "freeBytes",
                    "fits",
                ]
        )
        #expect(!plan.fits)
        let entry = CatalogView(try #require(try Samples().entries.first))
        #expect(
            try keys(entry).isSuperset(of: [
                "model", "aliases", "licence", "gated", "gguf", "safetensors", "parameters", "contextLength",
            ])
        )
    }

    @Test func `sizes are whole numbers of bytes and times are UTC`() throws {
        let text = String(decoding: try JSON.encode(Samples().models), as: UTF8.self)
        #expect(text.contains("\"sizeBytes\" : 19851335840"))
        #expect(text.contains("\"pulledAt\" : \"2026-01-01T00:00:00Z\""))
    }
}
