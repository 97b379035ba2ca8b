import Foundation
import Generation
import Kernels

extension DistributionSignals {
    /// Signals of one row of logits.
    ///
    /// - Parameters:
    ///   - logits: The row.
    ///   - statistics: Its maximum, log-sum-exp and entropy.
    ///   - topCount: Number of tokens to list.
    ///   - topEntropySupport: Number of tokens for the renormalised entropy, or `nil`.
    init(
        logits: UnsafeBufferPointer<Float>, statistics: LogitStatistics, topCount: Int, topEntropySupport: Int?
    ) {
        let best = Self.best(logits, count: max(topCount, topEntropySupport ?? 0))
        let topEntropy = topEntropySupport.map { support in
            Entropy.nats(ofLogits: best.prefix(support).map { Double(logits[Int($0)]) })
        }
        self.init(
            entropy: statistics.isFinite ? max(statistics.entropy, 0) : .nan,
            topEntropy: statistics.isFinite ? topEntropy : nil,
            logVocabulary: log(Double(logits.count)),
            top: best.prefix(topCount).map {
                TokenProbability(token: $0, logProbability: Double(logits[Int($0)]) - statistics.logSumExp)
            })
    }

    /// The ids of the greatest logits, best first, smaller id first among equals.
    private static func best(_ logits: UnsafeBufferPointer<Float>, count: Int) -> [TokenID] {
        guard count > 0 else { return [] }
        var best: [TokenID] = []
        best.reserveCapacity(count + 1)
        for id in logits.indices {
            let value = logits[id]
            if best.count == count, let worst = best.last, value <= logits[Int(worst)] { continue }
            let place = best.firstIndex { logits[Int($0)] < value } ?? best.count
            best.insert(TokenID(id), at: place)
            if best.count > count { best.removeLast() }
        }
        return best
    }
}
