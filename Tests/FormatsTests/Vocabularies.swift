import Platform
import SystemPackage
import TestSupport

extension Vocabularies {
    /// What `gguf` reads in files, the one of llama.cpp's sources if `newest`.
    static func descriptions(of files: [FilePath], newest: Bool = false) async throws -> [GGUFDescription] {
        let script = TestProgram.scripts.appending("gguf-description").string
        let output = try await python([script] + files.map(\.string), newest ? "newest" : nil)
        return try output.split(separator: "\n").map {
            try JSON.decode(GGUFDescription.self, from: Array($0.utf8))
        }
    }
}
