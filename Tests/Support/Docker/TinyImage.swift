import Platform
import SystemPackage

/// An image made of Debian's static busybox and links to it, small enough to be made anew for each engine.
enum TinyImage {
    private static let commands = [
        "cat", "chmod", "dd", "echo", "env", "false", "head", "httpd", "id", "kill", "ls", "mkdir", "nc",
        "printf",
        "pwd", "sh", "sleep", "stty", "tail", "test", "touch", "tr", "true", "wc", "yes",
    ]

    /// Has an engine import it.
    static func load(into engine: PrivateEngine) async throws {
        let parts = PrivateEngine.image.split(separator: ":")
        let answer = try await engine.ask(
            "POST",
            "/v1.41/images/create?fromSrc=-&repo=\(parts[0])&tag=\(parts[1])",
            type: "application/x-tar",
            body: try archive()
        )
        guard answer?.status == 200 else {
            throw PrivateEngine.NotStarted(reason: "it does not take an image: \(answer?.text ?? "")")
        }
    }

    private static func archive() throws -> [UInt8] {
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
        return archive.finished
    }
}

/// Files one after the other, as tar has them.
private struct Archive {
    private var bytes: [UInt8] = []

    mutating func add(
        _ name: String,
        kind: Character = "0",
        mode: String = "0000644",
        link: String = "",
        _ content: [UInt8] = []
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
            header.replaceSubrange(place..<(place + text.utf8.count), with: text.utf8)
        }
        put(name, at: 0)
        put(mode, at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(content.count, digits: 11), at: 124)
        put("00000000000", at: 136)
        put("        ", at: 148)
        put(String(kind), at: 156)
        put(link, at: 157)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0} ", at: 148)
        bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    private func octal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: digits - text.count) + text
    }
}
