import Catalog
import Engines

extension EngineFlags {
    /// What the engine would complain about in the words of a plan.
    static func complaints(about plan: LaunchPlan) -> [String] {
        let leading = plan.engine == .llamacpp ? 1 : plan.engine == .vllm ? 3 : 2
        return of(plan.engine).complaints(about: plan.argv, leading: leading)
    }

    /// What the engine would complain about in these words; the leading ones are the program and what it is
    /// pointed at.
    func complaints(about argv: [String], leading: Int) -> [String] {
        var complaints: [String] = []
        var seen: Set<Option> = []
        var rest = argv.dropFirst(leading)
        while let word = rest.popFirst() {
            guard let option = self[word], word.hasPrefix("-") else {
                complaints.append("unknown: \(word)")
                continue
            }
            if option.isRemoved { complaints.append("removed: \(word)") }
            // Another name for what was there is a second one too.
            if !seen.insert(option).inserted, !option.repeats { complaints.append("twice: \(word)") }
            // llama.cpp takes for a value whatever comes behind an option.
            let least = engine == .llamacpp ? option.values.lowerBound : 0
            let values =
                rest.prefix(least)
                + rest.dropFirst(least).prefix { self[$0] == nil }.prefix(option.values.upperBound - least)
            if !option.values.contains(values.count) { complaints.append("\(values.count) values: \(word)") }
            if let choices = option.choices, !values.allSatisfy(choices.contains) {
                complaints.append("not a choice: \(word) \(values)")
            }
            rest = rest.dropFirst(values.count)
        }
        return complaints
    }
}
