import Catalog
import Host
import Platform

/// Puts what fits into an order.
struct Ranking {
    private typealias Choice = Recommendation.Choice

    private let question: Recommendation.Question
    /// The machine, as far as models are to lie there.
    private let host: HostProfile
    private let entries: [CatalogEntry]
    /// The names of the profile's own models.
    private let own: Set<String>

    init(_ question: Recommendation.Question) {
        self.question = question
        var host = question.host
        if question.place == .ram { host.gpus = [] }
        // What an instance of a divided GPU has is not known.
        host.gpus.removeAll(where: \.isPartitioned)
        self.host = host
        entries = question.entries.filter { question.profile?.concerns($0) ?? true }
        own = Set(question.rungs.map(\.entry.reference))
    }

    /// Whether the profile's ladder decides.
    private var climbs: Bool {
        question.place != .vram && host.gpus.isEmpty && question.stack.formatOfCatalog == .gguf
            && !question.rungs.isEmpty
    }

    /// All that fit, one for each model, the best first.
    func choices(ignoringDisk: Bool = false) -> [Recommendation.Choice] {
        var seen: Set<String> = []
        return (climbs ? byLadder(ignoringDisk) : byArithmetic(ignoringDisk))
            .filter { seen.insert($0.form.entry.reference).inserted }
    }

    /// Whether it is stored, or could be.
    func hasRoom(for form: CatalogForm) -> Bool { isStored(form) || form.size <= question.freeDisk }

    /// The form of the same model that takes the least, of those that are not too coarse.
    func smallest(of form: CatalogForm) -> CatalogForm {
        climbs ? form : forms(of: form.entry).min { $0.size < $1.size } ?? form
    }

    private func isStored(_ form: CatalogForm) -> Bool {
        question.stored.contains(.init(model: form.entry.reference, quant: form.quantization.name))
    }

    // MARK: By the ladder

    /// The rungs that the host reaches, the highest first, then models that take no more than the highest.
    private func byLadder(_ ignoringDisk: Bool) -> [Recommendation.Choice] {
        let reached = question.rungs.reversed().compactMap { rung -> Choice? in
            guard host.memory.total >= rung.memory,
                let form = CatalogForm(rung.entry, .gguf, rung.quantization)
            else { return nil }
            return choice(form, .lowerRung(rung.memory), leastContext: question.profile?.context)
        }.filter(fits)
        guard let most = reached.first?.fit.total else { return [] }
        let rungs = reached.filter { ignoringDisk || hasRoom(for: $0.form) }
        let others = entries.filter { !own.contains($0.reference) }.compactMap { entry in
            best(of: entry, ignoringDisk) { fits($0) && $0.fit.total <= most }
        }
        return rungs + others.sorted(by: isBetter)
    }

    // MARK: By arithmetic

    private func byArithmetic(_ ignoringDisk: Bool) -> [Recommendation.Choice] {
        let whole = entries.compactMap { best(of: $0, ignoringDisk, where: isWhole) }.sorted(by: isBetter)
        let isGood = whole.contains { rank($0.form.entry) < 2 }
        guard !isGood, question.place == nil, !host.gpus.isEmpty else { return whole }
        let names = Set(whole.map(\.form.entry.reference))
        let partly = entries.filter { !names.contains($0.reference) }
            .compactMap { best(of: $0, ignoringDisk, where: fits) }
        return (whole + partly).sorted(by: isBetter)
    }

    /// The finest quantization of a model that meets a condition and is not too coarse.
    private func best(
        of entry: CatalogEntry,
        _ ignoringDisk: Bool,
        where condition: (Recommendation.Choice) -> Bool
    ) -> Recommendation.Choice? {
        forms(of: entry).lazy.filter { ignoringDisk || hasRoom(for: $0) }.compactMap { choice($0, .fits) }
            .first(where: condition)
    }

