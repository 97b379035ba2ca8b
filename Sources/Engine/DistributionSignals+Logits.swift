import Decoder
import Foundation
import Generation
import Kernels

extension DistributionSignals {
    /// Signals of one row of a forward pass.
    ///
    /// - Parameters:
    ///   - output: What the pass says of its rows.
    ///   - row: The row.
    ///   - vocabulary: Number of logits.
    ///   - topCount: Number of tokens to list.
    ///   - topEntropySupport: Number of tokens for the renormalised entropy, or `nil`.
    init(_ output: HeadOutput, row: Int, vocabulary: Int, topCount: Int, topEntropySupport: Int?) {
        let statistics = output.statistics(row), best = output.top(row)
        let topEntropy = topEntropySupport.map { support in
            Entropy.nats(ofLogits: best.prefix(support).map { Double($0.logit) })
        }
        self.init(
            entropy: statistics.isFinite ? max(statistics.entropy, 0) : .nan,
            topEntropy: statistics.isFinite ? topEntropy : nil,
            logVocabulary: log(Double(vocabulary)),
            top: best.prefix(topCount).map {
                TokenProbability(token: $0.token, logProbability: Double($0.logit) - statistics.logSumExp)
            })
    }
}
