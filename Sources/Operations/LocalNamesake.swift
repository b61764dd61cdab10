public import Catalog
import Platform
import SystemPackage

extension ModelReference {
    /// What to type for the file or folder of the working directory that has the name of a model that was not found.
    public static func hintOfLocal(_ typed: String) -> String? {
        let path = FilePath(typed)
        guard !typed.isEmpty, path.isRelative, !typed.hasPrefix("."), FileSystem.exists(path) else {
            return nil
        }
        return "there is `\(typed)` here: it is named `./\(typed)`"
    }
}

extension Failure {
    /// The same failure, with a hint of what lies here under the name that was not found.
    func noticingLocal(_ reference: ModelReference) -> Failure {
        guard [.notFound, .refused].contains(kind), let hint = ModelReference.hintOfLocal("\(reference)")
        else {
            return self
        }
        return hinting(instead: hint)
    }
}