    private func forms(of entry: CatalogEntry) -> [CatalogForm] {
        CatalogForm.all(of: entry, for: question.stack).filter {
            $0.quantization.approximateBitsPerWeight ?? 0 >= CatalogForm.leastBits
        }
    }

    private func fits(_ choice: Recommendation.Choice) -> Bool {
        ![.no, .unknown].contains(choice.fit.verdict)
    }

    /// Whether all of it lies where it is to lie.
    private func isWhole(_ choice: Recommendation.Choice) -> Bool {
        host.gpus.isEmpty && question.place != .vram ? choice.fit.verdict == .cpu : choice.fit.verdict == .gpu
    }

    private func choice(
        _ form: CatalogForm,
        _ reason: Recommendation.Reason,
        leastContext: Int? = nil
    ) -> Recommendation.Choice? {
        guard let usual = form.fit(on: host, for: question.stack) else { return nil }
        func made(_ found: (fit: MemoryFit, context: Int)) -> Recommendation.Choice {
            Recommendation.Choice(
                form: form,
                fit: found.fit,
                context: found.context,
                isShort: found.context < usual.context,
                isStored: isStored(form),
                reason: reason
            )
        }
        if usual.fit.verdict == .no, let leastContext,
            let short = form.fit(on: host, for: question.stack, context: leastContext),
            short.fit.verdict != .no
        {
            return made(short)
        }
        return made(usual)
    }

    // MARK: The order

    /// The profile's own models, then those that the catalog recommends, then the others.
    private func rank(_ entry: CatalogEntry) -> Int {
        own.contains(entry.reference) ? 0 : entry.recommended ? 1 : 2
    }

    private func isBetter(_ left: Recommendation.Choice, _ right: Recommendation.Choice) -> Bool {
        let (first, second) = (left.form, right.form)
        if rank(first.entry) != rank(second.entry) { return rank(first.entry) < rank(second.entry) }
        let sizes = (first.entry.parameters ?? 0, second.entry.parameters ?? 0)
        if sizes.0 != sizes.1 { return sizes.0 > sizes.1 }
        if first.quantization != second.quantization { return first.quantization > second.quantization }
        return first.entry.reference < second.entry.reference
    }

    /// The choices with what each is to the others.
    func worded(_ choices: [Recommendation.Choice]) -> [Recommendation.Choice] {
        var seen: Set<Int> = []
        return choices.enumerated().map { index, choice in
            var choice = choice
            if case .lowerRung(let memory) = choice.reason {
                if index == 0 { choice.reason = .rung(memory) }
                return choice
            }
            let rank = rank(choice.form.entry)
            // Beside a ladder the others are no climb of their own.
            let isLargest = !climbs && seen.insert(rank).inserted
            choice.reason =
                switch rank {
                case 0: .ofProfile(isLargest: isLargest)
                case 1: .ofCatalog(isLargest: isLargest)
                default: .fits
                }
            return choice
        }
    }

    // MARK: Where nothing fits

    /// What needs the least, and how much that is.
    func least() -> (form: CatalogForm, lack: Recommendation.Lack)? {
        if climbs, let lowest = question.rungs.first {
            return CatalogForm(lowest.entry, .gguf, lowest.quantization).map {
                ($0, .ram(needed: lowest.memory))
            }
        }
        let forms = entries.flatMap(forms)
        func smallest(_ need: (CatalogForm) -> ByteCount?) -> (form: CatalogForm, need: ByteCount)? {
            forms.compactMap { form in need(form).map { (form, $0) } }.min { $0.1 < $1.1 }
        }
        if question.place == .vram || question.stack.engine == .vllm {
            return smallest { $0.vramNeeded(for: question.stack) }.map { form, need in
                (form, host.gpus.isEmpty ? .gpu : .vram(needed: need))
            }
        }
        return smallest { $0.ramNeeded(for: question.stack) }.map { form, need in
            (form, .ram(needed: need + HostProfile.leftToSystem))
        }
    }
}
