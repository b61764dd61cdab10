import Formats
import Platform
import SystemPackage

/// Reads the headers of a model's files on this machine.
struct LocalHeaders: Sendable {
    /// How much of an array is kept.
    let arrayLimit: Int

    /// Reads a GGUF, or the shards of one.
    func gguf(_ files: [(name: String, path: FilePath)]) throws(Failure) -> ModelHeaders {
        var parts: [GGUFPart] = []
        for file in files {
            do throws(FormatError) {
                let header = try GGUFHeader.read(file.path, arrayLimit: arrayLimit)
                parts.append(
                    try GGUFPart(file.name, header) { range throws(FormatError) in
                        do throws(SystemError) {
                            return try File(file.path, .read).read(at: range.lowerBound, count: range.count)
                        } catch { throw .system(error) }
                    }
                )
            } catch { throw Failure(error, of: file.name) }
        }
        return .gguf(parts)
    }

    /// Reads safetensors files and what lies beside them.
    func safetensors(_ names: [RelativePath], in folder: FilePath) throws(Failure) -> ModelHeaders {
        var parts: [SafetensorsPart] = []
        for name in names {
            do throws(FormatError) {
                parts.append(
                    SafetensorsPart(path: name, header: try SafetensorsHeader.read(name.below(folder)))
                )
            } catch { throw Failure(error, of: name.string) }
        }
        var companions = SafetensorsCompanions()
        do throws(SystemError) {
            for name in SafetensorsCompanions.names {
                let path = folder.appending(name)
                guard FileSystem.exists(path) else { continue }
                companions.contents[name] = try FileSystem.read(
                    path,
                    limit: SafetensorsCompanions.longest(name)
                )
            }
        } catch { throw Failure(system: error) }
        return .safetensors(parts, companions)
    }

    /// The format of a file by its first bytes, which tell more than its name.
    static func isSafetensors(_ path: FilePath) throws(Failure) -> Bool {
        do throws(SystemError) {
            let beginning = try File(path, .read).read(at: 0, count: 9)
            if beginning.starts(with: "GGUF".utf8) { return false }
            if beginning.count == 9, beginning[8] == UInt8(ascii: "{") { return true }
            return path.string.lowercased().hasSuffix(".safetensors")
        } catch { throw Failure(system: error) }
    }
}
