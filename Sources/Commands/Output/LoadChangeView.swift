import Console
import Operations

/// How `load` and `unload` look to a person.
enum LoadChangeView {
    static func text(_ change: LoadChange, isDryRun: Bool) -> String {
        let name = "`\(sanitized(change.name))`"
        let isLoad = change.action == .load
        guard change.changed else {
            return isLoad
                ? "the \(change.kind.rawValue) \(name) is loaded already\n" : "\(name) is not loaded\n"
        }
        let what = "the \(change.kind.rawValue) \(name)"
        let container = "`\(sanitized(change.container))`"
        if isDryRun { return "would have \(container) \(change.action.rawValue) \(what)\n" }
        let after = change.doneAfterMilliseconds.map { ", after \(Duration.milliseconds($0).inWords)" } ?? ""
        return "\(container) has \(change.action.rawValue)ed \(what)\(after)\n"
    }
}
