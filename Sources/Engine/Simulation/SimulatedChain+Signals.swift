import Foundation
import Generation

/// What a simulated model says about its next token.
extension SimulatedChain {
    /// The ceiling of its entropy.
    static let logVocabulary = log(Double(SimulatedVocabulary().count))

    /// How unsure it pretends to be, in nats.
    var entropy: Double { doubt * Self.logVocabulary }

    /// What it pretends to think of a token: the next one takes what doubt leaves, the others share the rest.
    func logProbability(of token: TokenID) -> Double {
        let rest = max(doubt, 0x1p-20)
        return token == next ? log(1 - rest) : log(rest) - Self.logVocabulary
    }
}

extension HandoverWatch {
    /// What the rule looks at where it fires, else `nil`; heads see the doubt of the chain.
    func signal(of chain: SimulatedChain) -> Double? {
        if let entropyAbove, chain.doubt <= entropyAbove { return nil }
        let value = asksEntropyInNats ? chain.entropy : chain.doubt
        return fires(at: value) ? value : nil
    }
}

extension Generation {
    /// Notes what a chain says of its next token.
    mutating func measure(_ chain: SimulatedChain, details: GenerationRequest.Details) {
        let score = TokenScore(logProbability: chain.logProbability(of: chain.next), entropy: chain.entropy)
        entropySum += score.entropy
        logProbability += score.logProbability
        measuredTokens += 1
        if details.contains(.scores) { scores.append(score) }
        if details.contains(.distributions), !SimulatedVocabulary().endOfText.contains(chain.next) {
            distributions.append(TokenDistribution(tokens: [chain.next], probabilities: [1]))
        }
    }
}
