import CEmbedded

/// The files of `stacks/` and `config/` that were compiled into the program.
enum Embedded {
    /// Every file: where it lies in a home, and its content.
    static let files: [(path: String, bytes: [UInt8])] = (0..<embedded_file_count).compactMap { index in
        guard let file = embedded_file_at(index)?.pointee, let path = file.path else { return nil }
        return (String(cString: path), [UInt8](UnsafeBufferPointer(start: file.bytes, count: file.count)))
    }

    /// The content of one file.
    static func bytes(_ path: String) -> [UInt8]? {
        files.first { $0.path == path }?.bytes
    }
}
