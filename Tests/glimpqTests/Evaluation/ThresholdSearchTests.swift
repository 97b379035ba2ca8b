import Testing

@testable import glimpq

@Suite struct ThresholdSearchTests {
    private func run(
        _ range: ThresholdRange, target: Double, tolerance: Double = 0.005, rounds: Int = 20, share: (Double) -> Double
    ) -> (value: Double, share: Double, rounds: Int)? {
        var search = ThresholdSearch(
            ShareTarget(share: target, unit: .steps, range: range), tolerance: tolerance, rounds: rounds)
        var count = 0
        while !search.isDone, count < 100 {
            search.record(share: share(search.candidate))
            count += 1
        }
        return search.best.map { ($0.value, $0.share, count) }
    }

    @Test func aFallingShareIsFound() throws {
        let range = try #require(ThresholdRange.usual(strategy: "glimprouter"))
        let found = try #require(run(range, target: 0.25) { 1 / (1 + $0 * 3) })
        #expect(abs(found.share - 0.25) <= 0.005 && abs(found.value - 1) < 0.03)
    }

    @Test func aRisingShareIsFound() throws {
        let range = try #require(ThresholdRange.usual(strategy: "random"))
        let found = try #require(run(range, target: 0.3) { $0 })
        #expect(abs(found.value - 0.3) <= 0.005)
    }

    /// Perplexities crowd just above 1.
    @Test func distancesFromOneAreHalvedByTheirLogarithm() throws {
        let range = try #require(ThresholdRange.usual(strategy: "step-perplexity"))
        let found = try #require(run(range, target: 0.5) { $0 > 1.0003 ? 0.4 : 1.0 })
        #expect(found.value > 1.0003 && found.value < 1.0004)
    }

    @Test func aJumpGivesItsNearerSide() throws {
        let range = try #require(ThresholdRange.usual(strategy: "llm-judge"))
        let found = try #require(run(range, target: 0.25) { $0 > 6.5 ? 0.9 : 0.2 })
        #expect(found.share == 0.2 && found.rounds <= 20)
    }

    @Test func theSearchEndsWithItsRounds() throws {
        let range = try #require(ThresholdRange.usual(strategy: "glimprouter"))
        let found = try #require(run(range, target: 0.25, tolerance: 0, rounds: 5) { 1 / (1 + $0) })
        #expect(found.rounds == 5)
    }
}
