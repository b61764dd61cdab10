import Formats
import Platform
public import SystemPackage

/// A GGUF in half precision of so many MiB, all of it zeros: it takes no room, and some time.
public func emptyGGUF(mebibytes: Int, at path: FilePath) throws {
    var file = GGUFFile()
    file["general.architecture"] = .string("gpt2")
    file["gpt2.block_count"] = .uint32(1)
    file["gpt2.attention.head_count"] = .uint32(1)
    try file.addTensor("token_embd.weight", .f16, shape: [524_288, mebibytes])
    let header = file.header()
    try FileSystem.createDirectory(path.removingLastComponent())
    try FileSystem.write(header, to: path)
    try File(path, .update).truncate(to: ByteCount(Int64(header.count) + Int64(mebibytes) << 20))
}
