import Platform
import SystemPackage

/// An image made of Debian's static busybox and links to it, small enough to be made anew for each engine.
enum TinyImage {
    private static let commands = [
        "cat", "chmod", "dd", "echo", "env", "false", "head", "httpd", "id", "kill", "ls", "mkdir", "nc",
        "printf",
        "pwd", "sh", "sleep", "stty", "tail", "test", "touch", "tr", "true", "wc", "wget", "yes",
    ]

    /// Has an engine import it.
    static func load(into engine: PrivateEngine) async throws {
        try await engine.importImage(PrivateEngine.image, try archive().finished)
    }

    /// The files of it.
    static func archive() throws -> Archive {
        guard let program = Environment.system.program("busybox") else {
            throw PrivateEngine.NotStarted(reason: "there is no busybox")
        }
        var archive = Archive()
        for folder in ["bin", "etc", "tmp", "www"] { archive.add(folder + "/", kind: "5", mode: "0000755") }
        archive.add("bin/busybox", mode: "0000755", try FileSystem.read(program))
        for command in commands { archive.add("bin/\(command)", kind: "2", link: "busybox") }
        archive.add("etc/passwd", Array("root:x:0:0::/:/bin/sh\ntester:x:1000:1000::/tmp:/bin/sh\n".utf8))
        archive.add("etc/group", Array("root:x:0:\ntester:x:1000:\n".utf8))
        archive.add("www/health", Array("ok\n".utf8))
        return archive
    }
}
