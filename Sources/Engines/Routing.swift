public import Catalog

/// Which of several models answers for a profile, and why none of the others does.
public struct Routing: Sendable {
    /// What is asked of the model beside the profile.
    public struct Wish: Sendable {
        /// What it must be capable of.
        public var needs: Set<Capability>
        /// The tokens that its window must at least have.
        public var leastContext: Int?

        /// Describes a wish.
        public init(needs: Set<Capability> = [], leastContext: Int? = nil) {
            self.needs = needs
            self.leastContext = leastContext
        }
    }

    /// Why a model is for a profile.
    public enum Ground: Sendable, Hashable {
        /// The profile names it.
        case named
        /// It is of a family that the profile names.
        case family(String)
        /// Its limits say that it suits the profile.
        case limits
        /// It was made for what the profile is for.
        case useCase
        /// Nothing is known of what it is good for, and the profile takes such models.
        case unknown
    }

    /// What was decisive between two models that are both for a profile.
    public enum Precedence: Sendable, Hashable {
        /// The profile names it, or names it first.
        case named
        /// Its family is preferred.
        case family(String)
        /// More is known to speak for it.
        case ground
        /// A stack serves it at this moment.
        case serving
        /// It is recommended.
        case recommended
        /// It is smaller, or larger, as the profile prefers.
        case size(ProfileRoute.Preference)
        /// It is stored.
        case stored
        /// Nothing but the order.
        case order
    }

    /// Why a model does not answer.
    public enum Rejection: Sendable, Hashable {
        /// It is not for the profile.
        case notMeant
        /// Its window is too small.
        case window(Int, least: Int)
        /// It cannot do what is needed.
        case incapable(Set<Capability>)
        /// It turns texts into vectors.
        case embedding
        /// Its stack could not serve it.
        case unservable(String)
        /// Another one goes before it.
        case behind(Precedence)
    }

    /// The model that answers.
    public struct Choice: Sendable {
        /// Its place among the candidates.
        public let index: Int
        /// The profile that it was found for: the one that was asked, or a fallback.
        public let profile: Profile
        /// Why it is for that.
        public let ground: Ground
        /// What was decisive; `nil` if no other model is for the profile.
        public let precedence: Precedence?
    }

    /// The profiles that were asked, one after the other; a choice is for the last of them.
    public let asked: [Profile]
    /// The model that answers, if one does.
    public let choice: Choice?
    /// All others with why they do not, by their places among the candidates, the best first.
    public let passedOver: [(index: Int, rejection: Rejection)]

    /// Decides for the first profile of a chain of fallbacks that a candidate is for.
    public init(_ chain: [Profile], _ wish: Wish, among candidates: [RoutingCandidate]) {
        var asked: [Profile] = []
        // That a model is not for a fallback says less than why it was none for the profile itself.
        var reasons = candidates.map { _ in Rejection.notMeant }
        for profile in chain {
            asked.append(profile)
            let ranking = RouteRanking(profile, wish, candidates)
            for (index, rejection) in ranking.rejected where reasons[index] == .notMeant {
                reasons[index] = rejection
            }
            guard let best = ranking.suitable.first else { continue }
            let others = ranking.suitable.dropFirst()
            self.asked = asked
            choice = Choice(
                index: best.index,
                profile: profile,
                ground: best.ground,
                precedence: others.first.map { ranking.precedence(of: best, to: $0) }
            )
            passedOver =
                others.map { ($0.index, .behind(ranking.precedence(of: best, to: $0))) }
                + ranking.rejected.map { ($0.index, reasons[$0.index]) }
            return
        }
        (self.asked, choice) = (asked, nil)
        passedOver = reasons.enumerated().map { ($0, $1) }
    }
}

/// A model that may answer, as far as the decision depends on it.
public struct RoutingCandidate: Sendable {
    /// The names that it goes by, the best known first.
    public var names: [String]
    /// Its architecture, and the names of the catalog that it goes by.
    public var families: Set<String>
    /// The profiles that its limits say it suits.
    public var profiles: Set<String>
    /// What it was made for.
    public var useCases: Set<String>
    /// Whether anything is known of what it is good for.
    public var isKnown: Bool
    /// The tokens of its window.
    public var context: Int
    /// What it is capable of.
    public var capabilities: Set<Capability>
    /// The number of its weights, if it is known.
    public var parameters: Int?
    /// Whether a stack serves it at this moment.
    public var isServing = false
    /// Whether it is stored.
    public var isStored = true
    /// Whether it is recommended, by the catalog or by a ladder of the profile.
    public var isRecommended = false
    /// Why its stack could not serve it, if it could not.
    public var obstacle: String?

    /// Describes one.
    public init(
        names: [String],
        families: Set<String> = [],
        profiles: Set<String> = [],
        useCases: Set<String> = [],
        isKnown: Bool = true,
        context: Int,
        capabilities: Set<Capability> = [.streaming],
        parameters: Int? = nil
    ) {
        self.names = names
        self.families = families
        self.profiles = profiles
        self.useCases = useCases
        self.isKnown = isKnown
        self.context = context
        self.capabilities = capabilities
        self.parameters = parameters
    }
}
