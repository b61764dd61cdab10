import Catalog
import Operations
import Platform

/// Pulls a model, looks at it from all sides, and deletes it again.
@main struct LibraryExample {
    let workspace: Workspace

    static func main() async throws {
        guard CommandLine.arguments.count == 3, let seconds = Int(CommandLine.arguments[2]) else {
            return print("usage: library-example MODEL SECONDS")
        }
        // The home is found as the command line finds it; `flag` names another one.
        let environment = Environment.process
        let here = try FileSystem.currentDirectory()
        let home = Home.locate(flag: nil, environment: environment, workingDirectory: here)
        let workspace = Workspace(home: home, environment: environment, stackName: "llamacpp")
        let model = try ModelReference(parsing: CommandLine.arguments[1])
        do {
            try await LibraryExample(workspace: workspace).run(model, within: .seconds(seconds))
        } catch let failure as Failure {
            // `kind` is for the program, `message` and `hint` for a person.
            print("\(failure.kind): \(failure.message)")
            if let hint = failure.hint { print("hint: \(hint)") }
        }
    }

    func run(_ model: ModelReference, within limit: Duration) async throws {
        let outcome = try await pull(model, within: limit)
        print("\(outcome.wasThere ? "was there" : "pulled"): \(outcome.model), \(outcome.sizeBytes)")
        try await list()
        try await look(at: model)
        await printStatus()
        try await delete(model)
        try await list()
    }

    /// Pulls, and gives up after a time: whatever has arrived is kept, and the next pull goes on from there.
    func pull(_ model: ModelReference, within limit: Duration) async throws -> Pull.Outcome {
        let pull = Task { try await Pull(model).run(in: workspace, report: Self.tell) }
        let clock = Task {
            try await Task.sleep(for: limit)
            pull.cancel()
        }
        defer { clock.cancel() }
        return try await pull.value
    }

    /// Takes each report as it comes, on whichever thread: here the largest steps of it.
    @Sendable static func tell(_ report: Report) {
        switch report {
        case .phase(_, let words): print("… \(words)")
        case .resumed(let file, let bytes, let size): print("… \(file): \(bytes) of \(size) are here already")
        case .progress(let file, let bytes, let size) where bytes == size:
            print("… \(file): all \(size) are here")
        case .done(let file): print("… \(file): verified")
        case .warning(let words): print("warning: \(words)")
        default: break
        }
    }

    func list() async throws {
        let models = try await Listing().run(in: workspace, report: Self.tell)
        for model in models { print("stored: \(model.model) \(model.quant ?? "") \(model.state)") }
        if models.isEmpty { print("stored: nothing") }
    }

    func look(at model: ModelReference) async throws {
        let shown = try await Show(model).run(in: workspace)
        print("path: \(shown.path)")
        print("seen by the container at \(shown.containerPath)")
        print("architecture: \(shown.header?.architecture ?? "unknown")")
        for file in try await Verify([model]).run(in: workspace, report: { _ in }) {
            print("verified: \(file.path) \(file.state)")
        }
    }

    /// Without a Docker Engine there is no status, and all else works.
    func printStatus() async {
        do throws(Failure) {
            for stack in try await Status().run(in: workspace, report: Self.tell) {
                print("\(stack.stack): \(stack.state), \(stack.ready ? "ready" : "not ready")")
            }
        } catch { print("status: \(error.kind)") }
    }

    /// The plan says what would go, and refuses what a container serves.
    func delete(_ model: ModelReference) async throws {
        let removal = Remove([model])
        let plan = try await removal.plan(in: workspace, report: Self.tell)
        for item in plan.items { print("deleting: \(item.model) \(item.quant ?? ""), \(item.sizeBytes)") }
        try removal.run(plan)
    }
}
