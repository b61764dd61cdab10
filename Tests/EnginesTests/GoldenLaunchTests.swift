import Catalog
import Engines
import Platform
import SystemPackage
import Testing

struct GoldenLaunchTests {
    private static let folder = FilePath(#filePath).removingLastComponent().appending("Golden")

    /// What a launch can be written as for others to run it.
    enum Rendering: String, CaseIterable {
        case compose = "compose.yaml"
        case kubernetes = "k8s.yaml"
        case variables = "env"
    }

    /// The launches for others, each in every form that can say all of it.
    private static let rendered: [(Scenario, Rendering)] = [
        Scenario.llamaCppPlain, .llamaCppFull, .llamaCppHostileNames, .vllmPlain, .vllmFull, .mistralRsFull,
    ].flatMap { scenario in
        // Whose key is a variable cannot be written as one.
        Rendering.allCases.filter { $0 != .variables || scenario != .llamaCppFull }.map { (scenario, $0) }
    }

    private func compare(_ text: String, with name: String, _ location: SourceLocation = #_sourceLocation)
        throws
    {
        let file = Self.folder.appending(name)
        if Environment.process.isTrue("UPDATE_GOLDEN") { try FileSystem.write(Array(text.utf8), to: file) }
        let golden = String(decoding: try FileSystem.read(file), as: UTF8.self)
        #expect(text == golden, "UPDATE_GOLDEN=1 rewrites \(file)", sourceLocation: location)
    }

    @Test(arguments: Scenario.allCases) func `a launch is rendered as its golden file shows`(
        scenario: Scenario
    ) async throws {
        let plan = try await LaunchPlan(scenario.request)
        let unused =
            plan.unused.isEmpty ? "" : "# unused: \(plan.unused.map(\.name).joined(separator: ", "))\n"
        let text = """
            # model: \(ShellCommand.quoted(plan.model))
            # image: \(plan.image ?? "none")
            \(unused)\(plan.shell)

            """
        try compare(text, with: "\(scenario.rawValue).txt")
    }

    @Test(arguments: rendered)
    func `a launch for others is rendered as its golden file shows`(
        scenario: Scenario,
        rendering: Rendering
    ) async throws {
        let request = try await scenario.request
        let plan = try LaunchPlan(request)
        let text =
            switch rendering {
            case .compose: try LaunchService(plan, in: request.stack, size: 20_000_000_000).compose
            case .kubernetes: try LaunchService(plan, in: request.stack, size: 20_000_000_000).kubernetes
            case .variables: try plan.variables.text
            }
        let placed = text.replacing(request.stack.folder.string, with: "/srv/stacks/test")
        try compare(placed, with: "\(scenario.rawValue).\(rendering.rawValue)")
    }

    @Test func `every golden file belongs to a launch`() throws {
        let others = Self.rendered.map { "\($0.rawValue).\($1.rawValue)" }
        let all = Scenario.allCases.map { "\($0.rawValue).txt" } + others
        #expect(try FileSystem.list(Self.folder) == all.sorted())
    }
}
