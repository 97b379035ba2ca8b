import Generation

/// The drafts of a step that a choice is made among.
struct Offers {
    /// All drafts, as they would count.
    let texts: [Generation]
    /// The different ones among them, in the order in which they first come.
    let distinct: [Generation]
    /// Of each draft its place in ``distinct``.
    let places: [Int]
    private let first: StepDraft
    /// Of each draft, tokens as written less those that it loses where it is cut.
    private let sizes: [Int]

    /// The drafts that a writer made side by side; the first one is settled already.
    init(_ draft: StepDraft, in context: StepContext) {
        first = draft
        let written = draft.candidates.isEmpty ? [draft.generation] : draft.candidates
        let settled = written.map { context.settled($0, of: .slm) }
        let texts = settled.map(\.generation)
        self.texts = texts
        sizes = zip(written, settled).map { $0.tokens.count - $1.discarded }
        var distinct: [Generation] = []
        places = texts.map { text in
            if let place = distinct.firstIndex(where: { $0.tokens == text.tokens && $0.finish == text.finish }) {
                return place
            }
            distinct.append(text)
            return distinct.count - 1
        }
        self.distinct = distinct
    }

    /// The step that a different draft makes; all others count as thrown away.
    ///
    /// - Parameter place: In ``distinct``.
    func draft(_ place: Int) -> StepDraft {
        guard let number = places.firstIndex(of: place), number > 0 else { return first }
        var draft = first
        draft.discarded.slm += sizes[0] - sizes[number]
        draft.generation = texts[number]
        return draft
    }
}
