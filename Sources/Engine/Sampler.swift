import Foundation
import Generation

/// Draws tokens from rows of logits. Keeps its working memory between calls.
struct Sampler {
    private var weights: [Double] = []
    private var candidates: [Int32] = []

    /// Draws one token.
    ///
    /// - Parameters:
    ///   - logits: One row; only the first `count` entries can be drawn.
    ///   - count: Number of token ids that may be drawn.
    ///   - parameters: Temperature and filters.
    ///   - uniform: A number in 0..<1.
    /// - Returns: The token id.
    mutating func draw(
        from logits: UnsafeBufferPointer<Float>, count: Int, parameters: SamplingParameters,
        uniform: @autoclosure () -> Double
    ) -> TokenID {
        precondition(count > 0 && count <= logits.count)
        // Below any meaningful temperature the division would overflow.
        if parameters.temperature < 1e-6 || parameters.topK == 1 { return Self.greedy(logits, count: count) }
        let scale = 1 / parameters.temperature
        let best = logits[Int(Self.greedy(logits, count: count))]  // padding rows do not count
        weights.removeAll(keepingCapacity: true)
        weights.reserveCapacity(count)
        var total = 0.0
        for i in 0..<count {
            let weight = exp(Double(logits[i] - best) * scale)
            weights.append(weight)
            total += weight
        }
        if parameters.topK <= 0 && parameters.topP >= 1 && parameters.minP <= 0 {
            return drawInOrder(total: total, uniform: uniform())
        }
        let kept = filter(total: total, parameters: parameters)
        var target = uniform() * kept.mass
        for token in candidates[..<kept.count] {
            target -= weights[Int(token)]
            if target < 0 { return token }
        }
        return candidates[kept.count - 1]
    }

    /// The smallest id among the greatest logits.
    static func greedy(_ logits: UnsafeBufferPointer<Float>, count: Int) -> TokenID {
        var best = 0
        for i in 1..<max(count, 1) where logits[i] > logits[best] { best = i }
        return TokenID(best)
    }

    private func drawInOrder(total: Double, uniform: Double) -> TokenID {
        var target = uniform * total
        var last = 0
        for i in weights.indices where weights[i] > 0 {
            target -= weights[i]
            last = i
            if target < 0 { break }
        }
        return TokenID(last)
    }

    /// Puts the tokens that pass the filters at the front of `candidates`, most probable first, smaller id first among
    /// equals; gives their number and mass.
    private mutating func filter(
        total: Double, parameters: SamplingParameters
    ) -> (count: Int, mass: Double) {
        let wanted = parameters.topK > 0 ? min(parameters.topK, weights.count) : weights.count
        let smallest = parameters.minP * (weights.max() ?? 0)
        gatherCandidates(wanted: wanted, smallest: smallest, nucleus: parameters.topP * total, topK: parameters.topK)
        let values = weights
        candidates.sort { a, b in
            let (x, y) = (values[Int(a)], values[Int(b)])
            return x != y ? x > y : a < b
        }
        // Top-p counts the mass that top-k left.
        let mostProbable = candidates.prefix(wanted)
        let nucleus =
            parameters.topP * (parameters.topK > 0 ? mostProbable.reduce(0) { $0 + values[Int($1)] } : total)
        var kept = 0
        var mass = 0.0
        for token in mostProbable {
            let weight = weights[Int(token)]
            if kept > 0 && (mass >= nucleus || weight < smallest) { break }
            mass += weight
            kept += 1
        }
        return (kept, mass)
    }

    /// Few tokens carry nearly all mass: collects those above a floor, and lowers it only until they suffice.
    private mutating func gatherCandidates(wanted: Int, smallest: Double, nucleus: Double, topK: Int) {
        var floor = 1e-4
        while true {
            candidates.removeAll(keepingCapacity: true)
            var mass = 0.0
            for i in weights.indices where weights[i] >= floor {
                candidates.append(Int32(i))
                mass += weights[i]
            }
            let enough = topK > 0 ? candidates.count >= wanted : mass >= nucleus
            if floor == 0 || enough || (!candidates.isEmpty && floor <= smallest) { return }
            floor = floor > 1e-30 ? floor * 1e-4 : 0
        }
    }
}
