import Catalog

/// The candidates for one profile in order, and those that are none.
struct RouteRanking {
    /// A model that is for the profile.
    struct Suitable {
        let index: Int
        let ground: Routing.Ground
        /// Its place among the models that the profile names.
        let name: Int
        /// Its place among the families that the profile prefers.
        let family: Int
        /// Whether its limits or what it was made for say that it is for the profile, whatever else does.
        let isMeant: Bool
        let candidate: RoutingCandidate
    }

    private let profile: Profile
    /// The best first.
    private(set) var suitable: [Suitable] = []
    private(set) var rejected: [(index: Int, rejection: Routing.Rejection)] = []

    init(_ profile: Profile, _ wish: Routing.Wish, _ candidates: [RoutingCandidate]) {
        self.profile = profile
        let needs = wish.needs.union(profile.route.needs)
        let least = [wish.leastContext, profile.route.leastContext].compactMap(\.self).max()
        for (index, candidate) in candidates.enumerated() {
            guard let found = suitable(candidate, index) else {
                rejected.append((index, .notMeant))
                continue
            }
            if let rejection = Self.rejection(of: candidate, needs, least) {
                rejected.append((index, rejection))
            } else {
                suitable.append(found)
            }
        }
        suitable = suitable.sorted { precedes($0, $1) != nil }
    }

    private static func rejection(
        of candidate: RoutingCandidate,
        _ needs: Set<Capability>,
        _ least: Int?
    ) -> Routing.Rejection? {
        if let obstacle = candidate.obstacle { return .unservable(obstacle) }
        let missing = needs.subtracting(candidate.capabilities)
        if !missing.isEmpty { return .incapable(missing) }
        // A client that wants an answer in words is not helped by a vector.
        if candidate.capabilities.contains(.embedding), !needs.contains(.embedding) { return .embedding }
        if let least, candidate.context < least { return .window(candidate.context, least: least) }
        return nil
    }

    // MARK: For the profile

    private func suitable(_ candidate: RoutingCandidate, _ index: Int) -> Suitable? {
        let route = profile.route
        let name = route.models.firstIndex { candidate.names.contains(where: $0.matches) }
        let family = route.families.firstIndex(where: candidate.families.contains)
        let suits = !candidate.profiles.isDisjoint(with: profile.names)
        let wasMade = !candidate.useCases.isDisjoint(with: profile.useCases)
        let ground: Routing.Ground
        if name != nil {
            ground = .named
        } else if let family {
            ground = .family(route.families[family])
        } else if suits {
            ground = .limits
        } else if wasMade {
            ground = .useCase
        } else if route.takesUnknown, !candidate.isKnown {
            ground = .unknown
        } else {
            return nil
        }
        return Suitable(
            index: index,
            ground: ground,
            name: name ?? .max,
            family: family ?? .max,
            isMeant: suits || wasMade,
            candidate: candidate
        )
    }

    // MARK: The order

    /// What is decisive for the one of two that goes first.
    func precedence(of first: Suitable, to second: Suitable) -> Routing.Precedence {
        precedes(first, second) ?? .order
    }

    /// Why the one goes before the other; `nil` if it does not.
    private func precedes(_ left: Suitable, _ right: Suitable) -> Routing.Precedence? {
        if left.name != right.name { return left.name < right.name ? .named : nil }
        if left.family != right.family {
            guard left.family < right.family else { return nil }
            return .family(profile.route.families[left.family])
        }
        if left.isMeant != right.isMeant { return left.isMeant ? .ground : nil }
        let (one, two) = (left.candidate, right.candidate)
        if one.isServing != two.isServing { return one.isServing ? .serving : nil }
        if one.isRecommended != two.isRecommended { return one.isRecommended ? .recommended : nil }
        let preference = profile.route.preference
        // What has no known size is not preferred for it.
        let unknown = preference == .small ? Int.max : 0
        let sizes = (one.parameters ?? unknown, two.parameters ?? unknown)
        if sizes.0 != sizes.1 {
            let goesFirst = preference == .small ? sizes.0 < sizes.1 : sizes.0 > sizes.1
            return goesFirst ? .size(preference) : nil
        }
        if one.isStored != two.isStored { return one.isStored ? .stored : nil }
        return left.index < right.index ? .order : nil
    }
}
