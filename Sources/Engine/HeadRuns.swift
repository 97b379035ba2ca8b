import Checkpoints
import Decoder
import Heads
import Kernels

/// A head as requests name it: its place among those of a model, and what it reads beside the hidden state.
struct HeadUse {
    let index: Int
    let topLogits: Int
}

/// The heads that the rows of a forward pass ask for, evaluated together behind it. Costs nothing where no model has any.
struct HeadRuns {
    private struct Ask {
        let row: Int
        let head: Int
        let entropyAbove: Double?
    }

    private let decoder: Decoder
    private let heads: [Head]
    private let ceiling: Double
    private var asks: [Ask] = []
    /// [rows + 1] the first ask of each row
    private var starts: [Int] = []
    private var answers: [Double?] = []

    // Working memory of one head, kept between passes.
    private var rows = HeadRows()
    private var values: [Double] = []
    private var asked: [Int] = []
    private var embedding: [Float]

    /// Serves the heads of a model.
    ///
    /// - Parameter logVocabulary: The ceiling of its entropy.
    init(_ heads: [Head], decoder: Decoder, logVocabulary: Double) {
        self.heads = heads
        self.decoder = decoder
        ceiling = logVocabulary
        embedding = Array(repeating: 0, count: heads.isEmpty ? 0 : decoder.shape.hidden)
    }

    /// Forgets all rows.
    mutating func removeAll() {
        guard !heads.isEmpty else { return }
        asks.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        answers.removeAll(keepingCapacity: true)
    }

    /// Begins with the next flagged row.
    mutating func beginRow() {
        guard !heads.isEmpty else { return }
        starts.append(asks.count)
    }

    /// Asks a head about the row.
    ///
    /// - Parameter entropyAbove: Asks only if the row's normalised entropy is above that.
    mutating func ask(_ head: HeadUse, entropyAbove: Double? = nil) {
        asks.append(Ask(row: starts.count - 1, head: head.index, entropyAbove: entropyAbove))
    }

    /// What a row's heads say, in the order in which they were asked; `nil` for one that was not asked after all.
    func values(_ row: Int) -> ArraySlice<Double?> {
        guard !asks.isEmpty else { return [] }
        return answers[starts[row]..<(row + 1 < starts.count ? starts[row + 1] : asks.count)]
    }

    /// Evaluates all that was asked. Rows that are not finite get no answer.
    mutating func run(_ output: HeadOutput, _ draws: TokenDraws) {
        guard !asks.isEmpty else { return }
        answers.append(contentsOf: repeatElement(nil, count: asks.count))
        for (index, head) in heads.enumerated() {
            rows.removeAll()
            asked.removeAll(keepingCapacity: true)
            for (place, ask) in asks.enumerated() where ask.head == index {
                let statistics = output.statistics(ask.row)
                guard statistics.isFinite, ask.entropyAbove.map({ statistics.entropy / ceiling > $0 }) ?? true else {
                    continue
                }
                asked.append(place)
                appendRow(ask.row, for: head, output, draws)
            }
            guard !asked.isEmpty else { continue }
            head.evaluate(rows, into: &values)
            for (place, value) in zip(asked, values) { answers[place] = value }
        }
    }

    private mutating func appendRow(_ row: Int, for head: Head, _ output: HeadOutput, _ draws: TokenDraws) {
        let readsEmbedding = head.description.inputs.contains(.embedding)
        if readsEmbedding {
            embedding.withUnsafeMutableBufferPointer { embedding in
                if let start = embedding.baseAddress { decoder.embed(draws[row].id, into: start) }
            }
        }
        rows.append(
            hidden: output.hidden(row), embedding: readsEmbedding ? embedding[...] : [],
            logits: output.top(row).prefix(head.description.topLogits).lazy.map(\.logit))
    }
}
