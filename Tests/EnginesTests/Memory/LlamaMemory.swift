import Engines
import Formats
import Platform
import SystemPackage
import TestSupport

/// What llama.cpp says that it would take of the processor's memory, in whole MiB.
struct LlamaMemory {
    let weights: Int
    let cache: Int
    let compute: Int

    /// Asks `llama-fit-params`, which lays out the model and its context without loading it.
    init(_ model: FilePath, context: Int, slots: Int, cacheType: TensorType) async throws {
        let type = cacheType.rawValue
        let arguments = [
            "--model", model.string, "--ctx-size", "\(context)", "--parallel", "\(slots)", "--cache-type-k",
            type,
            "--cache-type-v", type, "--fit-print", "on", "--no-repack",
        ]
        let program = try await TestProgram.llamaFit.path()
        let told = try await BinaryRun.run(program, arguments, environment: [:])
        guard told.status == 0, let row = told.output.split(separator: "\n").last?.split(separator: " "),
            row.count == 4, row[0] == "Host", let weights = Int(row[1]), let cache = Int(row[2]),
            let compute = Int(row[3])
        else { throw NotTold(errors: "\(model): \(told.output) \(told.errors.suffix(500))") }
        (self.weights, self.cache, self.compute) = (weights, cache, compute)
    }

    struct NotTold: Error { let errors: String }
}
