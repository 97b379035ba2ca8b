/// The rows of a result.
public struct Rows: RandomAccessCollection, Sendable {
    let result: ResultHandle

    /// Always 0.
    public var startIndex: Int { 0 }
    /// Number of rows.
    public var endIndex: Int { result.rowCount }

    /// The row at an index.
    public subscript(index: Int) -> Row {
        precondition(index >= 0 && index < endIndex, "row \(index) of \(endIndex)")
        return Row(result: result, index: index)
    }

    /// Names of the columns in order.
    public var columns: [String] { result.columns }

    /// Rows that the statement inserted, updated, deleted or returned, as its command tag says.
    public var affected: Int { result.affected }

    /// The only row.
    ///
    /// - Throws: ``PostgresError/rowCount(expected:got:statement:)``.
    public func one() throws -> Row {
        guard count == 1 else {
            throw PostgresError.rowCount(expected: "1 row", got: count, statement: result.statement)
        }
        return self[0]
    }

    /// The only row, or `nil` if there is none.
    ///
    /// - Throws: ``PostgresError/rowCount(expected:got:statement:)``.
    public func oneOrNone() throws -> Row? {
        guard count <= 1 else {
            throw PostgresError.rowCount(expected: "at most 1 row", got: count, statement: result.statement)
        }
        return first
    }
}
