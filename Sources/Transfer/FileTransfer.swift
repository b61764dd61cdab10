import Platform
import SystemPackage

/// One file on its way: its bytes, its hashes, and the journals that outlive the process.
struct FileTransfer: Sendable {
    /// A file this small is written down once, when it is whole.
    private static let small: ByteCount = 8_388_608

    let file: RemoteFile
    /// The place of the file among those of the transfer.
    let order: Int
    let lines: Lines
    let pacing: Pacing
    let report: @Sendable (TransferEvent) -> Void

    static func contentPath(_ directory: FilePath) -> FilePath { directory.appending("data") }

    private var contentPath: FilePath { Self.contentPath(file.directory) }

    /// Where the parts lie in the file.
    private var ranges: [Range<Int64>] {
        var end: Int64 = 0
        return file.parts.map { part in
            defer { end += part.size.bytes }
            return end..<end + part.size.bytes
        }
    }

    // MARK: Before

    /// Takes the disk's room for the file, so that it is not found out hours later that there is none.
    func prepare() throws(TransferError) {
        do throws(SystemError) {
            try own()
            guard verifiedBefore == nil else { return }
            let content = try File(contentPath, .update)
            if try file.size < content.status().size { try content.truncate(to: file.size) }
            // A filesystem that cannot promise room tells in the middle; what has come by then stays.
            _ = try content.reserve(file.size)
        } catch { throw .system(error) }
    }

    /// Makes sure that the bytes here are this place's own and of this content.
    ///
    /// A killed process may have left them as another name of a stored file: what is written here must not change that
    /// one, and what was done to that one must not be trusted here.
    private func own() throws(SystemError) {
        let journals = Journal.load(from: file.directory)
        guard let status = try FileSystem.status(contentPath, followingLinks: false) else {
            return try Journal.remove(from: file.directory)
        }
        if status.linkCount > 1 {
            let copy = file.directory.appending("copy")
            try FileSystem.remove(copy)
            try FileSystem.copy(contentPath, to: copy)
            try FileSystem.rename(copy, to: contentPath)
            guard var journal = journals.first else { return }
            journal.verified = nil
            try journal.save(in: file.directory, durably: true)
        } else if journals.contains(where: { $0.content != Journal(file).content }) {
            try Journal.remove(from: file.directory)
            try FileSystem.remove(contentPath)
        }
    }

    /// The hash of a file that an earlier run finished.
    private var verifiedBefore: Digest? {
        let declared = Journal(file).content
        let journals = Journal.load(from: file.directory).filter { $0.content == declared }
        guard let hex = journals.compactMap(\.verified).first, let sha256 = Digest(.sha256, hex: hex),
            let status = try? FileSystem.status(contentPath), status.size == file.size
        else { return nil }
        if file.parts.count == 1, case .sha256(let only) = file.parts[0].content, only != sha256 {
            return nil
        }
        return sha256
    }

    /// The bytes of an earlier run that are still here.
    private func kept(in content: File) throws(SystemError) -> RangeSet<Int64> {
        let size = try content.status().size.bytes
        let declared = Journal(file).content
        let here = Journal.load(from: file.directory).filter { $0.content == declared }
            .reduce(into: RangeSet<Int64>()) { $0.formUnion($1.here) }
        return size > 0 ? here.intersection(RangeSet(0..<size)) : RangeSet()
    }

    // MARK: The transfer

    func run() async throws -> ReceivedFile {
        if let sha256 = verifiedBefore {
            report(.resuming(file: file.name, from: file.size))
            return finished(sha256)
        }
        do { return try await receive() } catch let error as SystemError { throw TransferError.system(error) }
    }

    private func receive() async throws -> ReceivedFile {
        let content = try File(contentPath, .update)
        let kept = try kept(in: content)
        if kept.length > 0 { report(.resuming(file: file.name, from: ByteCount(kept.length))) }
        let ledger = Monitor(Ledger(ranges, here: kept, window: Int64(2 * pacing.connections)))
        let keeper = JournalKeeper(file: file, content: content, ledger: ledger)
        // Now, while there is room for it: later it is written over, for which a full disk has room.
        if file.size > Self.small { try keeper.note() }
        let sha256: Digest
        do { sha256 = try await gather(ledger, content, keeper) } catch {
            // Whatever happened: what has come is not to be fetched again.
            if !(error is WrongContent) { try? keeper.note() }
            throw (error as? WrongContent)?.error ?? error
        }
        try content.truncate(to: file.size)
        try await abandonableBlocking { try content.synchronize() }
        var journal = Journal(file)
        journal.here = RangeSet(ranges)
        journal.verified = sha256.hex
        try journal.save(in: file.directory, durably: file.size > Self.small)
        return finished(sha256)
    }

