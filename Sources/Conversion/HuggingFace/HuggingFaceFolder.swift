import Platform
import SystemPackage

/// The folder of a model, as the Hugging Face hub has it: its small files, each read when it is asked for.
struct HuggingFaceFolder: Sendable {
    let path: FilePath
    private let givenName: String?

    /// No vocabulary of a model is as long.
    private static let longest: ByteCount = 64_000_000

    /// A folder; `name` is what it was called where it came from, if that is not its own name.
    init(path: FilePath, name: String? = nil) {
        self.path = path
        givenName = name
    }

    /// The name of the folder, from which much is guessed.
    var name: String { givenName ?? path.lastComponent?.string ?? "" }

    func has(_ file: String) -> Bool { FileSystem.exists(path.appending(file)) }

    /// The bytes of a file; `nil` if it is not there.
    func bytes(_ file: String) throws(HuggingFaceError) -> [UInt8]? {
        guard has(file) else { return nil }
        do throws(SystemError) {
            return try FileSystem.read(path.appending(file), limit: Self.longest)
        } catch {
            throw .system(error)
        }
    }

    /// A file's text, with the ends of lines as Python reads them.
    func text(_ file: String) throws(HuggingFaceError) -> String? {
        guard let bytes = try bytes(file) else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .json(reason: "a text is no UTF-8", offset: 0, path: path.appending(file))
        }
        guard bytes.contains(0x0D) else { return text }
        var lines: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0A, index > 0, bytes[index - 1] == 0x0D { continue }
            lines.append(byte == 0x0D ? 0x0A : byte)
        }
        return String(decoding: lines, as: UTF8.self)
    }

    /// A file that should be JSON; `nil` if it is not there.
    func json(_ file: String) throws(HuggingFaceError) -> JSONText? {
        guard let bytes = try bytes(file) else { return nil }
        do throws(JSONText.Flaw) {
            return try JSONText(bytes)
        } catch {
            throw .json(reason: error.reason, offset: error.offset, path: path.appending(file))
        }
    }

    /// A file that must be there and be JSON.
    func requiredJSON(_ file: String) throws(HuggingFaceError) -> JSONText {
        guard let json = try json(file) else { throw .missing(file) }
        return json
    }

    /// The names of the files in the folder.
    func files() throws(HuggingFaceError) -> [String] {
        do throws(SystemError) { return try FileSystem.list(path) } catch { throw .system(error) }
    }
}
