extension Strategy {
    /// What becomes of drift and loops.
    private enum Drift: String, CaseIterable {
        /// Nothing; a loop ends the thinking.
        case none
        /// The chain of thought goes back.
        case rollback
    }

    /// Takes the keys `drift` and `max_rollbacks`.
    ///
    /// - Throws: ``SpecificationError`` under a parameter.
    mutating func takeDrift(_ reader: inout ParameterReader) throws(SpecificationError) {
        let drift = try reader.name("drift", as: Drift.self) ?? .none
        guard drift == .rollback else {
            try reader.refuse(["max_rollbacks"], beside: "drift none")
            return
        }
        let most = try reader.integer("max_rollbacks", in: 0...1000) ?? DriftRecovery.defaultMaximum
        recovery = DriftRecovery(maximumRollbacks: most)
        policy = RecoveringPolicy(rest: policy)
        // The large model goes on behind a rollback, also in the strategy of the small one alone.
        needs.readers.insert(.llm)
    }
}
