import Catalog
import FoundationEssentials
import Hub
import Platform
import Store
import Synchronization
import SystemPackage
import Transfer

/// Fetches the files of a planned pull and makes the model visible.
struct Fetch: Sendable {
    private let planned: PlannedPull
    private let store: ModelStore
    private let copies: StoredCopies
    private let options: PullOptions

    init(_ planned: PlannedPull, _ store: ModelStore, _ copies: StoredCopies, _ options: PullOptions) {
        self.planned = planned
        self.store = store
        self.copies = copies
        self.options = options
    }

    /// A file, and where its verified bytes are.
    private struct Content {
        let path: FilePath
        let sha256: String
    }

    func run(_ report: @escaping Reporter) async throws -> StoredModel {
        let selection = planned.selection
        // What a killed process was putting together holds on to bytes that are to be taken up here.
        try store.beginIngest(model: planned.request.model).discard()
        let copies = try await soundCopies(report)
        report(.files(selection.files.map { ($0.path.string, $0.size) }))
        for (file, copy) in zip(selection.files, copies) where copy != nil {
            report(.done(file: file.path.string))
        }
        let places = try await open(zip(selection.files, copies).filter { $0.1 == nil }.map(\.0), report)
        defer { withExtendedLifetime(places) {} }
        let opened = places.opened
        let sizes = Dictionary(selection.files.map { ($0.path.string, $0.size) }) { first, _ in first }
        let setbacks = SetbackCount()
        let engine = TransferEngine(connections: options.connections, rateLimit: options.rateLimit) { event in
            Self.pass(event, sizes, setbacks, to: report)
        }
        if !opened.isEmpty { report(.phase(.downloading, "downloading \(planned.request.model)")) }
        let received: [ReceivedFile]
        do { received = try await engine.receive(opened.map(\.remote)) } catch {
            removeEmpty(opened)
            throw error
        }
        var contents = places.storedMeanwhile
        for (place, file) in zip(opened, received) {
            contents[place.id] = Content(path: file.content, sha256: file.sha256.hex)
        }
        report(.phase(.storing, "storing \(planned.request.model)"))
        let ordered = selection.files.enumerated().map { index, file in
            if let copy = copies[index] { return copy }
            guard let content = contents[file.partialID] else {
                preconditionFailure("every file was received or copied")
            }
            return content
        }
        // Also when it is refused as no model: bytes that are verified and useless would only come to the same end.
        var isSpent = true
        defer {
            if isSpent {
                for place in opened { try? store.removePartial(place.remote.directory, holding: place.lock) }
            }
        }
        do { return try await publish(ordered, report) } catch {
            isSpent = Failure(error).kind == .invalid
            throw error
        }
    }

    // MARK: Copies

    /// The copies whose bytes still are what the hub declares; what was spoilt since it was stored is fetched.
    private func soundCopies(_ report: Reporter) async throws -> [Content?] {
        if planned.copies.contains(where: { $0 != nil }) {
            report(.phase(.verifying, "checking what is stored already"))
        }
        var sound: [Content?] = []
        for (file, copy) in zip(planned.selection.files, planned.copies) {
            sound.append(try await soundCopy(copy, of: file))
        }
        return sound
    }

    private func soundCopy(_ copy: FilePath?, of file: SelectedFile) async throws -> Content? {
        guard let copy, let part = file.parts.first else { return nil }
        return try await cancellableBlocking { checkCancellation in
            do { return try Self.content(copy, part, checkCancellation) } catch is SystemError { return nil }
        }
    }

    private static func content(
        _ path: FilePath,
        _ file: RepositoryFile,
        _ checkCancellation: () throws -> Void
    ) throws -> Content? {
        switch file.content {
        case .sha256(let digest):
            let actual = try Digest.ofFile(path) { _ in try checkCancellation() }
            return actual == digest ? Content(path: path, sha256: digest.hex) : nil
        case .gitBlob(let digest):
            var blob = RunningDigest(gitBlobOf: file.size)
            var sha256 = RunningDigest(.sha256)
            _ = try File(path, .read).forEachChunk { bytes in
                try checkCancellation()
                blob.update(bytes)
                sha256.update(bytes)
            }
            return blob.finish() == digest ? Content(path: path, sha256: sha256.finish().hex) : nil
        }
    }

    // MARK: Places

    private struct OpenPlace: Sendable {
        let id: Digest
        let remote: RemoteFile
        let lock: FileLock
    }

    private struct Places {
        var opened: [OpenPlace] = []
        /// Contents that another process has stored while its lock was waited for.
        var storedMeanwhile: [Digest: Content] = [:]
    }

    /// Opens the place of every file that must be fetched, each content once, in an order that all processes share, so
    /// that two of them never wait for each other.
    private func open(_ missing: [SelectedFile], _ report: @escaping Reporter) async throws -> Places {
        var places = Places()
        do { try await open(missing, in: &places, report) } catch {
            removeEmpty(places.opened)
            throw error
        }
        return places
    }

