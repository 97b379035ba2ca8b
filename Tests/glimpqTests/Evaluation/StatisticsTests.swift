import Foundation
import Testing

@testable import glimpq

/// Against scipy and statsmodels: Tests/Golden/statistics/make_statistics_golden.py.
@Suite struct StatisticsTests {
    struct Golden: Decodable {
        struct Share: Decodable { var hits, trials, low, high: Double }
        struct Quantiles: Decodable {
            var numbers: [Double]
            var p50, p95: Double
        }
        struct Sign: Decodable {
            var wins, losses: Int
            var p: Double
        }
        struct Family: Decodable { var p, adjusted: [Double] }
        struct Paired: Decodable {
            var differences: [Double]
            var seed: UInt64
            var rounds: Int
            var mean, low, high: Double
        }
        struct Curve: Decodable {
            var signal: [Double]
            var wrong: [Bool]
            var problem: [Int]
            var seed: UInt64
            var rounds: Int
            var area, low, high: Double
        }
        var wilson: [Share]
        var quantiles: [Quantiles]
        var sign_tests: [Sign]
        var holm: [Family]
        var paired: [Paired]
        var curves: [Curve]
    }

    private func golden() throws -> Golden {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Golden/statistics/golden.json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }

    private func isNear(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool {
        abs(a - b) <= tolerance * max(1, abs(b))
    }

    @Test func intervalsOfSharesAreThoseOfStatsmodels() throws {
        for one in try golden().wilson {
            let interval = WilsonInterval(hits: one.hits, trials: one.trials)
            #expect(isNear(interval.low, one.low) && isNear(interval.high, one.high), "\(one)")
        }
        #expect(WilsonInterval(hits: 0, trials: 0).share.isNaN)
    }

    @Test func quantilesAreThoseOfNumpy() throws {
        for one in try golden().quantiles {
            #expect(isNear(Quantile.of(sorted: one.numbers, 0.5), one.p50))
            #expect(isNear(Quantile.of(sorted: one.numbers, 0.95), one.p95))
        }
        #expect(Quantile.of(sorted: [], 0.5).isNaN)
    }

    @Test func signTestsAreThoseOfScipyAndMcNemar() throws {
        for one in try golden().sign_tests {
            #expect(isNear(SignTest.pValue(wins: one.wins, losses: one.losses), one.p), "\(one)")
        }
    }

    @Test func correctedProbabilitiesAreThoseOfStatsmodels() throws {
        for one in try golden().holm {
            for (ours, theirs) in zip(HolmCorrection.adjusted(one.p), one.adjusted) { #expect(isNear(ours, theirs)) }
        }
        #expect(HolmCorrection.adjusted([]) == [])
    }

    @Test func bootstrapsOfDifferencesAgreeWithNumpyDrawForDraw() throws {
        for one in try golden().paired {
            let ours = PairedDifference(one.differences, rounds: one.rounds, seed: one.seed)
            #expect(isNear(ours.mean, one.mean) && isNear(ours.low, one.low) && isNear(ours.high, one.high))
            #expect(ours.wins == one.differences.count { $0 > 0 } && ours.losses == one.differences.count { $0 < 0 })
            #expect(ours.wins + ours.losses + ours.ties == one.differences.count)
        }
        #expect(PairedDifference([], rounds: 10, seed: 1).mean.isNaN)
    }

    /// What none of so few problems shows stays possible.
    @Test func differencesThatNoProblemShowsStayPossible() {
        let none = PairedDifference([Double](repeating: 0, count: 60), rounds: 200, seed: 1)
        #expect(none.mean == 0 && isNear(none.high, 0.059629492286166874) && isNear(none.low, -0.059629492286166874))
        let lost = PairedDifference([-0.5] + [Double](repeating: 0, count: 29), rounds: 2000, seed: 1)
        #expect(lost.low < -0.03 && isNear(lost.high, -1.0 / 60 + 0.11570330822202779))
        let all = PairedDifference([1, 1], rounds: 100, seed: 1)
        #expect(all.high == 1 && isNear(all.low, 1 - 0.841886116991581))
    }

    @Test func areasUnderCurvesAgreeWithScipyTiesAndBootstrapIncluded() throws {
        for one in try golden().curves {
            let units = one.signal.indices.map {
                RankCurve.Unit(signal: one.signal[$0], isWrong: one.wrong[$0], problem: one.problem[$0])
            }
            let curve = RankCurve(units, rounds: one.rounds, seed: one.seed)
            #expect(
                isNear(curve.area, one.area) && isNear(curve.low, one.low) && isNear(curve.high, one.high), "\(curve)")
        }
        let alike = RankCurve([RankCurve.Unit(signal: 1, isWrong: true, problem: 0)], rounds: 5, seed: 1)
        #expect(alike.area.isNaN)
    }

    /// Four answers that always agree are worth one; four that have nothing to do with each other are worth four.
    @Test func answersToOneProblemCountAsMuchAsTheyDiffer() {
        let alike = ClusteredShare(means: (0..<100).map { $0 < 60 ? 1 : 0 }, answers: 400)
        #expect(alike.effectiveCount == 100)
        #expect(alike.interval == WilsonInterval(hits: 60, trials: 100))
        let binomial = [0.0, 0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, 0.75, 1]
        let independent = ClusteredShare(means: (0..<20).flatMap { _ in binomial }, answers: 1280)
        #expect(abs(independent.effectiveCount - 1276) < 1)  // 1280 answers, less the degree of freedom of the mean
        let perfect = ClusteredShare(means: [1, 1, 1], answers: 12)
        #expect(perfect.effectiveCount == 3 && perfect.interval.high == 1)
    }

    @Test func theFrontHasWhatNothingBeats() {
        let points: [(cost: Double, yield: Double)] = [(1, 0.5), (2, 0.9), (2, 0.8), (3, 0.9), (.nan, 1), (0.5, 0.1)]
        #expect(ParetoFront.contains(points) == [true, true, false, false, false, true])
        #expect(ParetoFront.contains([(1, 1), (1, 1)]) == [true, true])
    }
}
