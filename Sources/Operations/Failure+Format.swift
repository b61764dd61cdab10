import Formats
import Platform

extension Failure {
    /// Words why a file is not the model file that it should be.
    init(_ error: FormatError, of file: String) {
        switch error {
        case .system(let error): self.init(system: error)
        case .webPage:
            self.init(
                .invalid,
                "`\(file)` is a web page, not a model file",
                hint: "a page of errors or for a login was saved in its place: fetch it again",
                cause: error
            )
        case .pointerFile:
            self.init(
                .invalid,
                "`\(file)` is a Git LFS pointer, not the file itself",
                hint: "`git lfs pull` in its folder fetches the file",
                cause: error
            )
        case .truncated(_, actual: 0): self.init(.invalid, "`\(file)` is empty", cause: error)
        case .truncated(let needed, let actual):
            let lack = needed == .max ? "more than any file has" : "\(needed - actual) bytes more"
            self.init(
                .invalid,
                "`\(file)` ends at byte \(actual), and what its header describes needs \(lack)",
                hint: "it was cut short, or is still being written: fetch it again",
                cause: error
            )
        case .unknownMagic(let bytes):
            self.init(
                .invalid,
                "`\(file)` is neither a GGUF nor a safetensors file: at byte 0 it has \(Self.hexadecimal(bytes))",
                cause: error
            )
        case .missing(let name):
            self.init(.invalid, "`\(file)` lacks `\(name)`, which belongs to the model", cause: error)
        default: self.init(.invalid, "`\(file)` is no valid model file: \(error)", cause: error)
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }
}
