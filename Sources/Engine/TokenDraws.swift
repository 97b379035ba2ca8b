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
    /// Drafted tokens by row; few passes have any.
    private var proposals: [Int: Proposal] = [:]
    /// [rows] if any row wants its distribution, else empty
    private var distributions: [TokenDistribution?] = []

    /// Draws with the threads of a decoder.
    init(_ decoder: Decoder) {
        threads = decoder.threads
        samplers = Array(repeating: Sampler(decoder.kernels), count: decoder.threads.count)
    }

    /// Forgets all draws.
    mutating func removeAll() {
        draws.removeAll(keepingCapacity: true)
        if !proposals.isEmpty { proposals.removeAll(keepingCapacity: true) }
    }

    /// Adds the draw of the next flagged row.
    mutating func append(_ draw: TokenDraw) { draws.append(draw) }

    /// Adds the draw of the next flagged row, which keeps a drafted token or draws another one.
    mutating func append(_ draw: TokenDraw, proposal: Proposal) {
        proposals[draws.count] = proposal
        draws.append(draw)
    }

    /// The token drawn from a row, and its logit; token 0 where a logit is not finite.
    subscript(row: Int) -> (id: TokenID, logit: Float) { drawn[row] }

    /// What a row's token was drawn from, if that was wanted.
    func distribution(_ row: Int) -> TokenDistribution? { distributions.isEmpty ? nil : distributions[row] }

    /// Draws from all rows.
    mutating func draw(from output: HeadOutput) {
        drawn.removeAll(keepingCapacity: true)
        if !distributions.isEmpty { distributions.removeAll(keepingCapacity: true) }
        var isGreedy = true, keepsDistributions = false
        for (row, draw) in draws.enumerated() {
            let best = output.best(row)
            drawn.append(output.statistics(row).isFinite ? (best.token, best.logit) : (0, 0))
            isGreedy = isGreedy && draw.isGreedy
            keepsDistributions = keepsDistributions || draw.keepsDistribution
        }
        if keepsDistributions {
            distributions = draws.indices.map { row in
                draws[row].keepsDistribution && draws[row].isGreedy
                    ? TokenDistribution(tokens: [drawn[row].id], probabilities: [1]) : nil
            }
        }
        if !isGreedy { drawWithChance(from: output) }
    }

    /// Draws from the rows whose tokens depend on chance.
    private mutating func drawWithChance(from output: HeadOutput) {
        samplers.withUnsafeMutableBufferPointer { samplers in
            drawn.withUnsafeMutableBufferPointer { drawn in
                distributions.withUnsafeMutableBufferPointer { distributions in
                    threads.share(chunks: draws.count) { member, row in
                        let draw = draws[row]
                        guard !draw.isGreedy, output.statistics(row).isFinite else { return }
                        let logits = output.drawableLogits(row), best = drawn[row].logit
                        let token: TokenID
                        if let proposal = proposals.isEmpty ? nil : proposals[row] {
                            let target = samplers[member].distribution(draw.parameters, from: logits, best: best)
                            token = proposal.settle(target, uniform: draw.uniform)
                            if draw.keepsDistribution { distributions[row] = target }
                        } else {
                            token = samplers[member].draw(draw, from: logits, best: best)
                            if draw.keepsDistribution {
                                distributions[row] = samplers[member].distribution(
                                    draw.parameters, from: logits, best: best)
                            }
                        }
                        drawn[row] = (token, logits[Int(token)])
                    }
                }
            }
        }
    }
}
