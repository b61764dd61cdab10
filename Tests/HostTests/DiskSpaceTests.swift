import Host
import Platform
import SystemPackage
import TestSupport
import Testing

struct DiskSpaceTests {
    @Test func `a filesystem has a size, and no more room than that`() throws {
        let folder = try TemporaryDirectory()
        let space = try DiskSpace(at: folder.path)
        #expect(space.total > 0)
        #expect(space.available >= 0 && space.available <= space.total)
    }

    @Test(arguments: ["missing", "missing/deep/er", "file", "file/below"])
    func `a path that does not exist is on the filesystem of its nearest parent`(relative: String) throws {
        let folder = try TemporaryDirectory()
        try folder.write("x", to: "file")
        #expect(try DiskSpace(at: folder.appending(relative)).total == DiskSpace(at: folder.path).total)
    }

    @Test func `a relative path that does not exist is on the filesystem of the working directory`() throws {
        let here = try FileSystem.currentDirectory()
        #expect(try DiskSpace(at: "no such folder/model").total == DiskSpace(at: here).total)
    }

    @Test(.enabled(if: FileSystem.exists("/dev/shm"), "there is no second filesystem"))
    func `it is the path's own filesystem that is asked`() throws {
        let folder = try TemporaryDirectory()
        #expect(try DiskSpace(at: "/dev/shm/no such folder").total != DiskSpace(at: folder.path).total)
        #expect(try DiskSpace(at: "/proc/self").available == 0)
    }
}
