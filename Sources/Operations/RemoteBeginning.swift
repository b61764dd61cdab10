import Formats
import Hub
import Platform

/// The beginning of a file of a hub or a registry, fetched as far as the file's header goes.
struct RemoteBeginning: Sendable {
    /// The headers of the largest vocabularies take a quarter of this.
    static let longest: Int64 = 64 << 20
    /// What is asked for first of a GGUF: most adapters, projectors and later shards need no more.
    private static let firstStep: Int64 = 256 << 10
    /// A question takes as long as a few megabytes do on a fast line.
    private static let longestStep: Int64 = 4 << 20
    /// What is asked for first of a safetensors file, which says in its first bytes how much more is needed.
    private static let firstOfExact: Int64 = 32 << 10

    private let hub: HubClient
    private let place: FilePlace
    private let file: SelectedFile
    private var locations: [RelativePath: FileLocation] = [:]
    /// The bytes from the first on.
    private(set) var bytes: [UInt8] = []
    /// What came over the line for them.
    private(set) var received: ByteCount = 0

    init(of file: SelectedFile, at place: FilePlace, _ hub: HubClient) {
        (self.file, self.place, self.hub) = (file, place, hub)
    }

    private var size: Int64 { file.size.bytes }

    /// Fetches and parses until the header is whole.
    mutating func header<Header>(
        isExact: Bool,
        _ parse: ([UInt8], ByteCount) throws(FormatError) -> Header
    ) async throws(Failure) -> Header {
        var target = isExact ? Self.firstOfExact : Self.firstStep
        while true {
            try await fetch(to: min(target, size))
            let needed: Int64
            do throws(FormatError) { return try parse(bytes, file.size) } catch {
                guard case .incomplete(let more) = error, Int64(bytes.count) < size else {
                    throw Failure(error, of: file.path.string)
                }
                needed = more
            }
            guard needed <= Self.longest else { throw tooLong(needed) }
            let count = Int64(bytes.count)
            let step = isExact ? 0 : min(2 * count, Self.longestStep)
            target = min(max(needed, count + max(step, 1)), Self.longest)
        }
    }

    /// Fetches the whole of a small file.
    mutating func whole() async throws(Failure) -> [UInt8] {
        try await fetch(to: size)
        return bytes
    }

    private func tooLong(_ needed: Int64) -> Failure {
        Failure(
            .invalid,
            "the header of `\(file.path)` goes on to byte \(needed) at least, and no model's header is that long",
            hint: "do not trust the file; pulled, it could be inspected whatever its length"
        )
    }

    private mutating func fetch(to target: Int64) async throws(Failure) {
        var start: Int64 = 0
        for part in file.parts {
            let end = start + part.size.bytes
            while Int64(bytes.count) < min(target, end) {
                let range = (Int64(bytes.count) - start)..<(min(target, end) - start)
                try await fetch(range, of: part)
            }
            start = end
        }
    }

    private mutating func fetch(_ range: Range<Int64>, of part: RepositoryFile) async throws(Failure) {
        for isLast in [false, true] {
            let location: FileLocation
            if let known = locations[part.path] {
                location = known
            } else {
                location = try await place.location(of: part)
                locations[part.path] = location
            }
            let answer: RangeAnswer
            do throws(HubError) { answer = try await hub.bytes(range, of: part.size, at: location) } catch {
                throw place.failure(error)
            }
            switch answer {
            case .bytes(let more, let received):
                bytes += more
                self.received += received
                return
            case .refused(let status) where isLast:
                throw Failure(.refused, "the server refuses `\(part.path)` with status \(status)")
            // A signed address does not live for ever.
            case .refused: locations[part.path] = nil
            }
        }
    }
}

extension FilePlace {
    fileprivate func failure(_ error: HubError) -> Failure {
        switch self {
        case .hub(let hub, _): Failure(error, client: hub)
        case .ollama(let registry, _): Failure(.unanswered(error), registry: registry)
        }
    }
}
