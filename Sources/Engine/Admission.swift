/// Lets sequences into a KV cache only if they will probably fit beside the ones that are in it: a sequence that is let
/// in too early loses its blocks again, and what was computed is computed twice.
struct Admission {
    /// Tokens that a sequence grows by from its first context to its end, on average.
    private var growth = 0.0
    /// Blocks that are in use or will be, by the sequences that were let in; `nil` until the pass asks for it.
    var committed: Int?
    /// The oldest sequence that was refused in the pass before and in the current one: no younger one overtakes it.
    private var refusedBefore = UInt64.max
    private var refused = UInt64.max

    mutating func beginPass() {
        committed = nil
        refusedBefore = refused
        refused = .max
    }

    /// Learns from a sequence that has ended.
    mutating func didClose(prompt: Int, tokens: Int) {
        guard prompt > 0 else { return }
        growth += (Double(tokens - prompt) - growth) / 16
    }

    /// Tokens that a sequence will probably have in the end.
    func expectedTokens(prompt: Int, tokens: Int) -> Int { max(tokens, prompt + Int(growth)) }

    /// Whether a sequence that needs `blocks` more may come in.
    mutating func admit(age: UInt64, blocks: Int, of count: Int) -> Bool {
        let sum = (committed ?? 0) + blocks
        guard age <= refusedBefore, age <= refused, sum <= count else {
            refused = min(refused, age)
            return false
        }
        committed = sum
        return true
    }
}
