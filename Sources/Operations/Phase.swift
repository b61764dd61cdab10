/// What is being done to a model or to one of its files: the words that a script sees.
public enum Phase: String, Sendable, CaseIterable {
    /// Its turn has not come.
    case queued
    /// Somebody is asked what it is and where.
    case resolving
    /// Its bytes come over the network.
    case downloading
    /// Its bytes come from another place of this machine.
    case copying
    /// Its weights are written in another form.
    case converting
    /// Its bytes are compared with their hash.
    case verifying
    /// Another process has it, or a server wants to be left alone for a time.
    case waiting
    /// It is put into its place.
    case storing
    /// It is there.
    case done
    /// It could not be done.
    case failed
    /// Somebody wanted no more of it.
    case interrupted
}
