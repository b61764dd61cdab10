import Engines
import Platform
import SystemPackage
import Testing

struct GoldenLaunchTests {
    private let folder = FilePath(#filePath).removingLastComponent().appending("Golden")

    @Test(arguments: Scenario.allCases) func `a launch is rendered as its golden file shows`(
        scenario: Scenario
    ) async throws {
        let plan = try await LaunchPlan(scenario.request)
        let text = """
            # model: \(ShellCommand.quoted(plan.model))
            # image: \(plan.image ?? "none")
            \(ShellCommand.render(plan.argv, environment: plan.environment))

            """
        let file = folder.appending("\(scenario.rawValue).txt")
        if Environment.process.isTrue("UPDATE_GOLDEN") { try FileSystem.write(Array(text.utf8), to: file) }
        let golden = String(decoding: try FileSystem.read(file), as: UTF8.self)
        #expect(text == golden, "UPDATE_GOLDEN=1 rewrites \(file)")
    }

    @Test func `every golden file belongs to a launch`() throws {
        #expect(try FileSystem.list(folder) == Scenario.allCases.map { "\($0.rawValue).txt" }.sorted())
    }
}
