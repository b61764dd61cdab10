import Formats
import Platform

/// The files of a model with their tensors, of either format.
struct InspectedFiles {
    private struct Place {
        let file: InspectedModel.File
        let tensors: [TensorDescription]

        init(_ path: String, _ size: ByteCount, _ dataOffset: Int64, _ tensors: [TensorDescription]) {
            file = InspectedModel.File(
                path: path,
                sizeBytes: size,
                dataOffset: dataOffset,
                tensors: tensors.count
            )
            self.tensors = tensors
        }
    }

    private let places: [Place]
    /// A type as the format calls it.
    private let typeName: (TensorType) -> String

    init(_ parts: [GGUFPart]) {
        places = parts.map { Place($0.path, $0.header.fileSize, $0.header.dataOffset, $0.header.tensors) }
        typeName = \.rawValue
    }

    init(_ parts: [SafetensorsPart]) {
        places = parts.map {
            Place($0.path.string, $0.header.fileSize, $0.header.dataOffset, $0.header.tensors)
        }
        typeName = { $0.safetensors ?? $0.rawValue }
    }

    /// The files.
    var files: [InspectedModel.File] { places.map(\.file) }

    /// The tensors of all files as their headers describe them.
    var described: [TensorDescription] { places.flatMap(\.tensors) }

    /// The tensors of all files, with their places in them.
    var tensors: [InspectedModel.Tensor] {
        places.flatMap { place in
            place.tensors.map { tensor in
                InspectedModel.Tensor(
                    name: tensor.name,
                    type: typeName(tensor.type),
                    shape: tensor.shape,
                    offset: place.file.dataOffset + tensor.offset,
                    sizeBytes: tensor.size,
                    file: places.count > 1 ? place.file.path : nil
                )
            }
        }
    }

    /// The sums; `parameters` is the number of weights where it is not that of the elements, which may be packed.
    func totals(parameters: Int?) -> InspectedModel.Totals {
        let all = described
        let types = Dictionary(grouping: all, by: \.type).map { type, tensors in
            InspectedModel.Totals.OfType(
                type: typeName(type),
                tensors: tensors.count,
                parameters: tensors.reduce(0) { $0 &+ $1.elements },
                sizeBytes: tensors.lazy.map(\.size).total()
            )
        }
        let size = all.lazy.map(\.size).total()
        let weights = parameters ?? all.reduce(0) { $0 &+ $1.elements }
        return InspectedModel.Totals(
            tensors: all.count,
            parameters: weights,
            sizeBytes: size,
            bitsPerWeight: weights > 0 ? Double(size.bytes) * 8 / Double(weights) : nil,
            types: types.sorted { ($0.sizeBytes, $1.type) > ($1.sizeBytes, $0.type) }
        )
    }
}
