import Catalog
import Formats
import Hub
import Platform

/// Reads the headers of a model's files where they are, and nothing else of them.
struct RemoteHeaders: Sendable {
    /// What was read, and how much that was.
    struct Outcome: Sendable {
        let headers: ModelHeaders
        /// What came over the line of the files.
        let received: ByteCount
        /// The length of the files.
        let size: ByteCount
    }

    /// More at a time would look like a download to the hub, and one at a time takes a second for each shard.
    private static let atOnce = 6

    let hub: HubClient
    let place: FilePlace
    /// How much of an array is kept.
    let arrayLimit: Int

    func read(_ selection: FileSelection) async throws(Failure) -> Outcome {
        switch selection.format {
        case .gguf: try await gguf(selection)
        case .safetensors, .uqff: try await safetensors(selection)
        }
    }

    private func gguf(_ selection: FileSelection) async throws(Failure) -> Outcome {
        let models = selection.files.filter { !$0.isAdapter && !$0.path.isProjector }
        // A projector or an adapter that was named is what is wanted.
        let files = models.isEmpty ? selection.files : models
        let read = try await all(files) { file async throws(Failure) in
            var beginning = RemoteBeginning(of: file, at: place, hub)
            let header = try await beginning.header(isExact: false) { bytes, size throws(FormatError) in
                try GGUFHeader.parse(prefix: bytes, fileSize: size, arrayLimit: arrayLimit)
            }
            let bytes = beginning.bytes
            let part = GGUFPart(file.sourcePath?.string ?? file.path.string, header) { range in
                Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
            }
            return (part, beginning.received)
        }
        return Outcome(
            headers: .gguf(read.map(\.0)),
            received: read.lazy.map(\.1).total(),
            size: files.lazy.map(\.size).total()
        )
    }

    private func safetensors(_ selection: FileSelection) async throws(Failure) -> Outcome {
        let weights = selection.files.filter { SafetensorsFiles.isWeights($0.path) }
        let parts = try await all(weights) { file async throws(Failure) in
            var beginning = RemoteBeginning(of: file, at: place, hub)
            let header = try await beginning.header(isExact: true) { bytes, size throws(FormatError) in
                try SafetensorsHeader.parse(prefix: bytes, fileSize: size)
            }
            return (SafetensorsPart(path: file.path, header: header), beginning.received)
        }
        let beside = selection.files.filter { SafetensorsCompanions.names.contains($0.path.string) }
        if let file = beside.first(where: { $0.size > SafetensorsCompanions.longest($0.path.string) }) {
            throw Failure(.invalid, "`\(file.path)` has \(file.size), which is too much for such a file")
        }
        let contents = try await all(beside) { file async throws(Failure) in
            var beginning = RemoteBeginning(of: file, at: place, hub)
            return (file.path.string, try await beginning.whole(), beginning.received)
        }
        var companions = SafetensorsCompanions()
        for (name, bytes, _) in contents { companions.contents[name] = bytes }
        return Outcome(
            headers: .safetensors(parts.map(\.0), companions),
            received: parts.lazy.map(\.1).total() + contents.lazy.map(\.2).total(),
            size: (weights + beside).lazy.map(\.size).total()
        )
    }

    /// Reads the files, a few at once; the first one alone, since most that can go wrong goes wrong with it.
    private func all<Read: Sendable>(
        _ files: [SelectedFile],
        _ read: @escaping @Sendable (SelectedFile) async throws(Failure) -> Read
    ) async throws(Failure) -> [Read] {
        guard let first = files.first else { return [] }
        var results: [Int: Read] = [0: try await read(first)]
        do {
            try await withThrowingTaskGroup(of: (Int, Read).self) { group in
                for (index, file) in files.enumerated().dropFirst() {
                    if index > Self.atOnce, let (index, one) = try await group.next() { results[index] = one }
                    group.addTask { (index, try await read(file)) }
                }
                for try await (index, one) in group { results[index] = one }
            }
        } catch { throw Failure(error) }
        return files.indices.compactMap { results[$0] }
    }
}
