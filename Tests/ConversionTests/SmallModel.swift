import Conversion
import Formats
import Platform
import SystemPackage
import TestSupport

/// A model of very small tensors, with weights by formula.
struct SmallModel {
    var architecture = "llama"
    var layers = 8
    var heads = 8
    var sharedHeads = 2
    var experts = 0
    var columns = 256
    var isTied = false
    var hasOneMatrix = false
    var type = TensorType.f16

    /// The names and shapes of its tensors.
    var tensors: [(name: String, shape: [Int])] {
        let ends = isTied ? ["token_embd"] : ["token_embd", "output"]
        let attention = (hasOneMatrix ? ["attn_qkv"] : ["attn_q", "attn_k", "attn_v"]) + ["attn_output"]
        var tensors = ends.map { (name: "\($0).weight", shape: [columns, 4]) }
        tensors.append(("output_norm.weight", [columns]))
        for layer in 0..<layers {
            tensors += attention.map { ("blk.\(layer).\($0).weight", [columns, 4]) }
            for part in ["ffn_gate", "ffn_up", "ffn_down"] {
                let name = "blk.\(layer).\(part)\(experts > 0 ? "_exps" : "").weight"
                tensors.append((name, experts > 0 ? [columns, 4, experts] : [columns, 4]))
            }
        }
        return tensors
    }

    var metadata: [(key: String, value: GGUFValue)] {
        let epsilon: Float = 1e-5
        var metadata: [(String, GGUFValue)] = [("general.architecture", .string(architecture))]
        let numbers = [
            ("block_count", layers), ("context_length", 512), ("embedding_length", columns),
            ("feed_forward_length", columns), ("attention.head_count", heads),
            ("attention.head_count_kv", sharedHeads), ("rope.dimension_count", columns / heads),
            ("expert_count", experts), ("expert_used_count", min(experts, 2)),
        ]
        metadata += numbers.map { ("\(architecture).\($0)", .uint32(UInt32($1))) }
        metadata.append(("\(architecture).attention.layer_norm_rms_epsilon", .float32(epsilon)))
        metadata.append(("\(architecture).attention.layer_norm_epsilon", .float32(epsilon)))
        metadata.append(("general.file_type", .uint32(1)))
        // What is behind a zero does not get far in C.
        metadata.append(("tokenizer.ggml.tokens", .array(of: .string, [.string("a\0b"), .string("c")])))
        return metadata
    }

    /// The bytes of a file; `content` may give a tensor other values than the formula's.
    func bytes(content: @escaping (String, [Float]) -> [Float] = { $1 }) throws -> [UInt8] {
        var file = GGUFFile()
        for (key, value) in metadata { file[key] = value }
        for tensor in tensors {
            try file.addTensor(tensor.name, tensor.shape.count == 1 ? .f32 : type, shape: tensor.shape)
        }
        return GGUFBuilder.bytes(of: file) { tensor in
            let values = content(tensor.name, GoldenWeights.values(tensor.name, count: tensor.elements))
            return GoldenWeights.bytes(values, rounding: type == .bf16 ? .bf16 : .f16, as: tensor.type)
        }
    }
}

/// Weights for the columns of such a model.
struct SmallImportance {
    let model: SmallModel

    private var measured: [(name: String, shape: [Int])] {
        model.tensors.filter { $0.shape.count > 1 && $0.name != "token_embd.weight" }
    }

    /// Cubes, so that few columns matter much; some were never used.
    private func sums(_ name: String, _ shape: [Int]) -> [Float] {
        let count = shape[0] * (shape.count > 2 ? shape[2] : 1)
        return GoldenWeights.values("importance of \(name)", count: count).enumerated().map { index, value in
            index % 37 == 5 ? 0 : abs(value * value * value) * 1e6
        }
    }

    /// The format before GGUF.
    var legacy: [UInt8] {
        var bytes: [UInt8] = []
        func number(_ value: Int) {
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(value >> shift & 255)) }
        }
        number(measured.count)
        for (name, shape) in measured {
            number(name.utf8.count)
            bytes += Array(name.utf8)
            number(37)
            let values = sums(name, shape)
            number(values.count)
            bytes += GoldenWeights.exactBytes(values)
        }
        number(12)
        number(9)
        return bytes + Array("wiki.test".utf8)
    }

    /// The format of today; one of the experts was never counted.
    func gguf(leavingOut part: String = "attn_k") throws -> [UInt8] {
        var file = GGUFFile()
        file["general.type"] = .string("imatrix")
        file["imatrix.datasets"] = .array(of: .string, [.string("calibration.txt"), .string("other")])
        file["imatrix.chunk_count"] = .uint32(33)
        file["imatrix.chunk_size"] = .uint32(512)
        let measured = measured.filter { !$0.name.contains(part) }
        for (name, shape) in measured {
            let experts = shape.count > 2 ? shape[2] : 1
            try file.addTensor("\(name).in_sum2", .f32, shape: [shape[0], experts])
            try file.addTensor("\(name).counts", .f32, shape: [1, experts])
        }
        return GGUFBuilder.bytes(of: file) { tensor in
            let experts = tensor.shape[1]
            if tensor.name.hasSuffix("counts") {
                return GoldenWeights.exactBytes((0..<experts).map { $0 == 1 ? 0 : Float(17 + 5 * $0) })
            }
            return GoldenWeights.exactBytes(
                sums(String(tensor.name.dropLast(8)), [tensor.shape[0], 1, experts])
            )
        }
    }
}

extension GoldenWeights {
    /// Floats as they are.
    static func exactBytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
    }
}

/// A model of which only is said what it has.
struct DeclaredModel: TensorSource {
    let metadata: [MetadataEntry]
    let tensors: [SourceTensor]
    let files = 1

    init(metadata: [MetadataEntry], tensors: [SourceTensor]) {
        self.metadata = metadata
        self.tensors = tensors
    }

    init(_ model: SmallModel) {
        metadata = model.metadata.map { MetadataEntry(key: $0.key, value: $0.value, bytes: []) }
        tensors = model.tensors.enumerated().map { index, tensor in
            SourceTensor(
                name: tensor.name,
                type: tensor.shape.count == 1 ? .f32 : model.type,
                shape: tensor.shape,
                offset: Int64(index)
            )
        }
    }

    func withElements(
        _ range: Range<Int>,
        of tensor: SourceTensor,
        _ body: (UnsafeRawBufferPointer) throws(ConversionError) -> Void
    ) throws(ConversionError) {
        preconditionFailure("nothing is read of a model that is only declared")
    }
}
