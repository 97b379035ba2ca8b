/// What became of a file of jobs.
struct EnqueueSummary {
    /// Name of the batch.
    var batch: String
    /// The batch's number; `nil` if nothing was to be stored.
    var batchID: Int64?
    /// Jobs that are new in the table.
    var inserted = 0
    /// Jobs that were there already, by their `custom_id`.
    var duplicates = 0
    /// Lines with a fault.
    var refused = 0
    /// Time it took, in seconds.
    var seconds = 0.0

    /// One line for people.
    var sentence: String {
        var parts = ["\(Figures.grouped(inserted)) \(batchID == nil ? "good" : "enqueued")"]
        if duplicates > 0 { parts.append("\(Figures.grouped(duplicates)) duplicates skipped") }
        parts.append("\(Figures.grouped(refused)) refused")
        let rate = seconds > 0 ? ", \(Figures.grouped(Int(Double(inserted + duplicates) / seconds))) per s" : ""
        return "batch \(batch): \(parts.joined(separator: ", ")) (\(Figures.duration(seconds))\(rate))"
    }

    /// One line for programs.
    var json: String {
        JSONText.object([
            ("batch", JSONText.string(batch)), ("batch_id", batchID.map { "\($0)" } ?? "null"),
            ("inserted", "\(inserted)"), ("duplicates", "\(duplicates)"), ("refused", "\(refused)"),
            ("seconds", JSONText.rounded(seconds)),
        ])
    }
}
