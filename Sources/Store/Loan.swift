import Platform
import SystemPackage

extension ModelStore {
    /// Notes that a model was fetched only for something to be made of it, and is to go afterwards.
    public func noteLoan(of model: String) {
        let path = loanPath(model)
        try? FileSystem.createDirectory(path.removingLastComponent())
        try? FileSystem.write([], to: path)
    }

    /// Whether a model is there only for something to be made of it: nobody has asked for it, and nothing has used it.
    public func isOnLoan(_ key: ModelKey) -> Bool {
        FileSystem.exists(loanPath(key.model)) && lastUse(of: key) == nil
    }

    /// Notes that a model is there for its own sake, or is there no more.
    public func forgetLoan(of model: String) { try? FileSystem.remove(loanPath(model)) }

    private func loanPath(_ model: String) -> FilePath {
        layout.state.appending("loans").appending(ModelKey.directoryName(of: model))
    }
}
