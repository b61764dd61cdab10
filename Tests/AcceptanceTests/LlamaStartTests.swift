import Platform
import SystemPackage
import TestSupport
import Testing

/// Containers that Docker cannot start.
@Suite(.llamaServer, .serialized)
struct LlamaStartTests {
    @Test func `without a GPU one command is named, and after it the model is served`() async throws {
        try await LlamaStackHome.with(pretendsGPUs: false) { stack in
            let refused = try await stack.run("use", "alpha")
            #expect(refused.status == 9, "\(refused.errors)")
            #expect(refused.errors.contains("could not be started: Docker cannot hand out GPUs"))
            let command = try #require(Self.command(in: refused.errors), "\(refused.errors)")
            #expect(command.hasPrefix("sed -i ") && command.hasSuffix("stacks/llamacpp/compose.yaml"))
            let why = try await stack.run("why")
            #expect(why.status == 0 && Self.command(in: why.output) == command, "\(why.output)")
            let doctor = try await stack.run("doctor")
            #expect(Self.command(in: doctor.output) == command, "\(doctor.output)")

            let edit = try await BinaryRun.run("/bin/sh", ["-c", command], environment: [:])
            #expect(edit.status == 0, "\(edit.errors)")
            let used = try await stack.run("use", "alpha")
            #expect(used.status == 0, "\(used.errors)")
            #expect(try await stack.firstWord() == "alpha")
        }
    }

    @Test func `a port that is taken is told once, in a sentence of its own`() async throws {
        try await LlamaStackHome.with { stack in
            let holder = try StubServer(name: "holder", port: stack.port) { _ in .json("{}") }
            let refused = try await stack.run("use", "alpha")
            holder.stop()
            #expect(refused.status == 9, "\(refused.errors)")
            let own = refused.errors.split(separator: "\n").filter {
                $0.hasPrefix("error: ") || $0.hasPrefix("warning: ")
            }
            #expect(
                own.count == 2
                    && own.allSatisfy { $0.contains("has the stack's port") && $0.utf8.count < 300 }
            )
            let used = try await stack.run("use", "alpha")
            #expect(used.status == 0, "\(used.errors)")
            #expect(try await stack.firstWord() == "alpha")
        }
    }

    /// What stands in backticks and edits a file.
    private static func command(in text: String) -> String? {
        text.split(separator: "`").first { $0.hasPrefix("sed ") }.map(String.init)
    }
}
