import Generation

/// One sequence in a model runner; without an id the slot is free.
struct SequenceSlot {
    var id: SequenceID?
    /// Order of arrival: smaller is older.
    var age: UInt64
    var cached = CachedSequence()
    var active: ActiveRequest?
}