    private func open(_ missing: [SelectedFile], in places: inout Places, _ report: @escaping Reporter)
        async throws
    {
        let request = planned.request
        var seen: Set<Digest> = []
        for file in missing.sorted(by: { $0.partialID.hex < $1.partialID.hex })
        where seen.insert(file.partialID).inserted {
            let purpose = Partial.Purpose(
                model: request.model,
                format: planned.selection.format.rawValue,
                quant: planned.selection.quant?.name,
                path: file.path.string,
                sizeBytes: file.size
            )
            var hasWaited = false
            let (directory, lock) = try await store.openPartial(file.partialID, for: purpose) {
                hasWaited = true
                report(.phase(.waiting, "waiting for another stackctl that downloads \(file.path)"))
            }
            let place = OpenPlace(id: file.partialID, remote: remote(file, directory), lock: lock)
            if hasWaited, !options.force, let content = try await storedMeanwhile(file) {
                removeEmpty([place])
                places.storedMeanwhile[file.partialID] = content
                report(.done(file: file.path.string))
                continue
            }
            if options.force { try TransferEngine.forget(in: directory) }
            places.opened.append(place)
        }
    }

    private func storedMeanwhile(_ file: SelectedFile) async throws -> Content? {
        guard file.parts.count == 1 else { return nil }
        let content = file.parts[0].content.digest
        return try await soundCopy(copies.find([content])[content.hex], of: file)
    }

    private func removeEmpty(_ places: [OpenPlace]) {
        for place in places { store.removePartialIfEmpty(place.remote.directory, holding: place.lock) }
    }

    private func remote(_ file: SelectedFile, _ directory: FilePath) -> RemoteFile {
        let parts = file.parts.map(planned.source.remotePart)
        return RemoteFile(name: file.path.string, directory: directory, parts: parts)
    }

    private static func pass(
        _ event: TransferEvent,
        _ sizes: [String: ByteCount],
        _ setbacks: SetbackCount,
        to report: Reporter
    ) {
        switch event {
        case .received(let file, let bytes, let size): report(.progress(file: file, bytes: bytes, of: size))
        case .resuming(let file, let from):
            report(.resumed(file: file, bytes: from, of: sizes[file] ?? from))
            report(.note("\(file): \(from) are here from an earlier run"))
        case .retrying(let file, let reason, let pause):
            guard let count = setbacks.next(file, reason) else { return }
            let when = pause > .seconds(2) ? " in \(pause.components.seconds) s" : ""
            let often = count > 1 ? " (\(count) times)" : ""
            report(.note("\(file): \(reason); trying again\(when)\(often)"))
        case .heldOff(let host, let pause):
            report(.waiting(host: host, seconds: Int(pause.components.seconds) + 1))
        case .verifying(let file): report(.verifying(file: file))
        case .refetching(let file):
            report(.warning("\(file): the bytes do not have the declared hash; fetching them once more"))
        case .mended(let file, let segments): report(.note("\(file): \(mended(segments))"))
        case .finished(let file): report(.done(file: file))
        }
    }

    private static func mended(_ segments: [Range<Int64>]) -> String {
        guard !segments.isEmpty else { return "the same bytes came a second time" }
        let places = segments.map { "\($0.lowerBound)–\($0.upperBound - 1)" }.joined(separator: ", ")
        return "other bytes came the second time and were put in place: \(places)"
    }

    // MARK: Publishing

    private func publish(_ contents: [Content], _ report: Reporter) async throws -> StoredModel {
        let (request, selection) = (planned.request, planned.selection)
        let ingest = try store.beginIngest(model: request.model)
        do {
            let whole = Array(zip(selection.files, contents))
            for (file, content) in whole where !file.isAdapter { try ingest.add(content.path, as: file.path) }
            let files = whole.filter { !$0.0.isAdapter }.map(manifestFile)
            let header = try HeaderReading(
                selection.format,
                in: ingest.directory,
                files: files.map(\.path),
                report
            )
            let key = try ModelKey(
                model: request.model,
                format: selection.format.rawValue,
                quant: selection.quant?.name ?? header.quant ?? "unknown"
            )
            if !options.force { try planned.refuseReplacing(key, in: store) }
            let source = planned.source.recorded(for: request)
            let shelf = AdapterShelf(key: key, source: source, in: request.adapters)
            let adapters = try await shelf.publish(
                whole.filter { $0.0.isAdapter }.map { ($0.1.path, manifestFile($0.0, $0.1)) },
                report
            )
            let model = try ingest.publish(
                Manifest(
                    key: key,
                    source: source,
                    facts: header.facts,
                    files: files,
                    adapters: adapters,
                    pulledAt: .now,
                    tool: toolVersion
                )
            )
            if adapters == nil { try shelf.clear() }
            return model
        } catch {
            ingest.discard()
            throw error
        }
    }

    private func manifestFile(_ file: SelectedFile, _ content: Content) -> Manifest.File {
        Manifest.File(
            path: file.path,
            sizeBytes: file.size,
            sha256: content.sha256,
            gitBlob: file.gitBlob,
            sourcePath: file.sourcePath.flatMap { $0 == file.path ? nil : $0.string }
        )
    }
}

/// How often the same went wrong with a file.
private final class SetbackCount: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    /// The number of this time, unless it is one too many to be told: a bad line breaks a thousand times.
    func next(_ file: String, _ reason: String) -> Int? {
        let count = counts.withLock { counts in
            counts["\(file)\n\(reason)", default: 0] += 1
            return counts["\(file)\n\(reason)"] ?? 1
        }
        return count < 4 || count.nonzeroBitCount == 1 ? count : nil
    }
}

extension SelectedFile {
    fileprivate var gitBlob: String? {
        if parts.count == 1, case .gitBlob(let digest) = parts[0].content { return digest.hex }
        return nil
    }
}

extension RepositoryFile.Content {
    /// The same for a transfer, which does not know the hub.
    var remote: RemotePart.Content {
        switch self {
        case .sha256(let digest): .sha256(digest)
        case .gitBlob(let digest): .gitBlob(digest)
        }
    }
}
