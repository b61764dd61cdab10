import Platform
public import SystemPackage

/// What models are wanted for, in the order in which it is shown.
public struct ProfileTable: Sendable {
    /// The profiles.
    public let profiles: [Profile]

    private static let embeddedFile = "config/profiles.yaml"
    private static let builtIn = Result { () throws(DeclarationError) in
        let file = "built-in \(embeddedFile)"
        return try ProfileTable(Profile.read(Embedded.bytes(embeddedFile) ?? [], file: file, .builtIn))
            .profiles
    }

    /// Takes profiles whose fallbacks lead to profiles, and not round in a ring.
    private init(_ profiles: [Profile]) throws(DeclarationError) {
        self.profiles = profiles
        try checkFallbacks()
    }

    /// The file in a home where the user declares profiles.
    public static func file(in home: FilePath) -> FilePath {
        home.appending("config").appending("profiles.yaml")
    }

    /// Reads the table: what is built in, and what `config/profiles.yaml` of the home lays over it.
    public static func load(home: FilePath?) throws(DeclarationError) -> ProfileTable {
        let base = try builtIn.get()
        guard let path = home.map(file(in:)), let bytes = try DeclaredFile.read(path) else {
            return try ProfileTable(base)
        }
        return try ProfileTable(overlay(base, try Profile.read(bytes, file: path.string, .file(path))))
    }

    /// Reads a table from one text alone.
    public static func load(_ bytes: [UInt8], file: String) throws(DeclarationError) -> ProfileTable {
        try ProfileTable(try Profile.read(bytes, file: file, .file(FilePath(file))))
    }

    /// A profile takes the place of the one that has its name, also as an alias; it answers to the other's names too.
    private static func overlay(_ base: [Profile], _ own: [Profile]) -> [Profile] {
        let ownNames = Set(own.flatMap(\.names))
        var own = own
        var taken: Set<Int> = []
        var profiles: [Profile] = []
        for profile in base {
            let free = profile.names.filter { !ownNames.contains($0) }
            let exact = own.firstIndex { $0.name == profile.name }
            guard let index = exact ?? own.firstIndex(where: { profile.aliases.contains($0.name) }),
                taken.insert(index).inserted
            else {
                var profile = profile
                profile.aliases = profile.aliases.filter(free.contains)
                profiles.append(profile)
                continue
            }
            own[index].aliases += free
            profiles.append(own[index])
        }
        return profiles + own.indices.filter { !taken.contains($0) }.map { own[$0] }
    }
}

// MARK: Looking up

extension ProfileTable {
    /// The profile of a name, or of another name of it.
    public func profile(named name: String) -> Profile? {
        profiles.first { $0.name == name } ?? profiles.first { $0.aliases.contains(name) }
    }

    /// The profiles that something is recommended for.
    public var recommending: [Profile] { profiles.filter { !$0.useCases.isEmpty } }

    /// A profile with those that are asked one after the other where no model is for it.
    public func chain(from profile: Profile) -> [Profile] {
        var chain = [profile]
        while let next = chain.last?.route.fallback.flatMap(profile(named:)) { chain.append(next) }
        return chain
    }

    /// What is no mistake, but perhaps not meant: families of the user's that no model is known to be of.
    public func warnings(knowing families: Set<String>) -> [DeclarationError] {
        profiles.filter { $0.origin != .builtIn }.flatMap(\.route.declaredFamilies)
            .filter { !families.contains($0.name) }.map { family in
                let near = nearestNames(to: family.name, in: families, most: 1).first
                let guess = near.map { ": did you mean `\($0)`?" } ?? ""
                return family.node.error("no model is known to be of the family `\(family.name)`\(guess)")
            }
    }
}

// MARK: Fallbacks

extension ProfileTable {
    private func checkFallbacks() throws(DeclarationError) {
        var problems: [DeclarationError] = []
        for profile in profiles {
            guard let fallback = profile.route.fallback, let node = profile.route.fallbackNode else {
                continue
            }
            if self.profile(named: fallback) == nil {
                let others = profiles.filter { $0.name != profile.name }.flatMap(\.names)
                let near = nearestNames(to: fallback, in: others, most: 1).first
                let guess = near.map { ": did you mean `\($0)`?" } ?? ""
                problems.append(node.error("there is no profile `\(fallback)`\(guess)"))
            } else if let ring = ring(through: profile) {
                let names = ring.map { "`\($0)`" }.joined(separator: " → ")
                problems.append(node.error("the fallbacks lead round in a ring: \(names)"))
            }
        }
        // The user's own file is the one that can be changed.
        let places = problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
        let own = Set(profiles.filter { $0.origin != .builtIn }.compactMap { $0.route.fallbackNode?.file })
        if let first = places.first(where: { own.contains($0.file) }) ?? places.first { throw first }
    }

    /// The names of a ring of fallbacks that a profile is on, from it round to it again.
    private func ring(through profile: Profile) -> [String]? {
        var names = [profile.name]
        var next = profile
        while let fallback = next.route.fallback.flatMap(self.profile(named:)) {
            names.append(fallback.name)
            if fallback.name == profile.name { return names }
            // A ring that it only leads to is told of those on it.
            guard !names.dropLast().contains(fallback.name) else { return nil }
            next = fallback
        }
        return nil
    }
}
