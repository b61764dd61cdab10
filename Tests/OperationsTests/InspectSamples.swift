import Formats
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// A GGUF with a vocabulary of so many tokens and with data of a hole of so many bytes, at least.
func vocabularyGGUF(tokens: Int, dataSize: Int = 0, more: [(String, GGUFValue)] = []) throws -> GGUFFile {
    var file = GGUFFile()
    file["general.architecture"] = .string("llama")
    file["general.name"] = .string("Words")
    file["general.file_type"] = .uint32(7)
    file["llama.context_length"] = .uint32(8192)
    file["llama.block_count"] = .uint32(2)
    file["llama.attention.head_count"] = .uint32(32)
    file["llama.attention.head_count_kv"] = .uint32(8)
    file["llama.embedding_length"] = .uint32(4096)
    file["tokenizer.ggml.model"] = .string("gpt2")
    file["tokenizer.ggml.pre"] = .string("llama-bpe")
    file["tokenizer.ggml.tokens"] = .array(of: .string, (0..<tokens).map { .string("<token \($0)>") })
    file["tokenizer.ggml.bos_token_id"] = .uint32(1)
    file["tokenizer.ggml.eos_token_id"] = .uint32(UInt32(tokens - 1))
    for (key, value) in more { file[key] = value }
    try file.addTensor("token_embd.weight", .q8_0, shape: [64, max(1, dataSize / 68)])
    try file.addTensor("output_norm.weight", .f32, shape: [64])
    return file
}

extension TestHome {
    /// Writes a GGUF whose data are a hole.
    @discardableResult
    func writeHollow(_ gguf: GGUFFile, to path: String) throws -> FilePath {
        let header = gguf.header()
        let end = gguf.tensors.map { $0.offset + $0.size.bytes }.max() ?? 0
        let file = directory.appending(path)
        try FileSystem.createDirectory(file.removingLastComponent())
        let written = try File(file, .update)
        try written.write(header, at: 0)
        try written.truncate(to: ByteCount(Int64(header.count) + end))
        return file
    }

    /// Inspects what a person could have typed.
    func inspect(
        _ model: String,
        stack: String = "llamacpp",
        environment: [String: String] = [:],
        reports: Reports = Reports(),
        _ change: (inout InspectOptions) -> Void = { _ in }
    ) async throws -> InspectedModel {
        var options = InspectOptions()
        change(&options)
        defer { #expect(!hub.tokenSeenAtCDN) }
        return try await Inspect(try reference(model), options)
            .run(in: workspace(stack: stack, environment), report: reports.reporter)
    }

    /// Inspects, and gives the failure that comes of it.
    func failedInspect(
        _ model: String,
        environment: [String: String] = [:],
        _ change: (inout InspectOptions) -> Void = { _ in }
    ) async throws -> Failure {
        do { _ = try await inspect(model, environment: environment, change) } catch let failure as Failure {
            return failure
        }
        throw NoFailure()
    }
}
