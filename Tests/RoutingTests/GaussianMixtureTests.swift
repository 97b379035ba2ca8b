import Foundation
import Routing
import Testing

/// Against scikit-learn; `Tests/Golden/calibration/gaussian_mixture.py` made the values.
@Suite struct GaussianMixtureTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var values: [Double]
        var weights: [Double]
        var means: [Double]
        var variances: [Double]
        var mean_log_likelihood: Double
        var at: [Double]
        var posteriors: [Double]

        var testDescription: String { name }

        static let all: [Case] = {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            let file = root.appendingPathComponent("Golden/calibration/gaussian_mixture.json")
            guard let data = try? Data(contentsOf: file) else { return [] }
            return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
        }()
    }

    private func close(_ a: Double, _ b: Double, _ tolerance: Double = 1e-4) -> Bool {
        abs(a - b) <= tolerance * max(1, abs(b))
    }

    @Test func theGoldenFileIsThere() { #expect(Case.all.count == 5) }

    @Test(arguments: Case.all)
    func fit(golden: Case) throws {
        let mixture = try #require(
            GaussianMixture.fit(golden.values.shuffled(), tolerance: 1e-14, mostRounds: 100_000))
        #expect(close(mixture.lower.weight, golden.weights[0]) && close(mixture.upper.weight, golden.weights[1]))
        #expect(close(mixture.lower.mean, golden.means[0]) && close(mixture.upper.mean, golden.means[1]))
        #expect(close(mixture.lower.variance, golden.variances[0]))
        #expect(close(mixture.upper.variance, golden.variances[1]))
        #expect(close(mixture.meanLogLikelihood(golden.values), golden.mean_log_likelihood, 1e-7))
        for (x, probability) in zip(golden.at, golden.posteriors) {
            #expect(close(mixture.plainPosterior(x), probability, 1e-3))
        }
    }

    @Test(arguments: Case.all)
    func goldenParametersGiveGoldenPosteriors(golden: Case) {
        let mixture = GaussianMixture(
            .init(weight: golden.weights[0], mean: golden.means[0], variance: golden.variances[0]),
            .init(weight: golden.weights[1], mean: golden.means[1], variance: golden.variances[1]))
        for (x, probability) in zip(golden.at, golden.posteriors) {
            #expect(close(mixture.plainPosterior(x), probability, 1e-10))
        }
        #expect(close(mixture.meanLogLikelihood(golden.values), golden.mean_log_likelihood, 1e-12))
    }

    @Test(arguments: Case.all)
    func orderDoesNotMatterAndPosteriorNeverFalls(golden: Case) throws {
        let mixture = try #require(GaussianMixture.fit(golden.values))
        #expect(GaussianMixture.fit(golden.values.reversed()) == mixture)
        var last = 0.0
        for step in -400...400 {
            let probability = mixture.posterior(Double(step) / 20)
            #expect(probability >= last && (0...1).contains(probability))
            last = probability
        }
        #expect(mixture.posterior(mixture.upper.mean) == mixture.plainPosterior(mixture.upper.mean))
    }

    @Test func entropies() throws {
        var values: [Double] = []
        for index in 1...30 { values.append(0.001 * Double(index)) }
        for index in 1...10 { values.append(1.8 + 0.01 * Double(index)) }
        let spoilt = values + [Double.infinity, Double.nan]
        let mixture = try #require(GaussianMixture.ofEntropies(spoilt))
        let logarithms: [Double] = values.map { log($0) }
        #expect(mixture == GaussianMixture.fit(logarithms))
        #expect(mixture.posterior(ofEntropy: 0) < 0.01)
        #expect(mixture.posterior(ofEntropy: 1.7) > 0.99)
        #expect(mixture.posterior(ofEntropy: Double.infinity) == 1)
        #expect(mixture.posterior(ofEntropy: Double.nan) == 1)
    }

    @Test func tooLittle() {
        #expect(GaussianMixture.fit([]) == nil)
        #expect(GaussianMixture.fit(Array(repeating: 1, count: 100)) == nil)
        #expect(GaussianMixture.fit((0..<15).map(Double.init)) == nil)
        #expect(GaussianMixture.fit(Array(repeating: 0, count: 15) + [1])?.upper.variance.isFinite == true)
    }
}