    private func finished(_ sha256: Digest) -> ReceivedFile {
        report(.finished(file: file.name))
        return ReceivedFile(content: contentPath, size: file.size, sha256: sha256)
    }

    /// Fetches, hashes and writes down, all at once.
    private func gather(_ ledger: Monitor<Ledger>, _ content: File, _ keeper: JournalKeeper) async throws
        -> Digest
    {
        let books = file.parts.map { AddressBook($0) }
        return try await withThrowingTaskGroup(of: Digest?.self) { group in
            group.addTask {
                try await fetch(ledger, books, ContentSink(content)) { received in
                    report(.received(file: file.name, bytes: ByteCount(received), of: file.size))
                }.run()
                report(.verifying(file: file.name))
                return nil
            }
            group.addTask {
                if file.size > Self.small { try await keeper.run() }
                return nil
            }
            group.addTask { try await verify(ledger, content, books) }
            var sha256: Digest?
            for try await digest in group { sha256 = sha256 ?? digest }
            guard let sha256 else { preconditionFailure("a whole file has a hash") }
            return sha256
        }
    }

    private func fetch(
        _ ledger: Monitor<Ledger>,
        _ books: [AddressBook],
        _ sink: ContentSink,
        progress: @escaping @Sendable (Int64) -> Void
    ) -> FileFetch {
        FileFetch(
            name: file.name,
            order: order,
            parts: ranges,
            books: books,
            ledger: ledger,
            sink: sink,
            lines: lines,
            pacing: pacing,
            report: report,
            progress: progress
        )
    }

    // MARK: Verification

    /// The part's bytes have another hash than was declared, also where they came twice.
    private struct WrongContent: Error { let error: TransferError }

    /// Hashes the parts as they arrive; answers with the SHA-256 of all.
    private func verify(_ ledger: Monitor<Ledger>, _ content: File, _ books: [AddressBook]) async throws
        -> Digest
    {
        let hasher = FileHasher(content: content, ledger: ledger)
        var last: Digest?
        for (index, (part, range)) in zip(file.parts, ranges).enumerated() {
            let digests = try await hasher.digests(of: part, at: range)
            last = digests.sha256
            if digests.declared != part.content.digest {
                last = try await mend(index, digests.declared, content, books, ledger).sha256
            }
        }
        if file.parts.count == 1, let last { return last }
        return try await hasher.whole(file.size)
    }

    /// Fetches a part once more and writes what differs.
    private func mend(
        _ index: Int,
        _ actual: Digest,
        _ content: File,
        _ books: [AddressBook],
        _ ledger: Monitor<Ledger>
    ) async throws -> FileHasher.PartDigests {
        let (part, range) = (file.parts[index], ranges[index])
        report(.refetching(file: file.name))
        let sink = ContentSink(content, isMending: true)
        let fresh = Monitor(Ledger(ranges, here: RangeSet(ranges).subtracting(RangeSet(range))))
        try await fetch(fresh, books, sink) { _ in }.run()
        let differing = segments(sink.mended)
        report(.mended(file: file.name, differing))
        let digests = try await FileHasher(content: content, ledger: fresh).digests(of: part, at: range)
        guard digests.declared == part.content.digest else {
            try discard(range, content, ledger.access { $0.here })
            throw WrongContent(
                error: .wrongHash(
                    file: file.name,
                    expected: part.content.digest,
                    actual: actual,
                    differing: differing
                )
            )
        }
        return digests
    }

    /// The segments of the file, of 32 MiB each, that some bytes lie in.
    private func segments(_ bytes: RangeSet<Int64>) -> [Range<Int64>] {
        let length: Int64 = 32 << 20
        let touched = bytes.ranges.map { range in
            range.lowerBound / length
                * length..<min((range.upperBound - 1) / length * length + length, file.size.bytes)
        }
        return Array(RangeSet(touched).ranges)
    }

    /// Writes down that none of a part's bytes is worth anything.
    private func discard(_ part: Range<Int64>, _ content: File, _ here: RangeSet<Int64>) throws(SystemError) {
        try Journal.remove(from: file.directory)
        guard file.parts.count > 1 else { return try content.truncate(to: 0) }
        var journal = Journal(file)
        journal.here = here.subtracting(RangeSet(part))
        try content.synchronize()
        try journal.save(in: file.directory, durably: true)
    }
}

extension RemotePart.Content {
    /// The hash, of whichever kind.
    var digest: Digest {
        switch self {
        case .sha256(let digest), .gitBlob(let digest): digest
        }
    }
}
