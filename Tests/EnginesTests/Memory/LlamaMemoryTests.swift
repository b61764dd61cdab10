import Catalog
import Engines
import Formats
import Platform
import TestSupport
import Testing

/// What is reckoned for a model, compared with what llama.cpp itself reserves for it.
struct LlamaMemoryTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        let context: Int
        var slots = 1
        var cacheType = TensorType.f16

        var testDescription: String { "\(context) tokens, \(slots) slots, \(cacheType)" }
    }

    private static let settings = [
        Setting(context: 4096), Setting(context: 32_768), Setting(context: 131_072),
        Setting(context: 5000), Setting(context: 32_768, slots: 4),
        Setting(context: 4096, cacheType: .q8_0), Setting(context: 131_072, cacheType: .q8_0),
        Setting(context: 32_768, slots: 3, cacheType: .q4_0),
    ]

    @Test(
        .enabled("llama.cpp's own estimate is not there") { await TestProgram.llamaFit.isExpected() },
        arguments: SparseModel.all
    ) func `a model takes what llama.cpp reserves for it`(model: SparseModel) async throws {
        let folder = try TemporaryDirectory()
        let path = try model.write(in: folder.path)
        let header = try GGUFHeader.read(path)
        let shape = try ModelShape([header])
        #expect(shape.weights == header.tensors.map(\.size).total())
        for setting in Self.settings {
            let actual = try await LlamaMemory(
                path,
                context: setting.context,
                slots: setting.slots,
                cacheType: setting.cacheType
            )
            let need = MemoryNeed(
                shape,
                MemorySettings(
                    engine: .llamacpp,
                    context: setting.context,
                    slots: setting.slots,
                    sharesCache: false,
                    cacheType: setting.cacheType,
                    outputs: 512
                )
            )
            let place: Comment = "\(model.name), \(setting.testDescription): \(actual)"
            #expect(Int(need.weights.mebibytes) == actual.weights, place)
            #expect(Int(need.cache.mebibytes) == actual.cache, place)
            let total = (need.weights + need.cache + need.compute).mebibytes
            let actualTotal = Double(actual.weights + actual.cache + actual.compute)
            #expect(abs(total / actualTotal - 1) < 0.05, "\(place) \(need.compute.mebibytes)")
        }
    }
}

extension ByteCount {
    var mebibytes: Double { Double(bytes) / 1_048_576 }
}
