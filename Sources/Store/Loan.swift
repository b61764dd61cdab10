public import Platform
import SystemPackage

extension ModelStore {
    /// Notes that a model is fetched only for something to be made of it, and is to go afterwards.
    public func noteLoan(of model: String) throws(StoreError) {
        let path = loanPath(model)
        try prepare(path.removingLastComponent())
        try stored { () throws(SystemError) in try FileSystem.write([], to: path) }
    }

    /// Whether a model is there only for something to be made of it: nobody has asked for it, and nothing has used it.
    public func isOnLoan(_ key: ModelKey) -> Bool {
        FileSystem.exists(loanPath(key.model)) && lastUse(of: key) == nil
    }

    /// Notes that a model is there for its own sake, or is there no more.
    public func forgetLoan(of model: String) throws(StoreError) {
        try stored { () throws(SystemError) in try FileSystem.remove(loanPath(model)) }
    }

    /// Removes a model unless somebody has made it their own since it was fetched; tells whether it did.
    public func removeLent(_ model: StoredModel, holding lock: FileLock? = nil) throws(StoreError) -> Bool {
        let name = model.key.model
        let lock = if let lock { lock } else { try lockAtOnce(model: name) }
        guard isOnLoan(model.key), try self.model(model.key) == model else { return false }
        try remove(model, holding: lock)
        try forgetLoan(of: name)
        return true
    }

    private func loanPath(_ model: String) -> FilePath {
        layout.state.appending("loans").appending(ModelKey.directoryName(of: model))
    }
}
