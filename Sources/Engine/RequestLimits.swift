import Checkpoints
import Decoder
import Generation

/// What a model can be asked, checked before anything is computed.
struct RequestLimits {
    let model: String
    let shape: ModelShape
    /// Names of the model's heads.
    let heads: Set<String>

    /// Why a request cannot be served; `nil` if it can.
    func refusal(of request: EngineRequest) -> ModelError? {
        if request.context.isEmpty { return .invalidRequest("the context is empty") }
        if request.context.count >= shape.contextLength {
            return .contextTooLong(model: model, tokens: request.context.count + 1, limit: shape.contextLength)
        }
        if request.maximumTokens < 1 {
            return .invalidRequest("at least one token must be asked for, got \(request.maximumTokens)")
        }
        if let error = strayToken(request.context) { return error }
        switch request.call {
        case .probe(let probe, _): return refusal(of: probe)
        case .generate(let generation, _): return refusal(of: generation)
        }
    }

    private func refusal(of probe: ProbeRequest) -> ModelError? {
        guard probe.scoredTokens >= 0, probe.scoredTokens < probe.context.count else {
            return .invalidRequest(
                "\(probe.scoredTokens) tokens to score of a context of \(probe.context.count): the first one has nothing before it"
            )
        }
        return strayToken(probe.options) ?? probe.heads.lazy.compactMap(unknownHead).first
    }

    private func refusal(of generation: GenerationRequest) -> ModelError? {
        guard generation.written >= 0, generation.written <= generation.context.count else {
            return .invalidRequest("\(generation.written) written tokens in a context of \(generation.context.count)")
        }
        if let token = generation.firstToken {
            if !generation.draft.isEmpty { return .invalidRequest("a draft beside a first token") }
            if let error = strayToken([token]) { return error }
        }
        if case .headAtLeast(let head, _, _) = generation.handover?.condition, let error = unknownHead(head) {
            return error
        }
        return strayToken(generation.draft) ?? refusal(of: generation.draft, drawnFrom: generation.acceptance)
    }

    private func refusal(of draft: [TokenID], drawnFrom acceptance: DraftAcceptance) -> ModelError? {
        guard case .ratio(let distributions) = acceptance else { return nil }
        guard distributions.count == draft.count else {
            return .invalidRequest("\(distributions.count) distributions for a draft of \(draft.count) tokens")
        }
        for (index, distribution) in distributions.enumerated() {
            guard distribution.probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 + 1e-9 }) else {
                return .invalidRequest("distribution \(index) of the draft holds a number that is no probability")
            }
            if !(distribution[draft[index]] > 0) {
                return .invalidRequest(
                    "token \(draft[index]) of the draft, number \(index), has no probability in its distribution")
            }
        }
        return nil
    }

    private func strayToken(_ tokens: [TokenID]) -> ModelError? {
        let valid = 0..<TokenID(shape.vocabularySize)
        guard let stray = tokens.first(where: { !valid.contains($0) }) else { return nil }
        return .invalidRequest("token \(stray) is outside the vocabulary of \(shape.vocabularySize)")
    }

    private func unknownHead(_ name: String) -> ModelError? {
        if heads.contains(name) { return nil }
        return .invalidRequest(
            "model \(model) has no head \(name.debugDescription); "
                + (heads.isEmpty ? "it has none" : "known: \(heads.sorted().joined(separator: ", "))"))
    }
}
