/// What became of an input.
struct EnqueueSummary {
    /// Name by which the batch knows the input.
    var source: String
    /// Name of the batch.
    var batch: String
    /// The batch's number; `nil` if nothing was to be stored.
    var batchID: Int64?
    /// Jobs that are new in the table.
    var inserted = 0
    /// Jobs that were there already, by their line or their `custom_id`.
    var duplicates = 0
    /// Lines with a fault.
    var refused = 0
    /// Time it took, in seconds.
    var seconds = 0.0
    /// Whether the batch has lines of this input that were enqueued under other settings.
    var hasOtherSettings = false
    /// Whether all that the batch knows of the input was seen.
    var knowsAllParts = false

    /// Whether there was not a single line.
    var isEmpty: Bool { inserted + duplicates + refused == 0 }

    /// One line for people.
    var sentence: String {
        if isEmpty { return "\(source): no jobs in it; nothing was enqueued" }
        var parts = ["\(Figures.grouped(inserted)) \(batchID == nil ? "good" : "enqueued")"]
        if duplicates > 0 { parts.append("\(Figures.grouped(duplicates)) already there") }
        parts.append("\(Figures.grouped(refused)) refused")
        let rate = seconds > 0 ? ", \(Figures.grouped(Int(Double(inserted + duplicates) / seconds))) per s" : ""
        return "batch \(batch): \(parts.joined(separator: ", ")) (\(Figures.duration(seconds))\(rate))"
    }

    /// What else a person should know.
    var note: String? {
        guard hasOtherSettings && duplicates > 0 else { return nil }
        return "note: the batch has lines of \(source) that were enqueued with other settings (strategy, parameters, "
            + "pair, queue, tenant, priority); they keep theirs. For a second variant name another --batch"
    }

    /// One line for programs.
    var json: String {
        JSONText.object([
            ("source", JSONText.string(source)), ("batch", JSONText.string(batch)),
            ("batch_id", batchID.map { "\($0)" } ?? "null"), ("inserted", "\(inserted)"),
            ("duplicates", "\(duplicates)"), ("refused", "\(refused)"), ("seconds", JSONText.rounded(seconds)),
        ])
    }
}
