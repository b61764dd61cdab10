import Catalog
import Docker
import Engines
import FoundationEssentials
import Platform
import Store
import SystemPackage

/// The launch of a stack as its container reads it: a script in a folder of the stack.
struct ActiveLaunch: Sendable {
    let stack: Stack

    private var path: FilePath { stack.active.appending(LaunchScript.name) }
    /// What a container must begin with, so that a restart serves what was chosen.
    static let entrypoint = "\(Stack.activeMount)/\(LaunchScript.name)"

    /// The script of a launch.
    static func script(_ launch: ServedLaunch) -> String {
        let secrets = (launch.secrets ?? [:]).compactMapValues(SecretReference.init(parsing:))
        return LaunchScript.render(
            launch.argv,
            environment: launch.environment,
            secrets: secrets,
            key: secrets.values.first ?? launch.keyFile.map(SecretReference.file),
            title: launch.shown
        )
    }

    /// The script that is there; `nil` if there is none.
    var text: String? {
        (try? FileSystem.read(path, limit: 1_048_576)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Puts a launch in place; without one, the script that waits for one.
    func write(_ launch: ServedLaunch?) throws(Failure) {
        let script = launch.map { Self.script($0) } ?? LaunchScript.idle(stack: stack.name)
        do throws(SystemError) {
            try FileSystem.createDirectory(stack.active)
            try FileSystem.write(Array(script.utf8), to: path)
        } catch { throw Failure(system: error) }
    }

    /// Makes sure that a container has something to begin with.
    func prepare() throws(Failure) { if text == nil { try write(nil) } }

    // MARK: Who reads it

    /// Whether a container begins with the script of this stack.
    func isRead(by container: Docker.Container) -> Bool {
        let words = (container.configuration.entrypoint ?? []) + (container.configuration.command ?? [])
        return words.contains { $0.contains(Self.entrypoint) } && mount(of: container) != nil
    }

    private func mount(of container: Docker.Container) -> ContainerMount? {
        container.mounts.first { $0.destination == Stack.activeMount }
    }

    /// Refuses a container that sees another folder there.
    func checkMount(of container: Docker.Container) throws(Failure) {
        guard let source = mount(of: container)?.source, let there = try? FileSystem.status(FilePath(source)),
            let here = try? FileSystem.status(stack.active)
        else { return }
        guard there.inode == here.inode, there.device == here.device else {
            throw Failure(
                .conflict,
                "`\(container.shownName)` sees `\(source)` at `\(Stack.activeMount)`, not `\(stack.active)`",
                hint:
                    "name the home that it belongs to with `--home`, or create it anew with `stackctl \(stack.name) up`"
            )
        }
    }

    /// Whether the stack's Compose file has its container begin with the script.
    var isDeclared: Bool {
        guard let bytes = try? FileSystem.read(stack.composeFile, limit: 1_048_576) else { return false }
        return String(decoding: bytes, as: UTF8.self).contains(Self.entrypoint)
    }

    /// Says which two lines make a stack of one's own one that can be told what to serve.
    func notRead(by container: Docker.Container) -> Failure {
        let besides = stack.composeFile.removingLastComponent().lexicallyNormalized()
        let folder = besides == stack.folder.lexicallyNormalized() ? "./active" : stack.active.string
        return Failure(
            .unsupported,
            "`\(container.shownName)` has its command in its Compose file, and a restart would serve the same again",
            hint: """
                in `\(stack.composeFile)`, write `entrypoint: ["/bin/sh", "\(Self.entrypoint)"]` in place of `command`, and \
                `- \(folder):\(Stack.activeMount):ro` below `volumes`; until then `stackctl \(stack.name) launch MODEL` prints \
                the command
                """
        )
    }
}

extension ServedLaunch {
    /// The file that llama.cpp reads its key from.
    fileprivate var keyFile: String? {
        argv.firstIndex(of: "--api-key-file").flatMap { argv.dropFirst($0 + 1).first }
    }
}

extension Docker.Container {
    /// What its process was begun with, as far as it is known here: its command, its environment, and the launch that it
    /// reads.
    func words(_ stack: Stack) -> [String] {
        let launch = ActiveLaunch(stack: stack)
        let script = launch.isRead(by: self) ? launch.text : nil
        return (arguments ?? []) + (configuration.command ?? [])
            + (configuration.environment?.assignments ?? [])
            + (script.map { [$0] } ?? [])
    }

    /// Whether it serves what lies at a path, or below it.
    func mentions(_ path: String, _ stack: Stack) -> Bool {
        words(stack).contains {
            $0 == path || $0.hasSuffix("=\(path)") || $0.contains("\(path)/") || $0.contains("\(path) ")
        }
    }
}
