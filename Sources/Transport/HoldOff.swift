import Synchronization

/// The origins that take no more requests for a while, because a quota is used up, and until when.
final class HoldOff: Sendable {
    /// How long one that says nothing usable is left alone.
    private static let unstated = Duration.seconds(5)
    /// A server that names a longer time is not believed.
    private static let most = Duration.seconds(3600)
    /// The window of a quota ends within a second of what was said.
    private static let slack = Duration.seconds(1)

    private let ends = Mutex<[Origin: ContinuousClock.Instant]>([:])

    /// How much longer an origin is to be left alone; `nil` if it may be asked.
    func rest(of origin: Origin) -> Duration? {
        ends.withLock { ends in
            guard let end = ends[origin] else { return nil }
            let rest = end - .now
            guard rest > .zero else {
                ends[origin] = nil
                return nil
            }
            return rest
        }
    }

    /// Takes note of an answer with status 429; a time that was stated before is never cut short.
    func note(_ head: HTTPHead, from origin: Origin) {
        let end = ContinuousClock.now + Self.time(stated: head)
        ends.withLock { $0[origin] = max($0[origin] ?? end, end) }
    }

    /// Waits until an origin may be asked.
    func wait(for origin: Origin) async throws(TransportError) {
        // Another answer may have made it longer meanwhile.
        while let rest = rest(of: origin) {
            do { try await Task.sleep(for: rest) } catch { throw .cancelled }
        }
    }

    private static func time(stated head: HTTPHead) -> Duration {
        let seconds = [head["ratelimit"].flatMap(resetOfUsedUp), head["retry-after"].flatMap(seconds)]
        return seconds.compactMap(\.self).max().map { min($0 + slack, most) } ?? unstated
    }

    /// The longest `t` among the quotas of `"resolvers";r=0;t=55, "api";r=7;t=20` that have nothing left.
    private static func resetOfUsedUp(_ field: String) -> Duration? {
        field.split(separator: ",").compactMap { quota -> Duration? in
            var parameters: [Substring: Substring] = [:]
            for parameter in quota.split(separator: ";").dropFirst() {
                let pair = parameter.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if pair.count == 2 { parameters[pair[0]] = pair[1].prefix { $0 != " " } }
            }
            guard parameters["r", default: "0"] == "0" else { return nil }
            return parameters["t"].flatMap(seconds)
        }.max()
    }

    /// A whole number of seconds, however large; a date, a sign or a fraction is none.
    private static func seconds(_ text: some StringProtocol) -> Duration? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        // As many digits as the most can have, and one more: a larger number is as good as that one.
        guard let number = Int(text.drop { $0 == "0" }.prefix(5)) else { return .zero }
        return .seconds(number)
    }
}
