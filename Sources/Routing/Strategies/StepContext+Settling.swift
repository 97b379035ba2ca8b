import Generation

extension StepContext {
    /// What becomes of a written thinking step if it counts: it ends right behind the end-of-thinking tag, or loses the
    /// tag where that does not count, and ends with a delimiter that began in the record before.
    func settled(_ draft: StepDraft) -> StepDraft {
        var draft = draft
        let owner = draft.decision.owner
        let (generation, discarded) = settled(draft.generation, of: owner)
        draft.discarded[owner] += discarded
        draft.keep(generation.tokens)
        draft.generation.finish = generation.finish
        return draft
    }

    /// The same for tokens alone, with the number of tokens that are thrown away.
    func settled(_ generation: Generation, of owner: StepOwner) -> (generation: Generation, discarded: Int) {
        var result = generation
        let vocabulary = pair[owner].vocabulary
        let kept =
            thinkingEndCounts
            ? ThinkingEnd.cut(generation, after: unfinished, vocabulary: vocabulary)
            : ThinkingEnd.left(out: generation, vocabulary: vocabulary)
        result.tokens = kept.tokens
        result.finish = kept.finish
        let mayCompleteDelimiter = unfinished.utf8.last == UInt8(ascii: "\n")
        if kept.finish == .length, mayCompleteDelimiter,
            vocabulary.bytes(of: kept.tokens).first == UInt8(ascii: "\n")
        {
            result.finish = .delimiter
        }
        return (result, kept.discarded)
    }

    /// The texts that were written for a step, as they would have counted, but for the one that was kept.
    ///
    /// - Parameters:
    ///   - draft: Settled, with all its candidates if there were several.
    ///   - kept: Index of the kept one; `nil` if none was.
    func rejected(of draft: StepDraft, kept: Int?) -> [StepDetails.Rejected] {
        let owner = draft.decision.owner
        let texts =
            draft.candidates.isEmpty ? [draft.generation] : draft.candidates.map { settled($0, of: owner).generation }
        return texts.enumerated().compactMap { number, text in
            guard number != kept else { return nil }
            return .init(
                owner: owner, tokens: text.tokens.count, text: pair[owner].vocabulary.text(of: text.tokens))
        }
    }

    /// A step of an owner as another model, or the same one, reads it.
    func tokens(_ step: Generation, of owner: StepOwner, for reader: StepOwner) -> [TokenID] {
        pair.tokens(step.tokens, finish: step.finish, of: owner, for: reader)
    }
}

extension ModelPair {
    /// What an owner wrote as another model, or the same one, reads it: the very tokens if both read the same ids, else
    /// the text encoded anew with no added token matched, and the end-of-thinking tag in the reader's own way.
    func tokens(
        _ tokens: [TokenID], finish: FinishReason, of owner: StepOwner, for reader: StepOwner
    ) -> [TokenID] {
        if reader == owner || exchangesTokens { return tokens }
        let text = self[owner].vocabulary.text(of: tokens)
        let vocabulary = self[reader].vocabulary
        guard finish == .thinkingEnd, let body = ThinkingEnd.textBefore(in: text) else {
            return vocabulary.encode(text, matchingSpecialTokens: false)
        }
        return vocabulary.encode(body, matchingSpecialTokens: false) + ThinkingEnd.tokens(in: vocabulary)
    }
}
