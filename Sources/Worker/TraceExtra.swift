import Foundation
import Generation
import Queue
public import Routing

/// What a row of a trace holds in its column `extra`, a JSON object: what only some methods have to tell, and what it
/// cost. What later versions add is passed over.
public struct TraceExtra: Codable {
    /// What the method tells.
    var segments: [StepDetails.Segment]?
    var drafting: StepDetails.Drafting?
    var review: StepDetails.Review?
    var rejected: [StepDetails.Rejected]?
    var trial: StepDetails.Trial?
    var rollback: Int?
    /// What the parts cost that have no columns.
    var cost: Cost?

    struct Cost: Codable {
        var review: ModelWork?
        var slmTrial: ModelWork?
        var llmTrial: ModelWork?
    }

    /// `nil` if there is nothing to tell.
    init?(_ record: StepRecord) {
        func some(_ work: ModelWork) -> ModelWork? { work == ModelWork() ? nil : work }
        let details = record.details
        let cost = Cost(
            review: some(record.cost.review), slmTrial: some(record.cost.slmTrial),
            llmTrial: some(record.cost.llmTrial))
        let hasCost = cost.review != nil || cost.slmTrial != nil || cost.llmTrial != nil
        if details.isEmpty, !hasCost { return nil }
        segments = details.segments.isEmpty ? nil : details.segments
        drafting = details.drafting
        review = details.review
        rejected = details.rejected.isEmpty ? nil : details.rejected.map(\.storable)
        trial = details.trial?.storable
        rollback = details.rollback
        self.cost = hasCost ? cost : nil
    }

    /// Reads the column.
    ///
    /// - Throws: `DecodingError` if it holds something else than a worker writes.
    public init(json: String) throws { self = try Self.decoder.decode(Self.self, from: Data(json.utf8)) }

    /// The column's text; doubles keep their value.
    func json() throws -> String { String(decoding: try Self.encoder.encode(self), as: UTF8.self) }

    /// What the method tells.
    public var details: StepDetails {
        var details = StepDetails()
        details.segments = segments ?? []
        details.drafting = drafting
        details.review = review
        details.rejected = rejected ?? []
        details.trial = trial
        details.rollback = rollback
        return details
    }

    private static let encoder = {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = .sortedKeys
        return encoder
    }()

    private static let decoder = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }()
}

// A NUL among generated text must not cost the row: `jsonb` refuses it as `text` does.

extension StepDetails.Rejected {
    fileprivate var storable: Self { .init(owner: owner, tokens: tokens, text: StoredText.sanitized(text)) }
}

extension StepDetails.Trial {
    fileprivate var storable: Self {
        var copy = self
        copy.answer = StoredText.sanitized(answer)
        return copy
    }
}
