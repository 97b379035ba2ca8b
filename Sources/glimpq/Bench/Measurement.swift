/// One thing that can be measured about a model on this machine.
enum Measurement: Hashable {
    /// Streaming read of memory far larger than the caches.
    case bandwidth(threads: Int)
    /// From opening the files to the distribution after one token.
    case load
    /// `steps` forward passes of one token for each of `sequences` sequences that have `context` tokens already.
    case decode(sequences: Int, context: Int, steps: Int)
    /// `tokens` tokens of one new sequence, with the logits of the last one.
    case prefill(tokens: Int)
    /// One pass over `tokens` tokens of one sequence that has `context` tokens already, with the logits of the last one.
    case extend(tokens: Int, context: Int)
    /// One more token for each of `sequences` sequences of `context` tokens, and the signals of the distributions. With a
    /// shared prefix the contexts have all their full cache blocks in common.
    case probe(sequences: Int, context: Int, isShared: Bool)

    /// What the amount of a sample counts.
    var unit: String {
        switch self {
        case .bandwidth: "bytes"
        case .load: "loads"
        case .decode, .prefill, .extend: "tokens"
        case .probe: "probes"
        }
    }

    /// The request that asks for it; ``init(request:)`` reads it.
    var request: String {
        switch self {
        case .bandwidth(let threads): "bandwidth threads=\(threads)"
        case .load: "load"
        case .decode(let sequences, let context, let steps):
            "decode sequences=\(sequences) context=\(context) tokens=\(steps)"
        case .prefill(let tokens): "prefill tokens=\(tokens)"
        case .extend(let tokens, let context): "extend tokens=\(tokens) context=\(context)"
        case .probe(let sequences, let context, let isShared):
            "probe sequences=\(sequences) context=\(context) shared=\(isShared ? 1 : 0)"
        }
    }

    /// Reads a request: a word, then `name=number` for each extent.
    ///
    /// - Throws: ``CommandFailure`` that says what was expected.
    init(request: String) throws {
        var words = request.split(separator: " ")[...]
        let kind = words.popFirst() ?? ""
        var numbers: [Substring: Int] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let number = Int(parts[1]), (0...1 << 20).contains(number) else {
                throw Self.refusal(request)
            }
            numbers[parts[0]] = number
        }
        func extent(_ name: Substring, from minimum: Int = 1) throws -> Int {
            guard let number = numbers.removeValue(forKey: name), number >= minimum else { throw Self.refusal(request) }
            return number
        }
        switch kind {
        case "bandwidth": self = .bandwidth(threads: try extent("threads"))
        case "load": self = .load
        case "decode":
            self = .decode(
                sequences: try extent("sequences"), context: try extent("context", from: 0),
                steps: try extent("tokens"))
        case "prefill": self = .prefill(tokens: try extent("tokens"))
        case "extend": self = .extend(tokens: try extent("tokens"), context: try extent("context", from: 0))
        case "probe":
            self = .probe(
                sequences: try extent("sequences"), context: try extent("context"),
                isShared: try extent("shared", from: 0) != 0)
        default: throw Self.refusal(request)
        }
        guard numbers.isEmpty else { throw Self.refusal(request) }
    }

    private static func refusal(_ request: String) -> CommandFailure {
        CommandFailure(
            .usage,
            "--requests: expected `decode sequences=N context=N tokens=N`, `prefill tokens=N`, "
                + "`extend tokens=N context=N`, `probe sequences=N context=N shared=0|1`, `bandwidth threads=N` or `load`, got \(request.debugDescription)"
        )
    }
}
