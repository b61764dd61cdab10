import Catalog
import Host
import Hub
public import Platform
import Store
import SystemPackage
import Transfer

/// What a pull will do: settled before the first byte.
public struct PullPlan: Sendable {
    /// A file that the model needs.
    public struct File: Sendable, Encodable {
        /// Its path in the model.
        public let path: RelativePath
        /// Its length.
        public let sizeBytes: ByteCount
        /// What of it must be fetched; less than its length if an earlier run fetched some, none if it is stored.
        public let missingBytes: ByteCount
    }

    /// The stack whose volume it goes to.
    public let stack: String
    /// The model's name.
    public let model: String
    /// `gguf` or `safetensors`.
    public let format: String
    /// The quantization, if the files' names tell it.
    public let quant: String?
    /// The repository, the name at a registry, or the path that is imported.
    public let repository: String
    /// The commit, or the hash of the registry's manifest, if it is not imported.
    public let revision: String?
    /// The files.
    public let files: [File]
    /// What the volume's filesystem has free for it, the room included that a stopped run has reserved.
    public let freeBytes: ByteCount

    /// What must be fetched.
    public var missing: ByteCount { files.lazy.map(\.missingBytes).total() }
}

/// A pull whose files are known.
struct PlannedPull: Sendable {
    let request: PullRequest
    let source: PullSource
    let selection: FileSelection
    /// For each file of the selection, a verified copy that some stack of this host already has.
    let copies: [FilePath?]

    /// Sums up what is to be fetched and checks that it fits.
    func plan(stack: Stack, store: ModelStore) throws(Failure) -> PullPlan {
        let partials = try partials(in: store)
        let files = zip(selection.files, copies).map { file, copy in
            let received = partials[file.partialID]?.received ?? 0
            return PullPlan.File(
                path: file.path,
                sizeBytes: file.size,
                missingBytes: copy != nil ? 0 : file.size - min(received, file.size)
            )
        }
        var free: ByteCount
        do throws(SystemError) { free = try DiskSpace(at: store.layout.volume).available } catch {
            throw Failure(system: error)
        }
        for id in Set(selection.files.map(\.partialID)) {
            if let partial = partials[id], partial.occupied > partial.received {
                free += partial.occupied - partial.received
            }
        }
        return PullPlan(
            stack: stack.name,
            model: request.model,
            format: selection.format.rawValue,
            quant: selection.quant?.name,
            repository: source.repository,
            revision: source.revision,
            files: files,
            freeBytes: free
        )
    }

    /// What has arrived of the files in stopped runs, and what room those hold.
    private func partials(
        in store: ModelStore
    ) throws(Failure) -> [Digest: (received: ByteCount, occupied: ByteCount)] {
        let partials: [Partial]
        do throws(StoreError) { partials = try store.partials() } catch { throw Failure(store: error) }
        let ids = Dictionary(selection.files.map { ($0.partialID.hex, $0.partialID) }) { first, _ in first }
        var found: [Digest: (received: ByteCount, occupied: ByteCount)] = [:]
        for partial in partials {
            guard let id = ids[partial.directory.lastComponent?.string ?? ""] else { continue }
            found[id] = (TransferEngine.received(in: partial.directory), partial.occupied)
        }
        return found
    }
}

extension PullPlan {
    /// Nothing is to be done for what is stored.
    init(stored model: StoredModel, _ stack: Stack) throws(Failure) {
        let manifest = model.manifest
        let files = manifest.files.map { File(path: $0.path, sizeBytes: $0.sizeBytes, missingBytes: 0) }
        do throws(SystemError) {
            self.init(
                stack: stack.name,
                model: manifest.model,
                format: manifest.format,
                quant: manifest.quant,
                repository: manifest.source.repository,
                revision: manifest.source.revision,
                files: files,
                freeBytes: try DiskSpace(at: model.layout.volume).available
            )
        } catch { throw Failure(system: error) }
    }

    /// Refuses a plan that the disk cannot hold.
    public func checkSpace() throws(Failure) {
        guard missing > freeBytes else { return }
        throw Failure(
            .noSpace,
            "`\(model)` needs \(missing) more, and the volume of `\(stack)` has \(freeBytes) free",
            hint: "see `stackctl df`; `stackctl ls` shows what could be removed with `stackctl rm`"
        )
    }
}

extension SelectedFile {
    /// The name of the place where its download is kept: the hash of its content, or of its parts' hashes.
    var partialID: Digest {
        if parts.count == 1, let part = parts.first { return part.content.digest }
        return .of(Array(parts.map { "\($0.content.digest)" }.joined(separator: "\n").utf8))
    }
}
