import Postgres
import TestSupport
import Testing

/// What no client of ours sends arrives all the same, and is refused.
@Suite struct HostileInputTests {
    static let refused: [(statement: String, state: String)] = [
        (#"INSERT INTO glimpq.job (prompt) VALUES (E'a\000b')"#, "22021"),
        (#"SELECT glimpq.enqueue(convert_from('\xff41'::bytea, 'UTF8'))"#, "22021"),
        (#"SELECT glimpq.enqueue(params => '{"a": "\u0000"}', prompt => 'p')"#, "22P05"),
        ("SELECT glimpq.enqueue(repeat('x', 104857600))", "23514"),
        ("SELECT glimpq.enqueue('p', params => jsonb_build_object('a', repeat('x', 40000000)))", "23514"),
        ("SELECT glimpq.enqueue('p', metadata => jsonb_build_object('a', repeat('x', 40000000)))", "23514"),
        ("SELECT glimpq.enqueue(E' \n\t')", "23514"), ("SELECT glimpq.enqueue('p', messages => '[]')", "23514"),
        (#"SELECT glimpq.enqueue(messages => '[{"role": "root", "content": "x"}]')"#, "23514"),
        ("SELECT glimpq.enqueue('p', params => '[]')", "23514"), ("SELECT glimpq.enqueue('p', tenant => '')", "23514"),
        ("SELECT glimpq.enqueue('p', custom_id => repeat('x', 513))", "23514"),
        ("SELECT glimpq.enqueue('p', queue => '')", "23514"), ("SELECT glimpq.enqueue('p', pair => '')", "23514"),
    ]

    @Test(arguments: refused.indices)
    func isRefusedCleanly(index: Int) async throws {
        let (statement, state) = Self.refused[index]
        try await QueueFixture.run { queue in
            let error = await #expect(throws: PostgresError.self, "\(statement)") {
                try await queue.sql.query(statement)
            }
            #expect(error?.sqlState == state, "\(statement): \(error?.description ?? "")")
            let jobs = try await queue.count("glimpq.job")
            #expect(jobs == 0)
        }
    }
}
