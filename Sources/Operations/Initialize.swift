import Catalog
import Platform
public import SystemPackage

/// Writes the shipped stacks and catalog into a home, for editing.
public struct Initialize: Sendable {
    /// What was written and what was there.
    public struct Outcome: Sendable, Encodable {
        /// The home.
        public let home: String
        /// The files that were written, relative to the home.
        public let written: [String]
        /// The files that were there and were left as they are.
        public let kept: [String]
    }

    private let directory: FilePath

    /// Describes a home to be.
    public init(_ directory: FilePath) { self.directory = directory }

    /// Writes what is missing; with `isDryRun` only tells what would be.
    public func run(isDryRun: Bool) throws(Failure) -> Outcome {
        var (written, kept): ([String], [String]) = ([], [])
        do throws(SystemError) {
            for (path, bytes) in Home.shipped {
                let target = directory.pushing(FilePath(path))
                if try FileSystem.status(target) != nil {
                    kept.append(path)
                    continue
                }
                written.append(path)
                if isDryRun { continue }
                try FileSystem.createDirectory(target.removingLastComponent())
                try FileSystem.write(bytes, to: target)
            }
        } catch { throw Failure(system: error) }
        return Outcome(home: directory.string, written: written, kept: kept)
    }
}
