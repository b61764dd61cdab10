#if Mirror
public import ArgumentParser
import Catalog
import Console
public import Mirror
import Operations
import Platform
import SystemPackage

struct MirrorVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror",
        abstract: "Serve models to other hosts over the Hugging Face hub's protocol",
        subcommands: [MirrorServe.self]
    )
}

struct MirrorServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the stored models, or a folder of repositories",
        discussion: """
            Prints its address on stdout when it listens, and a line for each request on stderr. Another host reads from \
            it with `HF_ENDPOINT=http://HOST:PORT`: stackctl, `hf download`, llama.cpp and vLLM alike.
            """
    )

    @Argument(help: "A folder that holds `org/name/files`; the stacks' volumes without this.")
    var directory: String?

    @Option(help: ArgumentHelp("Where to listen.", valueName: "address:port"))
    var bind = ListenAddress.standard

    @Option(help: ArgumentHelp("A file with the token that every request must bear.", valueName: "file"))
    var tokenFile: String?

    @Flag(help: "Serve other hosts without a token.")
    var insecure = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let workspace = try common.workspace()
        let configuration = MirrorConfiguration(
            address: bind,
            token: try token(),
            allowsInsecure: insecure,
            sources: try await sources(in: workspace)
        )
        let (output, talk, isQuiet) = (common.output, common.talk, common.quiet)
        let server = MirrorServer(configuration) { exchange in
            if !isQuiet { talk.say("\(sanitized("\(exchange)"))\n") }
        }
        do throws(MirrorError) {
            try await server.run { address in
                try? output.print(["address": "http://\(address)"]) { "http://\(address)\n" }
            }
        } catch { throw Failure(error) }
    }

    private func sources(in workspace: Workspace) async throws -> [MirrorSource] {
        if let directory { return [.folder(try workingDirectory().pushing(FilePath(directory)))] }
        return [.stores(try await workspace.selectedStores())]
    }

    private func token() throws -> String? {
        guard let tokenFile else { return nil }
        do throws(SystemError) {
            let bytes = try FileSystem.read(FilePath(tokenFile), limit: 65_536)
            return String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        } catch { throw Failure(system: error) }
    }
}

extension ListenAddress: ExpressibleByArgument {
    /// Reads `127.0.0.1:8090`, `[::1]:8090` or `:8090`.
    public init?(argument: String) { self.init(parsing: argument) }
}

extension Failure {
    fileprivate init(_ error: MirrorError) {
        switch error {
        case .exposedWithoutToken:
            self.init(
                .refused,
                "\(error)",
                hint: "add `--token-file FILE`, or `--insecure` if every host may read it",
                cause: error
            )
        case .emptyToken: self.init(.invalid, "\(error)", cause: error)
        case .notADirectory: self.init(.notFound, "\(error)", cause: error)
        case .cannotListen:
            self.init(.conflict, "\(error)", hint: "choose another port with `--bind`", cause: error)
        case .ended: self.init(.failed, "\(error)", cause: error)
        }
    }
}
#endif
