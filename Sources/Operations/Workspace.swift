public import Catalog
import Docker
import Hub
public import Platform
public import Store
import SystemPackage

/// What every operation works in: the home, the environment, and the ways to open things.
///
/// Nothing is opened before it is used.
public struct Workspace: Sendable {
    /// The folder that holds `stacks/` and `config/`.
    public let home: Home
    /// The environment variables.
    public let environment: Environment
    /// The stack that was named, by option or environment.
    public let stackName: String?

    /// Describes a workspace.
    public init(home: Home, environment: Environment, stackName: String?) {
        self.home = home
        self.environment = environment
        self.stackName = stackName ?? environment["STACKCTL_STACK"]
    }

    /// The stack that verbs act on when none is named.
    private static let defaultStack = "llamacpp"

    /// All stacks.
    public func stacks() throws(Failure) -> [Stack] {
        do throws(DeclarationError) {
            var stacks: [Stack] = []
            for stack in try home.stacks() { stacks.append(try adopted(stack)) }
            return stacks
        } catch { throw Failure(declaration: error) }
    }

    /// The stack that was named, else the only one of the home, else `llamacpp`.
    public func stack() throws(Failure) -> Stack {
        let stack = try declaredStack()
        do throws(DeclarationError) { return try adopted(stack) } catch { throw Failure(declaration: error) }
    }

    /// The same as its own file declares it: enough for whoever wants its container and no model.
    func declaredStack() throws(Failure) -> Stack {
        let all: [String]
        let name: String
        do throws(DeclarationError) {
            // By name, so that a mistake in one stack's file does not stop the others.
            all = try home.stackNames()
            let own = all.filter { FileSystem.exists(home.folder(of: $0).appending("stack.yaml")) }
            let chosen = try chosenName()
            name = chosen ?? (own.count == 1 ? own[0] : Self.defaultStack)
            if let stack = try home.stack(named: name) { return stack }
        } catch { throw Failure(declaration: error) }
        throw Failure(
            .notFound,
            "there is no stack `\(name)`",
            hint: nearestNames(to: name, in: all).first.map { "did you mean `\($0)`?" }
                ?? "the stacks are \(all.map { "`\($0)`" }.joined(separator: ", "))"
        )
    }

    /// The stack that was named, or all of them.
    public func selectedStacks() throws(Failure) -> [Stack] {
        let chosen: String?
        do throws(DeclarationError) { chosen = try chosenName() } catch {
            throw Failure(declaration: error)
        }
        return chosen == nil ? try stacks() : [try stack()]
    }

    /// What is set for this machine: by the environment, else by the home's `settings.yaml`.
    public func settings() throws(Failure) -> EffectiveSettings {
        do throws(DeclarationError) {
            return try Settings.load(home: home.path, environment: environment)
        } catch { throw Failure(declaration: error) }
    }

    /// The stack with its defaults below the environment and above the machine's settings.
    private func adopted(_ stack: Stack) throws(DeclarationError) -> Stack {
        stack.adopting(above: try Settings.read(environment), below: try Settings.read(in: home.path))
    }

    /// The stack that was named, else the one of the settings.
    private func chosenName() throws(DeclarationError) -> String? {
        if let stackName { return stackName }
        return try Settings.load(home: home.path, environment: environment).value(of: Settings.stack)
    }

    /// The registry of names.
    public func catalog() throws(Failure) -> ModelCatalog {
        do throws(DeclarationError) { return try ModelCatalog.load(home: home.path) } catch {
            throw Failure(declaration: error)
        }
    }

    /// The models of the stack that was named, or of each of them.
    public func selectedStores() async throws(Failure) -> [ModelStore] {
        var stores: [ModelStore] = []
        for stack in try selectedStacks() { stores.append(try await store(of: stack)) }
        return stores
    }

    /// The models of a stack.
    func store(of stack: Stack) async throws(Failure) -> ModelStore {
        switch stack.models {
        case .folder(let path): return ModelStore(volume: path)
        case .dockerVolume(let name):
            do throws(DockerError) {
                return ModelStore(volume: FilePath(try await docker().volume(name).mountpoint))
            } catch {
                throw Failure(
                    .unavailable,
                    "the models of `\(stack.name)` are in the Docker volume `\(name)`, which cannot be found: \(error)",
                    hint: "start the Docker Engine, or set `models` in its stack.yaml to a folder",
                    cause: error
                )
            }
        }
    }

    func docker() throws(DockerError) -> DockerClient { try DockerClient(environment: environment) }

    /// The hub that the environment names; a wait for its quota is reported.
    func hub(offline: Bool, _ report: @escaping Reporter) -> HubClient {
        HubClient(environment: environment, isOffline: offline) { host, seconds in
            report(.waiting(host: host, seconds: seconds))
        }
    }
}

extension Failure {
    /// Words a mistake in a file that the user wrote.
    public init(declaration error: DeclarationError) {
        if let cause = error.cause {
            self.init(system: cause)
            return
        }
        switch error.obstacle {
        case nil: self.init(.invalid, "\(error)", cause: error)
        case .link(let target):
            self.init(
                .conflict,
                "\(error)",
                hint:
                    "edit `\(target)` itself, or put a copy in the link's place: `cp --remove-destination \(target) \(error.file)`",
                cause: error
            )
        case .busy(let process):
            self.init(
                .conflict,
                "\(error)",
                hint: "wait until it has finished, then try again"
                    + (process.map { "; `ps -p \($0)` shows what it is" } ?? ""),
                cause: error
            )
        case .exists: self.init(.conflict, "\(error)", cause: error)
        }
    }
}
