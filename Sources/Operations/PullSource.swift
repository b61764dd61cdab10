import Catalog
import Hub
import Platform
import Store
import Transfer

/// Where the files of a model are, in one state of it.
enum PullSource: Sendable {
    /// A repository of a hub at a commit.
    case hub(HubClient, Revision)
    /// A model of a registry, as its manifest describes it.
    case ollama(OllamaRegistry, OllamaReference, OllamaManifest)

    /// What a person calls it.
    var repository: String {
        switch self {
        case .hub(_, let revision): "\(revision.repository)"
        case .ollama(_, let reference, _): "\(reference)"
        }
    }

    /// What tells this state from others: the commit, or the hash of the manifest.
    var revision: String {
        switch self {
        case .hub(_, let revision): revision.commit
        case .ollama(_, _, let manifest): manifest.digest.hex
        }
    }

    /// What a manifest says of it.
    func recorded(for request: PullRequest) -> Manifest.Source {
        switch self {
        case .hub(let hub, let revision):
            Manifest.Source(
                kind: .hub,
                endpoint: hub.endpoint,
                repository: "\(revision.repository)",
                revision: revision.commit,
                requestedRevision: request.revision,
                selection: request.fingerprint
            )
        case .ollama(let registry, let reference, let manifest):
            Manifest.Source(
                kind: .ollama,
                endpoint: registry.endpoint,
                repository: reference.repository,
                revision: manifest.digest.hex,
                requestedRevision: reference.tag
            )
        }
    }

    /// Who hands out the files.
    var place: FilePlace {
        switch self {
        case .hub(let hub, let revision): .hub(hub, revision)
        case .ollama(let registry, let reference, _): .ollama(registry, OllamaName(reference))
        }
    }

    /// Asks whether a file may be had.
    func probe(_ file: RepositoryFile) async throws(Failure) { _ = try await place.location(of: file) }

    /// The file as a transfer takes it.
    func remotePart(_ file: RepositoryFile) -> RemotePart { place.remotePart(file) }
}

/// Who hands out the files of a model.
enum FilePlace: Sendable {
    case hub(HubClient, Revision)
    case ollama(OllamaRegistry, OllamaName)

    /// The file as a transfer takes it.
    func remotePart(_ file: RepositoryFile) -> RemotePart {
        RemotePart(size: file.size, content: file.content.remote, address: known(file)) {
            do throws(Failure) { return address(try await location(of: file)) } catch {
                guard isPassing(error) else { throw error }
                throw AddressUnavailable(reason: error.message, cause: error)
            }
        }
    }

    /// Where a small file can be asked for at once: a question before it would take as long as its bytes.
    private func known(_ file: RepositoryFile) -> RemoteAddress? {
        guard case .hub(let hub, let revision) = self, case .gitBlob = file.content else { return nil }
        return address(hub.address(of: file, at: revision))
    }

    /// Finds out where the bytes of a file can be had now.
    func location(of file: RepositoryFile) async throws(Failure) -> FileLocation {
        switch self {
        case .hub(let hub, let revision):
            do throws(HubError) { return try await hub.locate(file, at: revision) } catch {
                throw Failure(error, client: hub)
            }
        case .ollama(let registry, let name):
            do throws(OllamaError) { return try await registry.locate(file.content.digest, of: name) } catch {
                throw Failure(error, registry: registry)
            }
        }
    }

    private func address(_ location: FileLocation) -> RemoteAddress {
        RemoteAddress(url: location.url, headers: location.headers) { target in
            let next: FileLocation? =
                switch self {
                case .hub(let hub, _): try? hub.redirected(from: location.url, to: target)
                case .ollama(let registry, _): try? registry.redirected(from: location.url, to: target)
                }
            return next.map(address)
        }
    }

    private func isPassing(_ failure: Failure) -> Bool {
        switch failure.cause {
        case let error as HubError: error.isPassing
        case OllamaError.unanswered(let error)?: error.isPassing
        default: false
        }
    }
}

extension PullRequest {
    /// Asks the hub or the registry for the state that is there now.
    func resolve(_ hub: HubClient, tries: Int = 4) async throws(Failure) -> PullSource {
        switch origin {
        case .hub(let repository, let revision):
            do throws(HubError) {
                return .hub(hub, try await hub.revision(revision, of: repository, tries: tries))
            } catch {
                throw Failure(error, client: hub).noticingLocal(ModelReference(.repository("\(repository)")))
            }
        case .ollama(let reference):
            let registry = hub.registry(at: reference.endpoint)
            do throws(OllamaError) {
                let manifest = try await registry.manifest(of: OllamaName(reference), tries: tries)
                return .ollama(registry, reference, manifest)
            } catch { throw Failure(error, registry: registry) }
        case .local: preconditionFailure("nothing is asked about a file of this machine")
        }
    }
}

extension OllamaName {
    init(_ reference: OllamaReference) {
        self.init(repository: reference.repository, tag: reference.tag)
    }
}
