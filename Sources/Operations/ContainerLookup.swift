import Catalog
import Docker
import FoundationEssentials
import Platform
import SystemPackage

extension Workspace {
    /// The engine that the environment leads to.
    func engine() throws(Failure) -> DockerClient {
        do throws(DockerError) { return try docker() } catch { throw Failure(docker: error) }
    }
}

extension Stack {
    /// What stack.yaml calls its container.
    var containerName: String {
        switch container {
        case .named(let name): name
        case .service(let project, let service): "\(project)/\(service)"
        }
    }

    /// The stack's own container; none, several, or one that belongs to somebody else is a failure.
    func ownContainer(in engine: DockerClient) async throws(Failure) -> Docker.Container {
        if let container = try await findContainer(in: engine) { return container }
        throw Failure(
            .notFound,
            "the stack `\(name)` has no container\(containerDescription)",
            hint: "make it with `stackctl \(name) up`, or correct `container` in its stack.yaml"
        )
    }

    /// The stack's own container, which runs.
    func runningContainer(in engine: DockerClient) async throws(Failure) -> Docker.Container {
        let container = try await ownContainer(in: engine)
        if container.state.running { return container }
        throw Failure(
            .conflict,
            "`\(container.shownName)` does not run",
            hint: "start it with `stackctl \(name) start`"
        )
    }

    /// The stack's own container, if there is one.
    func findContainer(in engine: DockerClient) async throws(Failure) -> Docker.Container? {
        do throws(DockerError) {
            switch container {
            case .named(let wanted):
                let found = try await engine.container(wanted)
                // An engine also takes the beginning of an identifier, but a name before that.
                guard found.name == wanted else { return nil }
                if let owner = foreignOwner(of: found) { throw .conflict(owner) }
                return found
            case .service(let project, let service):
                let labels = [ComposeLabel.project: project, ComposeLabel.service: service]
                let all = try await engine.containers(labels: labels)
                    .filter { $0.labels[ComposeLabel.oneOff]?.lowercased() != "true" }
                guard all.count < 2 else { throw .conflict(all.map(\.name).sorted().joined(separator: ", ")) }
                guard let entry = all.first else { return nil }
                return try await engine.container(entry.id)
            }
        } catch {
            guard case .conflict(let words) = error else {
                // It was there a moment ago.
                if case .notFound = error { return nil }
                throw Failure(docker: error)
            }
            throw conflict(words, error)
        }
    }

    private func conflict(_ words: String, _ error: DockerError) -> Failure {
        switch container {
        case .named(let wanted):
            Failure(
                .conflict,
                "the container `\(wanted)` is not the stack `\(name)`'s own: it belongs to the Compose project \(words)",
                hint:
                    "give one of the two another name, or set `compose` in stack.yaml to the file that declares it",
                cause: error
            )
        case .service(let project, let service):
            Failure(
                .conflict,
                "the service `\(service)` of the Compose project `\(project)` has several containers: \(words)",
                hint: "set `container` in stack.yaml to the name of one, or scale the service to one",
                cause: error
            )
        }
    }

    /// Who has made a container, if Compose has, and not from this stack's file; a stack without a file says of the
    /// container only what it is called, and means that one.
    private func foreignOwner(of found: Docker.Container) -> String? {
        let labels = found.configuration.labels ?? [:]
        guard let project = labels[ComposeLabel.project], let files = labels[ComposeLabel.files],
            FileSystem.exists(composeFile)
        else { return nil }
        let declared = files.split(separator: ",").map { FilePath(String($0)).lexicallyNormalized() }
        guard !declared.contains(where: { $0.isSameFile(as: composeFile) }) else { return nil }
        return "`\(project)` in `\(files)`"
    }

    private var containerDescription: String {
        switch container {
        case .named(let name): " `\(name)`"
        case .service(let project, let service):
            ": nothing runs as the service `\(service)` of the project `\(project)`"
        }
    }
}

extension FilePath {
    /// Whether two paths lead to one file, by whatever names.
    fileprivate func isSameFile(as other: FilePath) -> Bool {
        if lexicallyNormalized() == other.lexicallyNormalized() { return true }
        guard let one = try? FileSystem.status(self), let two = try? FileSystem.status(other) else {
            return false
        }
        return one.inode == two.inode && one.device == two.device
    }
}

extension Container {
    /// The name that a person knows it by.
    var shownName: String { name.isEmpty ? String(id.prefix(12)) : name }
}

extension EngineTime {
    /// To the second, as JSON has it.
    var date: Date { Date(timeIntervalSince1970: Double(seconds)) }
}
