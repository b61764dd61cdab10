import Platform
import Synchronization
import Transport

/// How long and how often a question is put to a server before it counts as down.
///
/// A server that refuses or fails is asked again until the tries are used up; one that is silent takes the time of most
/// of them. Either way the answer is there within 16 seconds, but for a quota that has to be waited for.
struct Patience: Sendable {
    /// Enough for a resolver whose first server is down, which takes five seconds.
    private static let connectTimeout = Duration.seconds(6)
    private static let stallTimeout = Duration.seconds(7)
    /// After so long without an answer no second try begins: what brings a little now and then is not silent.
    private static let secondTry = Duration.seconds(20)
    /// After so long no other one does.
    private static let lastTry = Duration.seconds(8)
    private static let firstPause = Duration.milliseconds(400)
    /// The hub counts in windows of five minutes: a quota opens again after one of them at the latest.
    private static let longestWait = Duration.seconds(330)

    private let told = WaitsTold()
    private let onWait: @Sendable (_ host: String, _ seconds: Int) -> Void

    /// - Parameter onWait: told once of each time that a quota has to be waited for.
    init(onWait: @escaping @Sendable (_ host: String, _ seconds: Int) -> Void) { self.onWait = onWait }

    /// Puts a question; the answer may be a refusal.
    ///
    /// Whoever asks once has an answer to fall back on, and waits for no quota.
    func answer(
        to request: HTTPRequest,
        tries: Int,
        limit: ByteCount = 64_000_000
    ) async throws(HubError) -> HTTPResponse {
        try await answer(to: request, tries: tries) { request async throws(TransportError) in
            try await HTTPClient.shared.fetch(request, limit: limit)
        }
    }

    /// Puts a question by `exchange`, which is called once for each try.
    func answer(
        to request: HTTPRequest,
        tries: Int,
        by exchange: @Sendable (HTTPRequest) async throws(TransportError) -> HTTPResponse
    ) async throws(HubError) -> HTTPResponse {
        guard let origin = Origin(request.url) else {
            throw .refusedAddress(request.url.prefix { $0 != "?" }.description)
        }
        var request = request
        (request.connectTimeout, request.stallTimeout) = (Self.connectTimeout, Self.stallTimeout)
        request.totalTimeout = tries == 1 ? .seconds(10) : .seconds(120)
        var began = ContinuousClock.now
        var pause = Self.firstPause
        var attempt = 0
        while true {
            attempt += 1
            if try await waitForQuota(of: origin, request.url, isWorthIt: tries > 1) { began = .now }
            let mayTryAgain = {
                attempt < tries
                    && ContinuousClock.now - began < (attempt == 1 ? Self.secondTry : Self.lastTry)
            }
            do throws(TransportError) {
                let answer = try await exchange(request)
                switch answer.head.status {
                case 429 where attempt < tries: continue
                case 408, 500, 502, 503, 504: guard mayTryAgain() else { return answer }
                default: return answer
                }
            } catch {
                if case .cancelled = error { throw .cancelled }
                guard error.isPassing, mayTryAgain() else { throw .unreachable(host: origin.host, error) }
            }
            do { try await Task.sleep(for: pause * Double.random(in: 0.8...1.2)) } catch { throw .cancelled }
            pause *= 2
        }
    }

    /// Waits until a quota that is used up is open again; tells whether it had to.
    private func waitForQuota(of origin: Origin, _ url: String, isWorthIt: Bool) async throws(HubError)
        -> Bool
    {
        var hasWaited = false
        while let rest = HTTPClient.shared.holdOff(for: url) {
            guard isWorthIt, rest <= Self.longestWait else { throw .rateLimited(seconds: rest.roundedUp) }
            if told.isNew(origin, until: .now + rest) { onWait(origin.host, rest.roundedUp) }
            do { try await Task.sleep(for: rest) } catch { throw .cancelled }
            hasWaited = true
        }
        return hasWaited
    }
}

extension Duration {
    /// The seconds, a begun one counted whole.
    var roundedUp: Int { Int((self / .seconds(1)).rounded(.up)) }
}

/// The waits that were told: many questions wait for the same quota.
private final class WaitsTold: Sendable {
    private let ends = Mutex<[Origin: ContinuousClock.Instant]>([:])

    func isNew(_ origin: Origin, until end: ContinuousClock.Instant) -> Bool {
        ends.withLock { ends in
            // Refusals that cross each other on the way put the end off by little.
            if let known = ends[origin], end - known < .seconds(2) { return false }
            ends[origin] = end
            return true
        }
    }
}
