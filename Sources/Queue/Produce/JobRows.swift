public import Postgres

/// Jobs in the form in which they are sent: rows of a COPY, checked when they were added.
public struct JobRows: Sendable {
    /// How many.
    public private(set) var count = 0
    private var encoder = CopyTextEncoder()
    private let batch: String

    /// Creates an empty set of rows for a batch.
    ///
    /// - Parameter batch: The batch's number.
    public init(batch: Int64) { self.batch = String(batch) }

    /// The rows as text.
    public var bytes: [UInt8] { encoder.bytes }

    /// Their size in bytes.
    public var size: Int { encoder.count }

    /// Adds a job.
    ///
    /// - Throws: ``NewJobError``; nothing was added.
    public mutating func append(_ job: NewJob) throws(NewJobError) {
        try job.validate()
        append(checked: job)
    }

    /// Adds a job that ``NewJob/validate()`` has passed.
    public mutating func append(checked job: NewJob) {
        job.encode(into: &encoder, batch: batch)
        count += 1
    }

    /// Adds a row that the caller writes column by column behind the batch's number, in the order of
    /// ``NewJob/columns``.
    ///
    /// - Parameter write: Writes the other columns; `false` takes the row back.
    /// - Returns: Whether the row was added.
    public mutating func append(row write: (inout CopyTextEncoder) -> Bool) -> Bool {
        let mark = encoder.count
        encoder.append(batch)
        guard write(&encoder) else {
            encoder.drop(from: mark)
            return false
        }
        encoder.endRow()
        count += 1
        return true
    }
}
