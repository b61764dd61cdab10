import Catalog
import Host
public import Platform
import Store
import SystemPackage

/// How full a stack's volume is.
public struct DiskUse: Sendable, Encodable {
    /// The stack.
    public let stack: String
    /// The volume's folder.
    public let path: String
    /// The size of the filesystem that it is on.
    public let filesystemBytes: ByteCount
    /// What of that is free.
    public let freeBytes: ByteCount
    /// The length of the stored models' files.
    public let modelsBytes: ByteCount
    /// The length of what has arrived of stopped and running downloads.
    public let partialBytes: ByteCount
    /// What of the models is shared by hard link with another model or stack, and so takes no space twice.
    public let sharedBytes: ByteCount
    /// How much the stack may hold, if it is limited.
    public let quotaBytes: ByteCount?
    /// What still fits: the free space, or what the quota leaves of it.
    public let fitsBytes: ByteCount

    /// Asks all chosen stacks' volumes; one that cannot be read is reported and left out, unless it was named.
    public static func all(in workspace: Workspace, report: Reporter) async throws(Failure) -> [DiskUse] {
        var uses: [DiskUse] = []
        for stack in try workspace.selectedStacks() {
            do throws(Failure) { uses.append(try await DiskUse(of: stack, in: workspace)) } catch {
                guard workspace.stackName == nil else { throw error }
                report(.warning(error.message))
            }
        }
        return uses
    }

    /// Asks one stack's volume.
    init(of stack: Stack, in workspace: Workspace) async throws(Failure) {
        let store = try await workspace.store(of: stack)
        do {
            let space = try DiskSpace(at: store.layout.volume)
            var (models, shared): (ByteCount, ByteCount) = (0, 0)
            for model in try store.models().models {
                models += model.manifest.size
                for file in model.manifest.files {
                    if let status = try FileSystem.status(model.path(of: file)), status.linkCount > 1 {
                        shared += file.sizeBytes
                    }
                }
            }
            let partial = try store.partials().map(\.occupied).total()
            let left = stack.quota.map { $0 > models + partial ? $0 - models - partial : 0 }
            self.init(
                stack: stack.name,
                path: store.layout.volume.string,
                filesystemBytes: space.total,
                freeBytes: space.available,
                modelsBytes: models,
                partialBytes: partial,
                sharedBytes: shared,
                quotaBytes: stack.quota,
                fitsBytes: min(space.available, left ?? space.available)
            )
        } catch { throw Failure(error) }
    }

    private init(
        stack: String,
        path: String,
        filesystemBytes: ByteCount,
        freeBytes: ByteCount,
        modelsBytes: ByteCount,
        partialBytes: ByteCount,
        sharedBytes: ByteCount,
        quotaBytes: ByteCount?,
        fitsBytes: ByteCount
    ) {
        self.stack = stack
        self.path = path
        self.filesystemBytes = filesystemBytes
        self.freeBytes = freeBytes
        self.modelsBytes = modelsBytes
        self.partialBytes = partialBytes
        self.sharedBytes = sharedBytes
        self.quotaBytes = quotaBytes
        self.fitsBytes = fitsBytes
    }
}
