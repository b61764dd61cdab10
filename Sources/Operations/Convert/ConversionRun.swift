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
        target: QuantizationTarget, made: ConvertedModel
    )] {
        var opened: [ConversionPlace.Opened] = []
        defer { for one in opened { place.close(one) } }
        for (target, size) in zip(pass.targets, pass.sizes) {
            opened.append(try await place.open(target, size: size, report))
        }
        let names = pass.targets.map(\.rawValue).joined(separator: ", ")
        let duration = try await write(opened, names, report)
        report(.verifying(file: names))
        var made: [(target: QuantizationTarget, made: ConvertedModel)] = []
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
        let fallbacks = try await pass.run(to: opened.map(\.path), for: outputs) { done, total in
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
        for (target, count) in zip(pass.targets, fallbacks) where count > 0 {
            report(
                .note(
                    "\(target): the rows of \(count) tensors are no whole blocks of it, so they keep more bits"
                )
            )
        }
        return duration
    }

    private func finish(_ opened: ConversionPlace.Opened, _ duration: Duration, _ report: Reporter)
        async throws
        -> ConvertedModel
    {
        let facts = try ModelFacts.read(gguf: [opened.path])
        let size = try FileSystem.status(opened.path)?.size ?? 0
        try await publish(opened, size, report)
        return prepared.outcome(
            opened.target,
            path: try place.path(of: opened.target),
            size: size,
            bitsPerWeight: facts.bitsPerWeight,
            duration
        )
    }

    private func publish(
        _ opened: ConversionPlace.Opened,
        _ size: ByteCount,
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
            let path = opened.path
            let sha256 = try await cancellableBlocking { checkCancellation in
                try Digest.ofFile(path) { _ in try checkCancellation() }
            }
            report(.phase(.storing, "storing \(model)"))
            let name = try ConversionPlace.fileName(model, opened.target)
            let ingest = try store.beginIngest(model: model)
            do {
                try ingest.add(opened.path, as: name)
                let header = try HeaderReading(.gguf, in: ingest.directory, files: [name], report)
                let file = Manifest.File(path: name, sizeBytes: size, sha256: sha256.hex)
                _ = try ingest.publish(manifest(opened.target, file, header))
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

    private func manifest(_ target: QuantizationTarget, _ file: Manifest.File, _ header: HeaderReading) throws
        -> Manifest
    {
        let conversion = Manifest.Conversion(
            engine: prepared.engine.rawValue,
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
            facts: header.facts,
            files: [file],
            pulledAt: .now,
            tool: toolVersion
        )
    }
}
