import Catalog
import Hub
import Platform
import Store

extension PlannedPull {
    /// Refuses a place that another model has, as far as the place is known before the header is read.
    func refuseTakenPlace(in store: ModelStore, isForced: Bool) throws(Failure) {
        do {
            try store.refuseOtherSpelling(of: request.model)
            guard let quant = selection.quant?.name else { return }
            let key = try ModelKey(model: request.model, format: selection.format.rawValue, quant: quant)
            try store.refuseForeignFiles(at: key)
            if !isForced { try refuseReplacing(key, in: store) }
        } catch { throw Failure(error) }
    }

    /// Refuses to replace what came from elsewhere and has other bytes; a newer state of the same source may.
    func refuseReplacing(_ key: ModelKey, in store: ModelStore) throws(Failure) {
        // One whose manifest cannot be read is put right by a pull.
        guard let stored = try? store.model(key), !isSource(of: stored) else { return }
        let bytes = Set(stored.manifest.files.flatMap { [$0.sha256, $0.gitBlob].compactMap(\.self) })
        let isSame = selection.files.allSatisfy { file in
            file.parts.count == 1 && file.parts.allSatisfy { bytes.contains($0.content.digest.hex) }
        }
        if !isSame { throw .stored(key, "with another content") }
    }

    private func isSource(of stored: StoredModel) -> Bool {
        let (old, new) = (stored.manifest.source, source.recorded(for: request))
        guard stored.manifest.conversion == nil, old.kind == new.kind else { return false }
        guard case .hub(let asked, _) = request.origin else {
            return (old.endpoint, old.repository, old.requestedRevision)
                == (new.endpoint, new.repository, new.requestedRevision)
        }
        // One that the hub has renamed answers to both names.
        return [new.repository, asked.description].contains { $0.lowercased() == old.repository.lowercased() }
    }
}
