import Platform

extension GGUFHeader {
    /// Checks what ggml demands of a file beyond what reading the header demands: a file that passes is one that
    /// an engine takes, as far as its structure goes.
    ///
    /// Reading has refused what cannot be understood or is not whole: counts, lengths, names, types and blocks,
    /// alignment, overlaps, data beyond the end. This refuses what can be understood and yet not be loaded: the
    /// version and the byte order of old and of foreign files, arrays of arrays, gaps, and tensors in another
    /// order than their data.
    public func checkStructure() throws(FormatError) {
        guard byteOrder == .littleEndian else { throw .bigEndian }
        guard version >= 2 else { throw .unsupportedVersion(version) }
        for entry in metadata {
            guard let array = entry.value.array else { continue }
            guard array.type != .array else {
                throw .invalid(.nestedArray(key: entry.key), offset: entry.bytes.lowerBound)
            }
            guard array.count <= GGUFReader.longest else {
                throw .invalid(.count(UInt64(array.count)), offset: entry.bytes.lowerBound)
            }
        }
        try checkGaps()
        try checkOrder()
    }

    /// Checks that no part of the data is skipped.
    private func checkGaps() throws(FormatError) {
        var expected: Int64 = 0
        for (place, tensor) in tensorsByPlace {
            guard tensor.offset == expected else {
                throw .invalid(.gap(before: tensor.name), offset: place)
            }
            expected = end(of: tensor)
        }
    }

    private func checkOrder() throws(FormatError) {
        var expected: Int64 = 0
        for (place, tensor) in zip(descriptionOffsets, tensors) {
            guard tensor.offset == expected else {
                throw .invalid(.order(tensor: tensor.name), offset: place)
            }
            expected = end(of: tensor)
        }
    }

    private func end(of tensor: TensorDescription) -> Int64 {
        (tensor.offset + tensor.size.bytes).roundedUp(to: Int64(alignment))
    }
}

extension [GGUFHeader] {
    /// Checks the headers of all files of a model, in any order: each as `checkStructure` of one does, and, if
    /// they are shards, that they belong together.
    public func checkStructure() throws(FormatError) {
        for header in self { try header.checkStructure() }
        let shards = try ordered()
        guard shards[0]["split.count"] != nil, count > 1 else { return }
        for header in shards {
            try header.check("split.no", .uint16)
            try header.check("split.count", .uint16)
        }
        try shards[0].check("split.tensors.count", .int32)
    }

    /// The shards of a model in their order; all that they count must be there, each once, and no tensor twice.
    ///
    /// Files that are no shards stay as they are.
    func ordered() throws(FormatError) -> [GGUFHeader] {
        guard !isEmpty else { throw .invalid(.shards(expected: 1, found: 0), offset: 0) }
        guard let counting = first(where: { ($0["split.count"]?.integer ?? 0) > 0 }),
            let count = counting["split.count"]?.integer
        else { return self }
        let numbers = Set(compactMap { $0["split.no"]?.integer })
        guard self.count == count, numbers.count == count, numbers.allSatisfy((0..<count).contains) else {
            throw .invalid(.shards(expected: count, found: numbers.count), offset: 0)
        }
        for header in self {
            guard let other = header["split.count"]?.integer, other != count else { continue }
            throw .invalid(.shards(expected: other, found: count), offset: header.offset(of: "split.count"))
        }
        let shards = sorted { ($0["split.no"]?.integer ?? 0) < ($1["split.no"]?.integer ?? 0) }
        try shards.checkNames()
        let found = reduce(0) { $0 + $1.tensors.count }
        if let tensors = shards[0]["split.tensors.count"]?.integer, tensors != found {
            let place = shards[0].offset(of: "split.tensors.count")
            throw .invalid(.count(UInt64(clamping: tensors)), offset: place)
        }
        return shards
    }

    private func checkNames() throws(FormatError) {
        guard count > 1 else { return }
        var seen: Set<String> = []
        for header in self {
            for (place, tensor) in zip(header.descriptionOffsets, header.tensors)
            where !seen.insert(tensor.name).inserted {
                throw .invalid(.duplicate(tensor.name), offset: place)
            }
        }
    }
}

extension GGUFHeader {
    /// Where the value of a key lies.
    fileprivate func offset(of key: String) -> Int64 {
        metadata.first { $0.key == key }?.bytes.lowerBound ?? 0
    }

    fileprivate func check(_ key: String, _ type: GGUFValueType) throws(FormatError) {
        guard self[key]?.type == type else { throw .invalid(.keyType(key: key), offset: offset(of: key)) }
    }
}
