internal import CKernels

/// A token and its logit. In a ranking greater logits go first, and smaller ids among equals.
public struct RankedToken: Sendable {
    private var ranked: gq_ranked_token

    /// Stands for no token and comes after all others.
    public static let none = RankedToken(ranked: gq_ranked_token(logit: -.infinity, token: .max))

    /// The token's id.
    public var token: Int32 { ranked.token }
    /// Its logit.
    public var logit: Float { ranked.logit }

    /// Makes `best` the best of two rankings of the same length.
    public static func merge(
        _ other: UnsafeBufferPointer<RankedToken>, into best: UnsafeMutableBufferPointer<RankedToken>
    ) {
        precondition(other.count == best.count, "both rankings have the same length")
        other.withMemoryRebound(to: gq_ranked_token.self) { other in
            best.withMemoryRebound(to: gq_ranked_token.self) { best in
                guard let from = other.baseAddress, let to = best.baseAddress else { return }
                gq_merge_ranks(to, from, best.count)
            }
        }
    }
}
