public import Platform
public import SystemPackage

/// Why GPUs may be missing from what was found.
public enum GPUTrouble: Sendable, Equatable, CustomStringConvertible {
    /// So many of NVIDIA's GPUs are plugged in, and their tool, which comes with the driver, is not installed.
    case noTool(devices: Int)
    /// The tool could not be started.
    case notStarted(SystemError)
    /// The tool had not answered after that time.
    case silent(tool: FilePath, after: Duration)
    /// The tool ended with that status, and said those words.
    case failed(tool: FilePath, status: Int32, words: String)
    /// The tool said those words, which describe no GPU.
    case notUnderstood(tool: FilePath, words: String)

    /// What happened, neutrally.
    public var description: String {
        switch self {
        case .noTool(let devices): "nvidia-smi is missing, with \(devices) NVIDIA GPUs plugged in"
        case .notStarted(let error): error.description
        case .silent(let tool, let time): "\(tool) did not answer within \(time.components.seconds) s"
        case .failed(let tool, let status, let words): "\(tool) ended with status \(status): \(words)"
        case .notUnderstood(let tool, let words): "\(tool) said: \(words)"
        }
    }
}

extension GPUTrouble: Encodable {
    /// Writes the description.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
