import Decoder
import Generation
import Kernels

/// The draws of one forward pass, one per flagged row. Rows whose logits matter are shared among the compute threads.
struct TokenDraws {
    private let threads: ComputeThreads
    /// One per thread.
    private var samplers: [Sampler]
    private var draws: [TokenDraw] = []
    private var drawn: [(id: TokenID, logit: Float)] = []

    /// Draws with the threads of a decoder.
    init(_ decoder: Decoder) {
        threads = decoder.threads
        samplers = Array(repeating: Sampler(decoder.kernels), count: decoder.threads.count)
    }

    /// Forgets all draws.
    mutating func removeAll() { draws.removeAll(keepingCapacity: true) }

    /// Adds the draw of the next flagged row.
    mutating func append(_ draw: TokenDraw) { draws.append(draw) }

    /// The token drawn from a row, and its logit; token 0 where a logit is not finite.
    subscript(row: Int) -> (id: TokenID, logit: Float) { drawn[row] }

    /// Draws from all rows.
    mutating func draw(from output: HeadOutput) {
        drawn.removeAll(keepingCapacity: true)
        for row in draws.indices {
            let best = output.best(row)
            drawn.append(output.statistics(row).isFinite ? (best.token, best.logit) : (0, 0))
        }
        guard draws.contains(where: { !$0.isGreedy }) else { return }
        samplers.withUnsafeMutableBufferPointer { samplers in
            drawn.withUnsafeMutableBufferPointer { drawn in
                threads.share(chunks: draws.count) { member, row in
                    guard !draws[row].isGreedy, output.statistics(row).isFinite else { return }
                    let logits = output.drawableLogits(row)
                    let token = samplers[member].draw(draws[row], from: logits, best: drawn[row].logit)
                    drawn[row] = (token, logits[Int(token)])
                }
            }
        }
    }
}
