import Catalog
import Operations
import Platform
import TestSupport
import Testing

/// What `use` would do.
struct UsePlanTests {
    private let home: TestHome

    init() throws { home = try TestHome() }

    @Test func `of a model that is not stored the pull is told`() async throws {
        let bytes = try GGUFBuilder.tiny()
        home.hub.publish(StubRepository("org/tiny-GGUF", files: ["tiny-Q4_K_M.gguf": .bytes(bytes)]))
        let use = Use(try home.reference("org/tiny-GGUF"))
        guard case .pull(let plan) = try await use.plan(in: home.workspace(), report: { _ in }) else {
            Issue.record("no pull is planned")
            return
        }
        #expect((plan.model, plan.quant) == ("org/tiny-GGUF", "q4_k_m"))
        #expect(plan.missing == ByteCount(Int64(bytes.count)))
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `of what is nowhere it is told that it is not there`() async throws {
        let use = Use(try home.reference("nosuch"))
        let failure = await #expect(throws: Failure.self) {
            _ = try await use.plan(in: home.workspace(), report: { _ in })
        }
        #expect(failure?.kind == .notFound)
    }

    @Test func `a flag beyond the model's window is warned of before anything is done`() async throws {
        let setting = SettingKey.context.setting
        let flags = EffectiveSettings([setting.name: .init(.integer(99_999), .flag(setting.flag))])
        let use = Use(try home.reference("tinyllama:1.1b"), flags: flags)
        let reports = Reports()
        _ = try? await use.plan(in: home.workspace(), report: reports.reporter)
        #expect(reports.warnings.contains { $0.contains(" 99999 tokens") && $0.contains("`--context-size`") })
    }
}
