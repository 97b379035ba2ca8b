extension Connection {
    /// Runs `body` in a transaction: commits when it returns, rolls back when it throws. Nothing else runs on the
    /// connection meanwhile.
    ///
    /// - Throws: ``PostgresError``, or what `body` throws. ``PostgresError/connectionLost(_:statement:)`` from the
    ///   final `COMMIT` leaves open whether it took effect.
    public func transaction<Result: Sendable>(
        _ body: @Sendable (isolated Connection) throws -> Result
    ) throws -> Result {
        try run(script: "BEGIN")
        let result: Result
        do {
            result = try body(self)
        } catch {
            if isOpen { try? run(script: "ROLLBACK") }
            throw error
        }
        try run(script: "COMMIT")
        return result
    }
}
