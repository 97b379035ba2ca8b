import CPostgres

/// Owns a `PGresult`.
///
/// `@unchecked Sendable`: libpq never changes a result after `PQgetResult` returned it, and this class only reads it
/// until it clears it in `deinit`.
final class ResultHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    /// The statement that made it, for error messages.
    let statement: String
    /// Column names in order.
    let columns: [String]
    /// Position of the first column of each name.
    let positions: [String: Int]

    init(_ pointer: OpaquePointer, statement: String) {
        self.pointer = pointer
        self.statement = statement
        columns = (0..<PQnfields(pointer)).map { PQfname(pointer, $0).map { String(cString: $0) } ?? "" }
        positions = Dictionary(zip(columns, columns.indices)) { first, _ in first }
    }

    deinit { PQclear(pointer) }

    var status: ExecStatusType { PQresultStatus(pointer) }
    var isCopyIn: Bool { status == PGRES_COPY_IN }
    var isCopyOut: Bool { status == PGRES_COPY_OUT }
    var rowCount: Int { Int(PQntuples(pointer)) }

    /// Rows changed or copied, as the command tag says (`PQcmdTuples`); 0 if it says nothing.
    var affected: Int { PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0 }
}
