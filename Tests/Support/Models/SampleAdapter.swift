public import Formats
import Platform
public import SystemPackage

/// A LoRA adapter for the tiny model, as a folder of PEFT or as a GGUF.
public struct SampleAdapter: Sendable {
    /// A matrix of the model.
    public struct Module: Sendable {
        /// Its name as PEFT has it, without the layer.
        public var name: String
        /// Its name as a GGUF has it.
        public var ggufName: String
        /// The elements that go in.
        public var inputs: Int
        /// The elements that come out.
        public var outputs: Int

        /// Describes a matrix.
        public init(_ name: String, _ ggufName: String, inputs: Int, outputs: Int) {
            (self.name, self.ggufName, self.inputs, self.outputs) = (name, ggufName, inputs, outputs)
        }
    }

    /// The rank.
    public var rank = 4
    /// The model that it says it was made for.
    public var base: String? = SampleModel.repository
    /// The architecture that a GGUF of it says.
    public var architecture = "llama"
    /// The layers that it changes.
    public var layers = [0, 1]
    /// The matrices that it changes in each.
    public var modules = [
        Module("self_attn.q_proj", "attn_q", inputs: 64, outputs: 64),
        Module("self_attn.v_proj", "attn_v", inputs: 64, outputs: 32),
        Module("mlp.down_proj", "ffn_down", inputs: 192, outputs: 64),
    ]
    /// Further entries of the configuration, as JSON.
    public var entries: [String: String] = [:]
    /// Further tensors of the weights, or other shapes of these.
    public var tensors: [String: [Int]] = [:]
    /// Tensors that are left out.
    public var missing: Set<String> = []

    /// The usual one.
    public init() {}

    /// Describes one by what differs from the usual one.
    public init(_ change: (inout SampleAdapter) -> Void) { change(&self) }

    /// The content of `adapter_config.json`.
    public func config() -> [UInt8] {
        var all = [
            "peft_type": "\"LORA\"", "r": "\(rank)", "lora_alpha": "8", "bias": "\"none\"",
            "rank_pattern": "{}", "modules_to_save": "null", "use_dora": "false", "init_lora_weights": "true",
            "fan_in_fan_out": "false", "target_modules": "[\"q_proj\", \"v_proj\", \"down_proj\"]",
            "alora_invocation_tokens": "null", "layer_replication": "null",
        ]
        all["base_model_name_or_path"] = base.map { "\"\($0)\"" } ?? "null"
        all.merge(entries) { $1 }
        return Array(
            "{\(all.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", "))}"
                .utf8
        )
    }

    /// The content of `adapter_model.safetensors`.
    public func weights() throws -> [UInt8] {
        var shapes: [String: [Int]] = [:]
        for layer in layers {
            for module in modules {
                let name = "base_model.model.model.layers.\(layer).\(module.name)"
                shapes["\(name).lora_A.weight"] = [rank, module.inputs]
                shapes["\(name).lora_B.weight"] = [module.outputs, rank]
            }
        }
        shapes.merge(tensors) { $1 }
        for name in missing { shapes[name] = nil }
        var file = SafetensorsFile()
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            try file.addTensor(name, .bf16, shape: shape)
        }
        return try file.header()
            + file.tensors.flatMap { [UInt8](repeating: 1, count: Int($0.size.bytes)) }
    }

    /// The same as a GGUF.
    public func gguf(_ change: (inout GGUFFile) throws -> Void = { _ in }) throws -> [UInt8] {
        var file = GGUFFile()
        file["general.type"] = .string("adapter")
        file["general.architecture"] = .string(architecture)
        file["adapter.type"] = .string("lora")
        file["adapter.lora.alpha"] = .float32(8)
        if let base { file["general.base_model.0.repo_url"] = .string("https://huggingface.co/\(base)") }
        for layer in layers {
            for module in modules {
                let name = "blk.\(layer).\(module.ggufName).weight"
                try file.addTensor("\(name).lora_a", .f32, shape: [module.inputs, rank])
                try file.addTensor("\(name).lora_b", .f32, shape: [rank, module.outputs])
            }
        }
        try change(&file)
        return GGUFBuilder.bytes(of: file)
    }

    /// Writes the two files of PEFT into a folder.
    public func write(to folder: FilePath) throws {
        try FileSystem.createDirectory(folder)
        try FileSystem.write(config(), to: folder.appending(AdapterFacts.configName))
        try FileSystem.write(try weights(), to: folder.appending(AdapterFacts.weightsName))
    }
}
