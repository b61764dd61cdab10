import Catalog
import Conversion
import Engines
import Formats
import FoundationEssentials
import Host
import Hub
import Platform
import Store
import SystemPackage

/// Makes the GGUF that llama.cpp reads of an adapter that PEFT has written.
struct AdapterConversion: Sendable {
    /// The model that it is for, by the header of its GGUF.
    let base: GGUFHeader
    /// What the engine makes of the adapter.
    let fit: AdapterFit
    /// What was typed for the model.
    let model: String
    let stack: Stack

    /// An adapter is small, and in this type it is what it was, whatever that was.
    private static let type = ConversionType.f32
    private static let file: RelativePath = {
        guard let file = RelativePath("adapter-f32.gguf") else { preconditionFailure("it is a plain name") }
        return file
    }()

    /// Refuses a model that no adapter can be made for, before anything is fetched.
    func check(_ name: String) throws(Failure) {
        guard let architecture = base.architecture, HuggingFaceAdapter.isKnown(architecture: architecture)
        else {
            throw Failure(.architecture(base.architecture), of: name)
        }
    }

    /// Converts what is stored, and stores what comes of it beside that; the caller has the right to change it.
    func run(_ original: StoredModel, report: @escaping Reporter) async throws -> StoredModel {
        let name = original.key.model
        let converter = try converter(original)
        let store = ModelStore(volume: original.layout.volume)
        let size = converter.sizes.total()
        let free = try DiskSpace(at: store.layout.volume).available
        guard size <= free else {
            throw Failure(
                .noSpace,
                "a GGUF of `\(name)` needs \(size), and \(store.layout.volume) has \(free) free",
                hint: "see `stackctl df`"
            )
        }
        report(.phase(.storing, "making a GGUF of \(name)"))
        let ingest = try store.beginIngest(model: name)
        do {
            let path = Self.file.below(ingest.directory)
            try await stoppableBlocking { isCancelled in
                do throws(ConversionError) { try converter.run([path], isCancelled: isCancelled) } catch {
                    throw Failure(error, of: name)
                }
            }
            let digest = try await cancellableBlocking { checkCancellation in
                try Digest.ofFile(path) { _ in try checkCancellation() }
            }
            try judge(ingest.directory, name)
            let header = try HeaderReading(.gguf, in: ingest.directory, files: [Self.file], report)
            return try ingest.publish(manifest(original, size, digest, header))
        } catch {
            ingest.discard()
            throw error
        }
    }

    private func converter(_ original: StoredModel) throws(Failure) -> Converter {
        let facts = try AdapterFacts.read(original)
        let folder = original.layout.directory(of: original.key)
        // The card has only one thing to say that an engine or a person looks for in an adapter.
        let base = facts.base.flatMap(RepositoryID.init).map { CardEntry("base_model", .text("\($0)")) }
        do throws(HuggingFaceError) {
            let adapter = try HuggingFaceAdapter(
                folder,
                name: FilePath(original.manifest.source.repository).lastComponent?.string,
                over: self.base,
                card: ModelCard(base.map { [$0] } ?? [])
            )
            return Converter(adapter, to: Self.type)
        } catch { throw Failure(error, of: original.key.model) }
    }

    /// What was made goes over the model as what it was made of did.
    private func judge(_ folder: FilePath, _ name: String) throws(Failure) {
        var fit = fit
        fit.adapter = try AdapterFacts.read(.gguf, in: folder, [Self.file], name)
        do throws(AdapterRefusal) { _ = try fit.judge() } catch {
            throw Failure(error, adapter: name, model: model, stack: stack)
        }
    }

    private func manifest(
        _ original: StoredModel,
        _ size: ByteCount,
        _ digest: Digest,
        _ header: HeaderReading
    ) throws(StoreError) -> Manifest {
        Manifest(
            key: try ModelKey(
                model: original.key.model,
                format: ModelFormat.gguf.rawValue,
                quant: Self.type.rawValue
            ),
            source: original.manifest.source,
            conversion: Manifest.Conversion(
                engine: "native",
                format: original.key.format,
                quant: original.key.quant,
                options: [],
                importance: nil,
                files: original.manifest.files
            ),
            facts: header.facts,
            files: [Manifest.File(path: Self.file, sizeBytes: size, sha256: digest.hex)],
            pulledAt: .now,
            tool: toolVersion
        )
    }
}
