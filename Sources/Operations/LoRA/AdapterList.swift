import Catalog
import SystemPackage

/// The adapters that the text of a model's configuration declares, and what becomes of the text when they change.
struct AdapterList {
    let bytes: [UInt8]
    let adapters: [DeclaredAdapter]
    private let file: String

    private static let path = SettingKey<[DeclaredAdapter]>.adapters.setting.path

    /// Reads them; `file` names the text in failures.
    init(_ bytes: [UInt8], file: String) throws(Failure) {
        self.bytes = bytes
        self.file = file
        do throws(DeclarationError) {
            let config = try ModelConfig.read(bytes, file: file, name: "", origin: .file(FilePath(file)))
            adapters = config.settings.adapters
        } catch { throw Failure(declaration: error) }
    }

    /// The place of an adapter among them.
    func place(of name: String) -> Int? { adapters.firstIndex { $0.name == name } }

    /// The text with a further one.
    func appending(_ entry: SettingValue) throws(Failure) -> [UInt8] {
        try applying(.append(entry, to: Self.path))
    }

    /// The text with another strength of one.
    func scaling(_ place: Int, to scale: Double) throws(Failure) -> [UInt8] {
        try applying(.set("\(Self.path).\(place).scale", to: .number(scale)))
    }

    /// The text without one.
    func removing(_ place: Int) throws(Failure) -> [UInt8] {
        try applying(.remove(adapters.count == 1 ? Self.path : "\(Self.path).\(place)"))
    }

    private func applying(_ edit: YAMLEdit) throws(Failure) -> [UInt8] {
        do throws(DeclarationError) { return try edit.applied(to: bytes, file: file) } catch {
            throw Failure(declaration: error)
        }
    }
}

extension Workspace {
    /// Writes what `work` makes of the adapters of a configuration, which it is given as they are when nobody else can
    /// change them; `draft` is the text where there is none yet.
    func changeAdapters(
        of config: String,
        draft: [UInt8] = [],
        _ work: (AdapterList) throws(Failure) -> [UInt8]
    ) throws(Failure) {
        let file = home.configFile(of: config).string
        var failure: Failure?
        do throws(DeclarationError) {
            try home.changeConfig(named: config) { (present) throws(DeclarationError) in
                do throws(Failure) { return try work(AdapterList(present ?? draft, file: file)) } catch {
                    failure = error
                    throw DeclarationError(file: file, line: 0, column: 0, message: error.message)
                }
            }
        } catch { throw failure ?? Failure(declaration: error) }
    }

    /// The configurations that are somebody's own; a shipped one is an example, also when `init` has written it out.
    func ownConfigs(report: Reporter) throws(Failure) -> [ModelConfig] {
        try configs(report: report).filter { config in
            config.origin != .builtIn && !((try? home.isAsShipped(config: config.name)) ?? false)
        }
    }
}
