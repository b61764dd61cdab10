import Operations

/// How `use` and `rollback` look to a person.
enum UsedModelView {
    static func text(_ used: UsedModel, isDryRun: Bool) -> String {
        let what = "\(used.stack): \(used.model) \(used.format) \(used.quant)"
        guard used.changed else { return "\(what) is served already\n" }
        let other = used.previous == used.model ? used.previousQuant : used.previous
        let before = other.map { $0 == used.quant ? "" : ", in place of \($0)" } ?? ""
        if isDryRun { return "\(what) would be served\(before): \(used.argv.joined(separator: " "))\n" }
        let after = used.readyAfterMilliseconds.map { " after \(seconds($0)) s" } ?? ""
        return "\(what) answers\(after)\(before)\n"
    }

    private static func seconds(_ milliseconds: Int) -> String {
        let tenths = (milliseconds + 50) / 100
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10)" : "\((milliseconds + 500) / 1000)"
    }
}
