import Catalog
import Platform
import SystemPackage
import TestSupport
import Testing

struct StackSettingsTests {
    @Test func `what a stack declares for all of its models are settings`() throws {
        let folder = try TemporaryDirectory()
        let text = """
            engine: llamacpp
            defaults: {quant: q4_k_m, context: 4096, gpu_layers: 12, parallel: 3, memory_fraction: 0.5, extra: [-v]}
            """
        let file = try folder.write(text, to: "stacks/mine/stack.yaml")
        let home = Home.locate(flag: folder.path.string, environment: [:], workingDirectory: "/")
        let settings = try #require(try home.stack(named: "mine")).settings
        #expect(settings[SettingKey<ModelFormat>.format] == .gguf)
        #expect(settings[SettingKey<Quantization>.quant]?.name == "q4_k_m")
        #expect(settings[SettingKey.context] == 4096 && settings[SettingKey.parallel] == 3)
        #expect(settings[SettingKey.gpuLayers] == "12" && settings[SettingKey.memoryFraction] == 0.5)
        #expect(settings[SettingKey<[String]>.extra(of: .llamacpp)] == ["-v"])
        #expect(settings[SettingKey.context.setting]?.origin == .file(file.string, line: 0))
        // What is said nearer to the model holds.
        let nearer = try ModelConfig.read(
            Array("model: m\ncontext: 1024".utf8),
            file: "m.yaml",
            name: "m",
            origin: .builtIn
        )
        let both = nearer.settings.over(settings)
        #expect(both[SettingKey.context] == 1024 && both[SettingKey.parallel] == 3)
    }

    @Test func `what a stack does not say is not set`() throws {
        let home = Home.locate(flag: "/nonexistent", environment: [:], workingDirectory: "/")
        let stack = try #require(try home.stack(named: "mistral"))
        #expect(Set(stack.settings.entries.keys) == ["format", "quant"])
        #expect(stack.settings.entries["quant"]?.origin == .file("stacks/mistral/stack.yaml", line: 0))
    }
}
