import Testing

@testable import glimpq

/// The estimate of a pass's time: METHODS §14 F, and fits of times that are known.
@Suite struct LatencyTests {
    static let estimate = LatencyEstimate(a: 2e-9, b: 6e-9, c: 2e-5, d: 0.012)

    @Test(arguments: [
        (1, 0, 0.012020002), (1, 4000, 0.012044002), (200, 4000, 0.02088), (2000, 0, 0.06),
    ])
    func passes(new: Int, cached: Int, expected: Double) {
        #expect(abs(Self.estimate.seconds(new: new, cached: cached) - expected) < 1e-12)
    }

    @Test func aPrefillAndThreeDecodes() {
        let passes = [(new: 150, cached: 0), (1, 150), (1, 151), (1, 152)]
        #expect(abs(Self.estimate.seconds(of: passes) - 0.051107724) < 1e-12)
    }

    private func points(_ estimate: LatencyEstimate, error: (Int) -> Double = { _ in 0 }) -> [LatencyPoint] {
        var points: [LatencyPoint] = []
        for new in [1, 2, 5, 16, 64, 200] {
            for cached in [0, 100, 500, 3000] {
                let seconds = estimate.seconds(new: new, cached: cached) * (1 + error(points.count))
                points.append(LatencyPoint(new: new, cached: cached, seconds: seconds))
            }
        }
        return points
    }

    @Test func exactTimesGiveTheirCoefficients() throws {
        let fit = try #require(LatencyFit(points(Self.estimate)))
        for (mine, other) in [
            (fit.estimate.a, 2e-9), (fit.estimate.b, 6e-9), (fit.estimate.c, 2e-5), (fit.estimate.d, 0.012),
        ] { #expect(abs(mine / other - 1) < 1e-6) }
        #expect(fit.determination > 1 - 1e-12 && fit.largestRelativeError < 1e-9)
    }

    @Test func noisyTimesAreTold() throws {
        let fit = try #require(LatencyFit(points(Self.estimate) { $0.isMultiple(of: 2) ? 0.02 : -0.02 }))
        #expect(fit.largestRelativeError > 0.01 && fit.largestRelativeError < 0.06)
        #expect(fit.determination > 0.95 && fit.determination < 1)
    }

    @Test func noCoefficientIsNegative() throws {
        // Larger passes that are cheaper than their parts, as they fill vector lanes better.
        let bent = (1...40).map { LatencyPoint(new: $0, cached: 0, seconds: 1e-4 * Double($0).squareRoot()) }
        let fit = try #require(LatencyFit(bent))
        let x = fit.estimate
        #expect(x.a >= 0 && x.b >= 0 && x.c > 0 && x.d > 0)
        #expect(x.a == 0 && x.b == 0)
        #expect(LatencyFit([]) == nil)
        #expect(LatencyFit([LatencyPoint(new: 1, cached: 0, seconds: 0)]) == nil)
    }

    @Test func theDocumentHoldsCoefficientsAndPasses() throws {
        let fit = try #require(LatencyFit([LatencyPoint(new: 1, cached: 0, seconds: 0.5)]))
        var report = LatencyReport(threads: 2)
        report.append("m", fit)
        #expect(report.json.hasPrefix(#"{"threads": 2, "models": {"m": {"a": "#))
        #expect(report.json.contains(#""unit": "s""#) && report.json.contains(#""passes": [[1, 0, 0.5]]"#))
    }
}
