public import Catalog
public import Host
public import Platform

/// The next smaller model than one that had not enough memory.
public struct SmallerForm: Sendable {
    /// A model as it is stored.
    public struct Stored: Sendable, Hashable {
        /// Its name.
        public let model: String
        /// The format of its files.
        public let format: ModelFormat
        /// The quantization.
        public let quant: String
        /// What its files take.
        public let size: ByteCount

        /// Describes one.
        public init(model: String, format: ModelFormat, quant: String, size: ByteCount) {
            self.model = model
            self.format = format
            self.quant = quant
            self.size = size
        }
    }

    /// What to ask for.
    public let model: String
    /// The quantization.
    public let quantization: Quantization
    /// What its files take, by the number of weights where the catalog knows that.
    public let size: ByteCount
    /// What that is less than the other.
    public let saved: ByteCount
    /// Whether it is stored.
    public let isStored: Bool
    /// Whether it has room here, and where; `unknown` if it is only known to be smaller.
    public let verdict: MemoryFit.Verdict

    /// Finds the same model in the next smaller quantization, else the next smaller one of its name, that has room; `stored` is
    /// all that is.
    public init?(
        than current: Stored,
        in catalog: ModelCatalog,
        stored: [Stored],
        for stack: Stack,
        on host: HostProfile
    ) {
        let entry = (try? ModelReference(parsing: current.model)).flatMap { catalog.entry(for: $0) }?.entry
        let search = Search(current: current, stored: stored, stack: stack, host: host)
        let siblings = catalog.entries.filter { $0.name == entry?.name && $0.reference != entry?.reference }
        guard let found = search.sameModel(entry) ?? search.smallerModel(siblings, than: entry) else {
            return nil
        }
        self = found
    }

    fileprivate init(_ candidate: Candidate, saved: ByteCount) {
        (model, quantization, size) = (candidate.model, candidate.quantization, candidate.size)
        (isStored, verdict) = (candidate.isStored, candidate.verdict)
        self.saved = saved
    }
}

/// What may be the next smaller one.
private struct Candidate {
    let model: String
    let quantization: Quantization
    let size: ByteCount
    let isStored: Bool
    let verdict: MemoryFit.Verdict
}

private struct Search {
    let current: SmallerForm.Stored
    let stored: [SmallerForm.Stored]
    let stack: Stack
    let host: HostProfile

    func sameModel(_ entry: CatalogEntry?) -> SmallerForm? {
        let all = entry.map { CatalogForm.all(of: $0, for: stack) } ?? []
        let forms = all.compactMap(judged)
        let known = Set(all.map(\.quantization))
        let most = size(entry)
        // What the arithmetic knows nothing of is at least smaller.
        let others = stored.filter { $0.model == current.model && $0.format == current.format }.compactMap {
            one in
            Quantization(parsing: one.quant).flatMap { known.contains($0) ? nil : Candidate(one, $0) }
        }
        return (forms + others).filter { $0.size < most && $0.quantization.name != current.quant }
            .max { $0.size < $1.size }.map { SmallerForm($0, saved: most - $0.size) }
    }

    func smallerModel(_ siblings: [CatalogEntry], than entry: CatalogEntry?) -> SmallerForm? {
        guard let parameters = entry?.parameters else { return nil }
        let most = size(entry)
        let smaller = siblings.filter { $0.parameters ?? parameters < parameters }
            .sorted { ($0.parameters ?? 0, $0.reference) > ($1.parameters ?? 0, $1.reference) }
        let bits = Quantization(parsing: current.quant)?.approximateBitsPerWeight ?? .infinity
        return smaller.lazy.compactMap { entry in
            CatalogForm.all(of: entry, for: stack).filter {
                $0.quantization.approximateBitsPerWeight ?? 0 <= bits
            }
            .lazy.compactMap(judged).first { $0.size < most }
        }.first.map { SmallerForm($0, saved: most - $0.size) }
    }

    /// What the current one takes, by the same measure as the others where there is one.
    private func size(_ entry: CatalogEntry?) -> ByteCount {
        let quantization = Quantization(parsing: current.quant)
        return quantization.flatMap { name in entry.flatMap { CatalogForm($0, current.format, name)?.size } }
            ?? current.size
    }

    /// With the arithmetic's word; `nil` if that is no.
    private func judged(_ form: CatalogForm) -> Candidate? {
        let verdict = form.fit(on: host, for: stack)?.fit.verdict ?? .unknown
        guard verdict != .no else { return nil }
        let own = stored.first {
            $0.model == form.entry.reference && $0.format == form.format && $0.quant == form.quantization.name
        }
        return Candidate(
            model: form.entry.reference,
            quantization: form.quantization,
            size: form.size,
            isStored: own != nil,
            verdict: verdict
        )
    }
}

extension Candidate {
    /// What is stored and in no catalog: it is at least smaller.
    init(_ stored: SmallerForm.Stored, _ quantization: Quantization) {
        (model, size, isStored, verdict) = (stored.model, stored.size, true, .unknown)
        self.quantization = quantization
    }
}
