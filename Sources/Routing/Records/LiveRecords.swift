extension [StepRecord] {
    /// The records that count: without those that later ones took the place of.
    public var live: [StepRecord] {
        guard contains(where: { $0.details.rollback != nil }) else { return self }
        return reduce(into: []) { live, record in
            if let first = record.details.rollback { live.removeAll { $0.index >= first } }
            live.append(record)
        }
    }
}
