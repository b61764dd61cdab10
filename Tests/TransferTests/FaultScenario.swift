import Platform
import TestSupport

/// The kinds of fault, each of which a seed can choose.
enum FaultName: CaseIterable, Hashable {
    case status, dropAfter, stallAfter, corruptByte, ignoreRange, wrongContentRange, missingContentRange
    case wrongTotal, contentEncoding, shortBody, expiredURL, captivePortal, rateLimited, delay, throttle
    case changedETag, changedSize, withoutLength, chunked, truncatedHead, garbage, answer

    /// Whether it costs the time of a silence or of a quota each time.
    var takesTime: Bool { [.stallAfter, .delay, .rateLimited].contains(self) }

    /// What a kind is called; a kind that no seed chooses would not compile here.
    init(_ kind: StubFault.Kind) {
        self =
            switch kind {
            case .status: .status
            case .dropAfter: .dropAfter
            case .stallAfter: .stallAfter
            case .corruptByte: .corruptByte
            case .ignoreRange: .ignoreRange
            case .wrongContentRange: .wrongContentRange
            case .missingContentRange: .missingContentRange
            case .wrongTotal: .wrongTotal
            case .contentEncoding: .contentEncoding
            case .shortBody: .shortBody
            case .expiredURL: .expiredURL
            case .captivePortal: .captivePortal
            case .rateLimited: .rateLimited
            case .delay: .delay
            case .throttle: .throttle
            case .changedETag: .changedETag
            case .changedSize: .changedSize
            case .withoutLength: .withoutLength
            case .chunked: .chunked
            case .truncatedHead: .truncatedHead
            case .garbage: .garbage
            case .answer: .answer
            }
    }
}

/// Two files and what goes wrong while they come, all of it by a seed alone.
struct FaultScenario: Sendable {
    /// Who is asked for the bytes.
    enum Origin: Sendable { case cdn, hub }

    let origin: Origin
    let contents: [String: StubContent]
    let faults: [StubFault]
    /// Whether a fault may befall the search for an address.
    let befallsLocating: Bool
    /// Whether an address that is not found may be found later.
    let mayLocateLater: Bool

    /// Whether the first request for the large file is befallen, whatever else happens.
    var strikesAtOnce: Bool {
        faults.count == 1 && faults[0].skipping == 0 && faults[0].path == "large"
            && FaultName(faults[0].kind) != .corruptByte
    }

    /// The number of all bytes.
    var size: Int64 { contents.values.reduce(0) { $0 + $1.size } }

    /// One large file from the CDN.
    init(size: Int64, _ faults: StubFault...) {
        origin = .cdn
        contents = ["large.gguf": .generated(size: size)]
        self.faults = faults
        befallsLocating = false
        mayLocateLater = false
    }

    /// Makes the scenario of a seed.
    ///
    /// The first seeds have one fault each, of every kind in turn: at first one that passes, then one that stays. Most of
    /// those beyond have two.
    init(seed: Int) {
        var numbers = SeededNumbers(seed: seed)
        let names = FaultName.allCases
        let first = names[seed % names.count]
        let round = seed / names.count
        let isAlone = round < 2 || round % 4 == 0
        // A few contents for all seeds: their hashes are computed once. The largest is enough for all connections.
        let large = StubContent.generated(size: numbers.pick(36_000_000, 36_000_001, 18_000_003, 5_000_007))
        let small = StubContent.generated(size: numbers.pick(1, 19_999), seed: 1)
        contents = ["large.gguf": large, "small.gguf": small]
        origin = numbers.isLucky(percent: 75) ? .cdn : .hub
        befallsLocating = !isAlone && origin == .cdn && numbers.isLucky(percent: 15)
        mayLocateLater = numbers.isLucky(percent: 50)
        var faults = [Self.fault(first, origin, size: large.size, &numbers)]
        if round < 2 { (faults[0].skipping, faults[0].path) = (0, "large") }
        if round == 0 { faults[0].times = min(faults[0].times, 2) }
        if round == 1, !first.takesTime { faults[0].times = .max }
        if befallsLocating {
            let kinds: [FaultName] = [.status, .truncatedHead, .garbage, .changedSize]
            faults = [Self.fault(.expiredURL, origin, size: large.size, &numbers)]
            faults +=
                kinds.randomElement(using: &numbers).map { name in
                    var fault = Self.fault(name, .hub, size: 0, &numbers)
                    (fault.path, fault.method) = (nil, "HEAD")
                    return [fault]
                } ?? []
        } else if !isAlone, let second = names.randomElement(using: &numbers) {
            faults.append(Self.fault(second, origin, size: large.size, &numbers))
        }
        self.faults = faults
    }

    private static func fault(
        _ name: FaultName,
        _ origin: Origin,
        size: Int64,
        _ numbers: inout SeededNumbers
    ) -> StubFault {
        let kind = kind(name, size: size, &numbers)
        let isForEver = !name.takesTime && numbers.isLucky(percent: 30)
        return StubFault(
            origin == .cdn ? .cdn : .hub,
            kind,
            path: numbers.pick("large", "large", "large", "large", "small", nil),
            method: "GET",
            skipping: numbers.pick(0, 0, 0, 1, 2),
            times: isForEver ? .max : name.takesTime ? 1 : .random(in: 1...3, using: &numbers)
        )
    }

