import Generation
import Kernels

/// Draws tokens from rows of logits. Keeps its working memory between calls.
struct Sampler {
    private let kernels: VectorKernels
    /// [tokens that may be drawn] probability over that of the most probable one
    private var weights: [Float] = []
    private var candidates: [Int32] = []

    /// Creates a sampler; the bits are the same with any kernels.
    init(_ kernels: VectorKernels) { self.kernels = kernels }

    /// Draws one token.
    ///
    /// - Parameters:
    ///   - logits: Those of the tokens that may be drawn; finite.
    ///   - best: The greatest of them.
    ///   - draw: Temperature and filters, not greedy ones, and the random number.
    /// - Returns: The token id.
    mutating func draw(_ draw: TokenDraw, from logits: UnsafeBufferPointer<Float>, best: Float) -> TokenID {
        let parameters = draw.parameters
        let total = weigh(logits, best: best, parameters)
        if parameters.keepsAll { return drawInOrder(total: total, uniform: draw.uniform) }
        var ranked = mostProbable(total: total, parameters: parameters)
        let mass = filter(&ranked, total: total, parameters: parameters)
        var target = draw.uniform * mass
        for token in ranked {
            target -= Double(weights[Int(token)])
            if target < 0 { return token }
        }
        return ranked[ranked.count - 1]
    }

    /// What tokens are drawn from, in the order in which a draw goes through them.
    ///
    /// - Parameters:
    ///   - parameters: Temperature and filters, not greedy ones.
    ///   - logits: Those of the tokens that may be drawn; finite.
    ///   - best: The greatest of them.
    mutating func distribution(
        _ parameters: SamplingParameters, from logits: UnsafeBufferPointer<Float>, best: Float
    ) -> TokenDistribution {
        let total = weigh(logits, best: best, parameters)
        var ranked: [TokenID], mass = total
        if parameters.keepsAll {
            ranked = weights.indices.filter { weights[$0] > 0 }.map(TokenID.init)
        } else {
            ranked = mostProbable(total: total, parameters: parameters)
            mass = filter(&ranked, total: total, parameters: parameters)
        }
        return TokenDistribution(
            tokens: ranked, probabilities: ranked.map { Double(weights[Int($0)]) / mass })
    }

    /// Computes the weights of all tokens and gives their sum.
    private mutating func weigh(
        _ logits: UnsafeBufferPointer<Float>, best: Float, _ parameters: SamplingParameters
    ) -> Double {
        precondition(!logits.isEmpty)
        if weights.count != logits.count {
            weights = Array(repeating: 0, count: logits.count)
            candidates = weights.map { _ in 0 }
        }
        return weights.withUnsafeMutableBufferPointer { weights in
            weights.baseAddress.map {
                kernels.weigh($0, logits, best: best, scale: Float(1 / parameters.temperature))
            } ?? 0
        }
    }

    private func drawInOrder(total: Double, uniform: Double) -> TokenID {
        var target = uniform * total
        var last = 0
        for i in weights.indices where weights[i] > 0 {
            target -= Double(weights[i])
            last = i
            if target < 0 { break }
        }
        return TokenID(last)
    }

    /// Drops the tokens that do not pass the filters from a list in order of probability, and gives the others' mass.
    private func filter(_ ranked: inout [TokenID], total: Double, parameters: SamplingParameters) -> Double {
        if parameters.topK > 0 { ranked.removeLast(max(0, ranked.count - parameters.topK)) }
        // Top-p counts the mass that top-k left.
        let nucleus =
            parameters.topP * (parameters.topK > 0 ? ranked.reduce(0) { $0 + Double(weights[Int($1)]) } : total)
        var kept = 0
        var mass = 0.0
        for token in ranked {
            let weight = Double(weights[Int(token)])
            if kept > 0 && (mass >= nucleus || weight < parameters.minP) { break }
            mass += weight
            kept += 1
        }
        ranked.removeLast(ranked.count - kept)
        return mass
    }

    /// Enough tokens for the filters, most probable first, smaller id first among equals. Few tokens carry nearly all mass:
    /// takes those above a floor, and lowers it only until they suffice.
    private mutating func mostProbable(total: Double, parameters: SamplingParameters) -> [TokenID] {
        let wanted = min(parameters.topK, weights.count), nucleus = parameters.topP * total
        var floor: Float = 1e-4
        while true {
            let count = weights.withUnsafeBufferPointer { weights in
                candidates.withUnsafeMutableBufferPointer { candidates in
                    candidates.baseAddress.map { kernels.select($0, weights, atLeast: floor) } ?? 0
                }
            }
            let found = candidates[..<count]
            let mass = found.reduce(0) { $0 + Double(weights[Int($1)]) }
            let enough = parameters.topK > 0 ? count >= wanted : mass >= nucleus
            if floor == 0 || enough || (count > 0 && Double(floor) <= parameters.minP) {
                return found.sorted { a, b in
                    let (x, y) = (weights[Int(a)], weights[Int(b)])
                    return x != y ? x > y : a < b
                }
            }
            floor = floor > 1e-30 ? floor * 1e-4 : 0
        }
    }
}

extension SamplingParameters {
    /// Whether no filter drops a token.
    fileprivate var keepsAll: Bool { topK <= 0 && topP >= 1 && minP <= 0 }
}
