import Generation

@testable import Routing

/// A model that knows by heart what to write at each step, with what entropy, and what to answer. Which step it is at
/// it reads from the blank lines in the context.
func script(
    _ name: String, steps: [String], entropies: [Double] = [], answer: String = "42",
    vocabulary: ScriptedVocabulary = ScriptedVocabulary(), contextLength: Int = 100_000,
    heads: [String: @Sendable (ScriptedModel.Place) -> Double] = [:],
    opinion: (@Sendable (TokenID, ScriptedModel.Place) -> Double)? = nil
) -> ScriptedModel {
    ScriptedModel(
        name: name, vocabulary: vocabulary, contextLength: contextLength, heads: heads, opinion: opinion
    ) { place in
        let parts = place.written.split(separator: "\n\n")
        if let closed = parts.last.flatMap({ $0.range(ofClosing: "</think>") }) {
            return (next(of: answer + "<eos>", after: String(closed), in: vocabulary), 0.1)
        }
        let isNewStep = place.written.isEmpty || place.written.hasSuffix("\n\n")
        let finished = isNewStep ? parts.count : parts.count - 1
        let begun = isNewStep ? "" : String(parts.last ?? "")
        let step = finished < steps.count ? steps[finished] : "</think>"
        return (next(of: step, after: begun, in: vocabulary), finished < entropies.count ? entropies[finished] : 0)
    }
}

/// The token of a text that comes after a part of it. Text that does not begin so is closed.
private func next(of text: String, after begun: String, in vocabulary: ScriptedVocabulary) -> TokenID {
    var seen: [UInt8] = []
    for token in vocabulary.encode(text, matchingSpecialTokens: true) {
        if seen == Array(begun.utf8) { return token }
        seen += vocabulary.bytes(of: token)
    }
    return vocabulary.endOfTextToken
}

extension Substring {
    /// What stands behind the first closing tag.
    fileprivate func range(ofClosing tag: String) -> Substring? {
        for start in indices where self[start...].hasPrefix(tag) { return self[index(start, offsetBy: tag.count)...] }
        return nil
    }
}

/// A model that writes nonsense, as a function of context and draw, and ends its thoughts at some point.
///
/// - Parameter heads: Names of heads; each gives a number in 0..<1 by the last tokens.
func babbler(
    _ name: String, vocabulary: ScriptedVocabulary, salt: UInt64 = 0, heads: [String] = []
) -> ScriptedModel {
    let value: @Sendable (ScriptedModel.Place) -> Double = { place in
        Double(place.context.suffix(6).reduce(salt) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } >> 20 & 1023) / 1024
    }
    return ScriptedModel(
        name: name, vocabulary: vocabulary, heads: Dictionary(uniqueKeysWithValues: heads.map { ($0, value) })
    ) { place in
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ salt
        let tail = place.vocabulary.bytes(of: place.context.suffix(20))
        for byte in tail { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash ^= UInt64(place.uniform * 1e15) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 29
        let entropy = Double(hash % 2000) / 1000
        let words = ["a", "b", "é", " ", "1", "7", "x", "y", "\n"]
        if hash % 23 == 0, !tail.suffix(2).elementsEqual([10, 10]) { return (place.vocabulary.token("\n\n"), entropy) }
        if hash % 211 == 3 { return (place.vocabulary.token("</think>"), entropy) }
        if hash % 307 == 5 { return (place.vocabulary.endOfTextToken, entropy) }
        return (place.vocabulary.token(words[Int(hash / 7 % 9)]), entropy)
    }
}

extension ScriptedVocabulary {
    /// The first token of a text, added tokens matched.
    func token(_ text: String) -> TokenID { encode(text, matchingSpecialTokens: true)[0] }
}

/// Collects records.
actor Recorder {
    private(set) var records: [StepRecord] = []
    func append(_ record: StepRecord) { records.append(record) }
}

/// What a session gave.
struct Run {
    var outcome: SessionOutcome
    var records: [StepRecord]

    var thinking: [StepRecord] { records.filter { $0.kind == .thinking } }
    var text: String { thinking.map(\.text).joined() }
    var owners: String { thinking.map { $0.owner == .slm ? "s" : "L" }.joined() }
}

/// Runs a job to its end.
func run(
    _ strategy: String, _ parameters: String = "", slm: ScriptedModel, llm: ScriptedModel, prior: [Double] = [],
    prompt: String = "Q", seed: Int64 = 1, resuming: [StepRecord] = [],
    pairing: (inout ModelPair) -> Void = { _ in }
) async throws -> Run {
    var pair = ModelPair(name: "pair", slm: slm, llm: llm, priorEntropies: prior)
    pairing(&pair)
    let recorder = Recorder()
    let session = try ReasoningSession(
        specification: JobSpecification(prompt: prompt, strategy: strategy, parameters: parameters, seed: seed),
        pair: pair, sequences: SessionSequences(session: 7), resuming: resuming)
    let outcome = try await session.run { await recorder.append($0) }
    return Run(outcome: outcome, records: await resuming + recorder.records)
}
