import Generation
import Testing

/// The vectors come from double-precision Python, see the method notes of the project (section "test vectors", A).
@Suite struct EntropyTests {
    static let vectors: [([Double], Double)] = [
        ([0.5, 0.25, 0.125, 0.125], 1.2130075659799042),
        ([0.9, 0.05, 0.03, 0.02], 0.42804827479790564),
        (Array(repeating: 0.05, count: 20), 2.995732273553991),
        ([0, 1, 0, 0], 0),
        ([0.55, 0.44, 0.01], 0.7360934951861975),
    ]

    @Test(arguments: vectors)
    func full(probabilities: [Double], expected: Double) {
        #expect(abs(Entropy.nats(ofProbabilities: probabilities) - expected) < 1e-9)
    }

    @Test func topTwentyOfAHeavyTailIsBiasedLow() {
        let probabilities = [0.4, 0.2, 0.1] + Array(repeating: 0.3 / 22, count: 22)
        #expect(abs(Entropy.nats(ofProbabilities: probabilities) - 2.2071669618411613) < 1e-9)
        #expect(abs(Entropy.nats(ofProbabilities: probabilities, support: 20) - 1.983780007126493) < 1e-9)
    }

    @Test func temperature() {
        #expect(abs(Entropy.nats(ofLogits: [2, 1, 0]) - 0.8323955818399389) < 1e-9)
        #expect(abs(Entropy.nats(ofLogits: [2, 1, 0], temperature: 0.6) - 0.5567490220400464) < 1e-9)
        #expect(Entropy.nats(ofLogits: [2, .nan, 0]).isNaN)
    }

    @Test func oneHotIsPositiveZero() {
        #expect(Entropy.nats(ofProbabilities: [1, 0]).sign == .plus)
    }
}
