import CPostgres

/// One row of a result.
public struct Row: Sendable {
    let result: ResultHandle
    let index: Int

    /// The value of a column by name.
    ///
    /// - Throws: ``PostgresError/decoding(column:expected:got:statement:)`` if there is no such column, the value is
    ///   NULL and `Value` is not optional, or it has another type.
    public func get<Value: PostgresDecodable>(_ column: String, as type: Value.Type = Value.self) throws -> Value {
        guard let number = result.positions[column] else {
            throw PostgresError.decoding(
                column: column, expected: "a column of this name",
                got: "columns \(result.columns.joined(separator: ", "))", statement: result.statement)
        }
        return try get(number)
    }

    /// The value of a column by 0-based position.
    ///
    /// - Throws: ``PostgresError/decoding(column:expected:got:statement:)``.
    public func get<Value: PostgresDecodable>(_ number: Int, as type: Value.Type = Value.self) throws -> Value {
        precondition(result.columns.indices.contains(number), "column \(number) of \(result.columns.count)")
        let row = Int32(index)
        let column = Int32(number)
        let isNull = PQgetisnull(result.pointer, row, column) == 1
        let bytes = UnsafeRawBufferPointer(
            start: PQgetvalue(result.pointer, row, column), count: Int(PQgetlength(result.pointer, row, column)))
        let cell = Cell(type: PQftype(result.pointer, column), bytes: isNull ? nil : bytes)
        do {
            return try withExtendedLifetime(result) { try Value(from: cell) }
        } catch let failure as CellError {
            throw PostgresError.decoding(
                column: result.columns[number], expected: failure.expected, got: failure.got,
                statement: result.statement)
        }
    }
}
