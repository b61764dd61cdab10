import Catalog
import Conversion
import Formats
import FoundationEssentials
import Platform
import Store
import SystemPackage

/// One pass over the weights of a model, and what becomes of what it has written.
struct ConversionRun: Sendable {
    private let prepared: PreparedConversion
    private let pass: OpenedConversion.Pass
    private let read: ReadSource

    init(
        _ prepared: PreparedConversion,
        _ pass: OpenedConversion.Pass,
        _ read: ReadSource
    ) {
        (self.prepared, self.pass, self.read) = (prepared, pass, read)
    }

    private var place: ConversionPlace { prepared.place }
    private var model: String { prepared.model }

    /// Writes the files, checks them, and puts them in their places.
    func run(_ report: @escaping Reporter) async throws -> [(
        target: TargetForm, made: ConvertedModel
    )] {
        var opened: [ConversionPlace.Opened] = []
        defer { for one in opened { place.close(one) } }
        for (target, size) in zip(pass.targets, pass.sizes) {
            opened.append(try await place.open(target, size: size, report))
        }
        let names = pass.targets.map(\.quant).joined(separator: ", ")
        let duration = try await write(opened, names, report)
        report(.verifying(file: names))
        var made: [(target: TargetForm, made: ConvertedModel)] = []
        for one in opened { made.append((one.target, try await finish(one, duration, report))) }
        report(.done(file: names))
        return made
    }

    private func write(_ opened: [ConversionPlace.Opened], _ names: String, _ report: @escaping Reporter)
        async throws -> Duration
    {
        report(.files([(names, prepared.source.size)]))
        report(.phase(.converting, "converting \(model) to \(names)"))
        let outputs = try opened.map { try place.path(of: $0.target) }
        let began = ContinuousClock.now
        let results = try await pass.run(to: opened.map(\.path), for: outputs) { done, total in
            report(.progress(file: names, bytes: done, of: total))
        }
        let duration = ContinuousClock.now - began
        guard try prepared.source.states() == prepared.states else {
            throw Failure(
                .conflict,
                "the source of `\(model)` changed while it was read",
                hint: "try again when nothing writes to it"
            )
        }
        for result in results where result.fallbacks > 0 {
            report(
                .note(
                    "\(result.target): the rows of \(result.fallbacks) tensors are no whole blocks of it, so they keep "
                        + "more bits"
                )
            )
        }
        if let count = results.map(\.unweighted).max(), count > 0 {
            report(.warning("the importance matrix has no weights for \(count) of the quantized tensors"))
        }
        return duration
    }

    private func finish(_ opened: ConversionPlace.Opened, _ duration: Duration, _ report: Reporter)
        async throws
        -> ConvertedModel
    {
        let files = try written(opened)
        let size = files.lazy.map(\.size).total()
        let bitsPerWeight =
            opened.target.format == .gguf
            ? try ModelFacts.read(gguf: [opened.path]).bitsPerWeight
            : prepared.foreignParameters.map { Double(size.bytes) * 8 / Double(max(1, $0)) }
        try await publish(opened, files, report)
        return prepared.outcome(
            opened.target,
            path: try place.path(of: opened.target),
            size: size,
            bitsPerWeight: bitsPerWeight,
            duration
        )
    }

    /// The files that were written, the ones that an engine is pointed at first, and under which names they are stored.
    private func written(_ opened: ConversionPlace.Opened) throws -> [WrittenFile] {
        guard opened.target.format != .gguf else {
            let name = try ConversionPlace.fileName(model, opened.target)
            return [
                WrittenFile(
                    name: name,
                    path: opened.path,
                    size: try FileSystem.status(opened.path)?.size ?? 0
                )
            ]
        }
        let names = try FileSystem.list(opened.path).sorted()
        let shards = names.filter { $0.hasSuffix(".uqff") }
        return try (shards + names.filter { !shards.contains($0) }).map { name in
            guard let relative = RelativePath(name) else { throw StoreError.invalidName(name) }
            let path = opened.path.appending(name)
            return WrittenFile(name: relative, path: path, size: try FileSystem.status(path)?.size ?? 0)
        }
    }

    private func publish(
        _ opened: ConversionPlace.Opened,
        _ files: [WrittenFile],
        _ report: Reporter
    ) async throws {
        switch place {
        case .files:
            let path = try place.path(of: opened.target)
            if prepared.options.force {
                try FileSystem.rename(opened.path, to: path)
            } else {
                // Somebody may have put something there in all that time.
                try placeWithoutReplacing(opened.path, path)
            }
            let folder = path.removingLastComponent()
            try FileSystem.synchronize(folder.isEmpty ? "." : folder)
        case .volume(let store, let model):
            var hashed: [Manifest.File] = []
            for file in files {
                let sha256 = try await cancellableBlocking { checkCancellation in
                    try Digest.ofFile(file.path) { _ in try checkCancellation() }
                }
                hashed.append(Manifest.File(path: file.name, sizeBytes: file.size, sha256: sha256.hex))
            }
            report(.phase(.storing, "storing \(model)"))
            let ingest = try store.beginIngest(model: model)
            do {
                for file in files { try ingest.add(file.path, as: file.name) }
                let header = try HeaderReading(
                    opened.target.format,
                    in: ingest.directory,
                    files: files.map(\.name),
                    report
                )
                _ = try ingest.publish(manifest(opened.target, hashed, header))
            } catch {
                ingest.discard()
                throw error
            }
        }
    }

    private func placeWithoutReplacing(_ written: FilePath, _ path: FilePath) throws {
        do throws(SystemError) { try FileSystem.link(written, as: path) } catch {
            guard error.isExisting else {
                // Not every filesystem has links.
                return try FileSystem.rename(written, to: path)
            }
            throw Failure(
                .conflict,
                "there is a file at \(path) by now",
                hint: "add `--force` to replace it",
                cause: error
            )
        }
        try FileSystem.remove(written)
    }

    private func manifest(_ target: TargetForm, _ files: [Manifest.File], _ header: HeaderReading) throws
        -> Manifest
    {
        var facts = header.facts
        facts.parameters = facts.parameters ?? prepared.foreignParameters.map { Int64($0) }
        let engine = prepared.image == nil ? ConversionEngine.native : .container
        let conversion = Manifest.Conversion(
            engine: engine.rawValue,
            image: prepared.image?.record,
            format: prepared.source.format.rawValue,
            quant: prepared.source.quant,
            options: prepared.options.words(for: target),
            importance: target.plainType == nil ? read.importance : nil,
            files: read.files
        )
        return Manifest(
            key: try ConversionPlace.key(model, target),
            source: prepared.source.recorded,
            conversion: conversion,
            facts: facts,
            files: files,
            pulledAt: .now,
            tool: toolVersion
        )
    }
}

/// A file that was written, and what it is called where it is stored.
private struct WrittenFile: Sendable {
    let name: RelativePath
    let path: FilePath
    let size: ByteCount
}
