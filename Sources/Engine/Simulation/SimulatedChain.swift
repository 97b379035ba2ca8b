import Generation

/// What a simulated model has to say after a context, token by token: thinking steps of made-up words with a blank
/// line after each, the end-of-thinking tag, then the sum of all whole numbers of the prompt.
///
/// Each token is a function of model, seed and the context before its step, hence the same whether the chain was
/// interrupted or not, and another one as soon as a single token before it differs.
struct SimulatedChain {
    private enum Phase {
        /// Writing a step: how many tokens it has so far, and which number it draws from.
        case thinking(position: Int, draw: UInt64)
        case answering(position: Int)
    }

    private static let letters = Array("etaoinshrdlucm  ".utf8)

    /// The text before thinking began.
    let prompt: SimulatedPrompt
    /// Number of finished thinking steps.
    private(set) var step = 0
    private let model: SimulatedModelDescription
    private let salt: UInt64
    private let stepCount: Int
    private let answer: [UInt8]
    private var digest = Digest()
    private var phase: Phase
    private var endsWithNewline = false

    /// Reads a context.
    ///
    /// - Parameters:
    ///   - model: How the model behaves.
    ///   - fingerprint: Makes two models say different things.
    init(_ model: SimulatedModelDescription, fingerprint: UInt64, context: [TokenID], seed: UInt64) {
        let body = context.firstIndex(of: SimulatedVocabulary.thinkingStartToken).map { $0 + 1 } ?? context.count
        prompt = SimulatedPrompt(context[..<body])
        self.model = model
        salt = Digest.mixed(fingerprint ^ Digest.mixed(seed))
        for token in context[..<body] { digest.add(token) }
        stepCount = model.steps.element(Digest.mixed(digest.value ^ Digest.mixed(seed)))
        answer = Array("\(prompt.sum)".utf8)
        phase = .thinking(position: 0, draw: Digest.mixed(digest.value ^ salt))
        for token in context[body...] { append(token) }
    }

    /// Whether thinking is over.
    var isAnswering: Bool { if case .answering = phase { true } else { false } }

    /// The next token.
    var next: TokenID {
        switch phase {
        case .answering(let position):
            return position < answer.count ? TokenID(answer[position]) : SimulatedVocabulary.endOfTextToken
        case .thinking(let position, let draw):
            let length = model.stepTokens.element(draw)
            if step + 1 >= stepCount, position >= length - 1 { return SimulatedVocabulary.thinkingEndToken }
            if step + 1 < stepCount, position >= length - 2 { return TokenID(UInt8(ascii: "\n")) }
            return TokenID(Self.letters[Int(Digest.mixed(draw &+ UInt64(position)) >> 60)])
        }
    }

    /// How unsure the model pretends to be about the next token, in 0..<1: mostly a little, sometimes very much.
    var doubt: Double {
        guard case .thinking(let position, let draw) = phase else { return 0 }
        let uniform = Double(Digest.mixed(~draw &+ UInt64(position)) >> 11) * 0x1p-53
        return uniform * uniform * uniform
    }

    /// Goes on by one token, its own or another model's.
    mutating func append(_ token: TokenID) {
        digest.add(token)
        let isNewline = token == TokenID(UInt8(ascii: "\n"))
        switch phase {
        case .answering(let position): phase = .answering(position: position + 1)
        case .thinking where token == SimulatedVocabulary.thinkingEndToken: phase = .answering(position: 0)
        case .thinking where isNewline && endsWithNewline:
            step += 1
            phase = .thinking(position: 0, draw: Digest.mixed(digest.value ^ salt))
            endsWithNewline = false
            return
        case .thinking(let position, let draw): phase = .thinking(position: position + 1, draw: draw)
        }
        endsWithNewline = isNewline
    }
}

/// 64 bits that depend on every token of a row. Not cryptographic.
///
/// Sources: Fowler, Noll, Vo (FNV-1a); the mixing function is that of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct Digest {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ token: TokenID) {
        value = (value ^ UInt64(truncatingIfNeeded: token)) &* 0x100_0000_01b3
    }

    static func mixed(_ number: UInt64) -> UInt64 {
        var z = number &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension ClosedRange<Int> {
    /// The element that a random number chooses.
    fileprivate func element(_ random: UInt64) -> Int { lowerBound + Int(random % UInt64(count)) }
}
