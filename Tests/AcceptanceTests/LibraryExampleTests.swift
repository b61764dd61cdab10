import Platform
import SystemPackage
import TestSupport
import Testing

/// The program of docs/library.md, built by the package and run against a hub.
struct LibraryExampleTests {
    private func run(_ home: CommandLineHome, seconds: Int) async throws -> BinaryRun.Result {
        try await BinaryRun.run(
            try BinaryRun.built("library-example"),
            ["org/tiny-GGUF:q4_k_m", "\(seconds)"],
            environment: home.environment()
        )
    }

    @Test func `a program pulls a model, looks at it, and deletes it`() async throws {
        let home = try CommandLineHome(try tinyRepository())
        let result = try await run(home, seconds: 60)
        #expect(result.status == 0 && result.errors.isEmpty)
        let lines = result.output.split(separator: "\n").map(String.init)
        let seen = [
            "… tiny-Q4_K_M.gguf: verified", "stored: org/tiny-GGUF q4_k_m ready",
            "architecture: llama", "verified: tiny-Q4_K_M.gguf ok", "status: unavailable", "stored: nothing",
        ]
        for line in seen { #expect(lines.contains(line), "\(line) in \(result.output)") }
        #expect(lines.contains { $0.hasPrefix("pulled: org/tiny-GGUF, ") })
        #expect(lines.contains("path: \(home.volume().pushing("org--tiny-GGUF/gguf/q4_k_m"))"))
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `a pull that is given up keeps what has arrived, and the next one goes on from there`()
        async throws
    {
        let content = try largeGGUF(mebibytes: 8)
        let repository = StubRepository("org/tiny-GGUF", files: ["tiny-Q4_K_M.gguf": content])
        let home = try CommandLineHome(repository)
        home.hub.inject(StubFault(.cdn, .throttle(bytesPerSecond: 60_000), times: .max))
        let stopped = try await run(home, seconds: 6)
        #expect(stopped.status == 0 && stopped.output.contains("cancelled: interrupted"), "\(stopped.output)")
        #expect(stopped.output.contains("hint: what has arrived is kept"))
        #expect(home.received > 0 && !stopped.output.contains("pulled: "))
        home.hub.clearFaults()
        let resumed = try await run(home, seconds: 60)
        #expect(
            resumed.output.contains(" are here already\n") && resumed.output.contains("pulled: "),
            "\(resumed.output)"
        )
    }
}