    private static func kind(
        _ name: FaultName,
        size: Int64,
        _ numbers: inout SeededNumbers
    ) -> StubFault.Kind {
        let resets = numbers.isLucky(percent: 50)
        // A line that always ends must end late enough for an end to be in sight.
        let place = numbers.pick(
            0,
            Int64.random(in: 100_000..<500_000, using: &numbers),
            .random(in: 3_000_000..<4_900_000, using: &numbers)
        )
        switch name {
        case .status: return .status(numbers.pick(302, 400, 401, 404, 408, 416, 451, 500, 502, 503, 504))
        case .dropAfter: return .dropAfter(place, reset: resets)
        case .stallAfter: return .stallAfter(place)
        case .corruptByte: return .corruptByte(at: .random(in: 0..<max(1, size), using: &numbers))
        case .ignoreRange: return .ignoreRange
        case .wrongContentRange: return .wrongContentRange
        case .missingContentRange: return .missingContentRange
        case .wrongTotal: return .wrongTotal
        case .contentEncoding: return .contentEncoding(numbers.pick("gzip", "br", "deflate", "zstd"))
        case .shortBody: return .shortBody(by: numbers.pick(1, 1000, 200_000))
        case .expiredURL: return .expiredURL
        case .captivePortal: return .captivePortal
        case .rateLimited: return .rateLimited(seconds: 0, retryAfter: numbers.pick(nil, 0))
        case .delay: return .delay(numbers.pick(.milliseconds(30), .seconds(3600)))
        case .throttle:
            return .throttle(bytesPerSecond: .random(in: 10_000_000..<40_000_000, using: &numbers))
        case .changedETag: return .changedETag("another")
        case .changedSize: return .changedSize(size + 1)
        case .withoutLength: return .withoutLength
        case .chunked: return .chunked
        case .truncatedHead: return .truncatedHead(.random(in: 0..<150, using: &numbers), reset: resets)
        case .garbage: return .garbage
        case .answer:
            let strange: [StubResponse] = [
                StubResponse(204), StubResponse(text: "this is not the file"),
                StubResponse(206, headers: ["Content-Range": "bytes 0-9/10"], content: .text("0123456789")),
            ]
            return .answer(strange.randomElement(using: &numbers) ?? strange[0])
        }
    }
}

/// How a transfer can end.
enum FaultOutcome: Hashable {
    case whole, refused, gaveUp, wrongHash, wrongSize, changed, notTheFile, noAddress
}

extension StubFault {
    /// So many tries without one new byte a transfer must stand; more may be enough for it.
    private static let patience = 7
    /// So many addresses that are no longer good, or lead to something else, a transfer must stand.
    private static let expirations = 3

    /// How a transfer may end that saw this fault so many times and no other one.
    func outcomes(taken: Int, mayLocateLater: Bool) -> Set<FaultOutcome> {
        guard taken > 0 else { return [.whole] }
        if method == "HEAD" {
            return mayLocateLater && taken <= Self.patience ? [.whole] : [.whole, .noAddress]
        }
        switch kind {
        case .throttle, .changedSize, .withoutLength, .chunked: return [.whole]
        case .delay(let duration) where duration < .seconds(1): return [.whole]
        case .changedETag: return taken <= Self.expirations ? [.whole] : [.whole, .changed]
        // The size and the hash decide in the end whether the whole that came unasked is the file.
        case .ignoreRange: return [.whole]
        case .captivePortal: return [.notTheFile]
        case .wrongTotal: return taken <= Self.expirations ? [.whole] : [.whole, .wrongSize]
        case .expiredURL: return taken <= Self.expirations ? [.whole] : [.whole, .refused]
        case .corruptByte:
            // From the second wrong content on it may be the file that is wrong, and if it always comes it is.
            return taken == 1 ? [.whole] : times > .max / 2 ? [.wrongHash] : [.whole, .wrongHash]
        case .status(let status, _, _): return Self.outcomes(of: status, taken: taken)
        case .answer(let response):
            switch response.status {
            case 204: return [.refused]
            case 200: return [.whole, .wrongSize]
            default: return [.whole, .gaveUp, .wrongSize]
            }
        default: return taken <= Self.patience ? [.whole] : [.whole, .gaveUp]
        }
    }

    private static func outcomes(of status: Int, taken: Int) -> Set<FaultOutcome> {
        switch status {
        case 401, 403, 404, 410, 416, 300..<400:
            taken <= expirations ? [.whole] : [.whole, .refused]
        case 408, 429, 500...: taken <= patience ? [.whole] : [.whole, .gaveUp]
        default: [.refused]
        }
    }

    /// Whether nothing of what it befalls can ever come.
    var isHopeless: Bool {
        guard times == .max, skipping == 0 else { return false }
        switch kind {
        case .status, .wrongContentRange, .missingContentRange, .wrongTotal, .contentEncoding, .expiredURL,
            .captivePortal, .truncatedHead, .garbage:
            return true
        default: return false
        }
    }

    /// Whether it can give a transfer bytes that are worth nothing, so that all must come again.
    var deceives: Bool {
        switch kind {
        case .corruptByte, .ignoreRange, .answer: true
        default: false
        }
    }
}
