import Platform
import SystemPackage

/// One file on its way: its parts one after the other, and the journal that outlives the process.
struct FileTransfer: Sendable {
    let file: RemoteFile
    let pacing: Pacing
    let report: @Sendable (TransferEvent) -> Void

    private var contentPath: FilePath { file.directory.appending("data") }

    func run() async throws -> ReceivedFile {
        do {
            try await own()
            if let whole = try verifiedBefore() { return whole }
            var journal = Journal(file)
            try journal.save(in: file.directory)
            let content = try File(contentPath, .update)
            let sha256 = try await receiveParts(into: content)
            try await blocking { try content.synchronize() }
            journal.verified = sha256.hex
            try journal.save(in: file.directory)
            return finished(sha256)
        } catch let error as SystemError {
            throw TransferError.system(error)
        } catch let setback as Setback {
            throw TransferError.gaveUp(file: file.name, reason: "\(setback)")
        }
    }

    /// Makes the bytes this place's own where a killed process left them as another name of a stored file: what is
    /// written here must not change that one, and what was done to that one must not be trusted here.
    private func own() async throws {
        guard let status = try FileSystem.status(contentPath, followingLinks: false), status.linkCount > 1
        else { return }
        let copy = file.directory.appending("copy")
        try await blocking {
            try FileSystem.remove(copy)
            try FileSystem.copy(contentPath, to: copy)
            try FileSystem.rename(copy, to: contentPath)
        }
        try Journal(file).save(in: file.directory)
    }

    /// A file that an earlier run finished; what was received for another content is removed.
    private func verifiedBefore() throws -> ReceivedFile? {
        guard let kept = Journal.load(from: file.directory) else { return nil }
        guard kept.content == Journal(file).content else {
            try FileSystem.remove(contentPath)
            return nil
        }
        guard let hex = kept.verified, let sha256 = Digest(.sha256, hex: hex),
            try FileSystem.status(contentPath)?.size == file.size
        else { return nil }
        report(.received(file: file.name, bytes: file.size, of: file.size))
        return finished(sha256)
    }

    private func finished(_ sha256: Digest) -> ReceivedFile {
        report(.finished(file: file.name))
        return ReceivedFile(content: contentPath, size: file.size, sha256: sha256)
    }

    private func receiveParts(into content: File) async throws -> Digest {
        var last: Digest?
        var base: Int64 = 0
        for part in file.parts {
            last = try await receive(part, at: base, into: content)
            base += part.size.bytes
        }
        try content.truncate(to: file.size)
        if file.parts.count == 1, let last, last.algorithm == .sha256 { return last }
        return try await cancellableBlocking { checkCancellation in
            var digest = RunningDigest(.sha256)
            _ = try content.forEachChunk { bytes in
                try checkCancellation()
                digest.update(bytes)
            }
            return digest.finish()
        }
    }

    /// Receives a part until it has its hash; a part with another one is fetched once more.
    private func receive(_ part: RemotePart, at base: Int64, into content: File) async throws -> Digest {
        var isSecond = false
        let addresses = AddressBook(part)
        while true {
            let kept = min(max(try content.status().size.bytes - base, 0), part.size.bytes)
            let transfer = PartTransfer(
                name: file.name,
                part: part,
                base: base,
                content: content,
                pacing: pacing,
                report: report,
                addresses: addresses
            ) { [file, report] bytes in
                report(.received(file: file.name, bytes: ByteCount(base + bytes), of: file.size))
            }
            let digest = try await transfer.run(kept: kept)
            if digest == part.expected { return digest }
            try content.truncate(to: ByteCount(base))
            if isSecond {
                throw TransferError.wrongHash(file: file.name, expected: part.expected, actual: digest)
            }
            isSecond = true
            report(.refetching(file: file.name))
        }
    }
}

extension RemotePart {
    fileprivate var expected: Digest {
        switch content {
        case .sha256(let digest), .gitBlob(let digest): digest
        }
    }
}
