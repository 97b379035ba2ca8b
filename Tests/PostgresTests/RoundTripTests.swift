import Postgres
import TestSupport
import Testing

@Suite struct RoundTripTests {
    @Test func valuesComeBackAsTheyWent() async throws {
        try await TestDatabase.runEmpty { database in
            let connection = try await database.connect()
            let row = try await connection.query(
                """
                SELECT $1::bigint a, $2::int b, $3::smallint c, $4::float8 d, $5::bool e, $6::text f, $7::bytea g,
                    $8::jsonb h, $9::timestamptz i, $10::date j, $11::bigint k
                """,
                [
                    Int.min, Int32.max, Int16(-7), -0.1, true, "ä\t\"\\\n🙂", Bytea([0, 255, 7]),
                    JSONText(#"{"x":[1,"y"]}"#), Timestamp(microseconds: 1_234_567), Day(days: 20_000), nil as Int?,
                ]
            ).one()
            #expect(try row.get("a", as: Int.self) == Int.min)
            #expect(try row.get("b", as: Int32.self) == Int32.max)
            #expect(try row.get("c", as: Int.self) == -7)
            #expect(try row.get("d", as: Double.self) == -0.1)
            #expect(try row.get("e", as: Bool.self))
            #expect(try row.get("f", as: String.self) == "ä\t\"\\\n🙂")
            #expect(try row.get("g", as: Bytea.self).bytes == [0, 255, 7])
            #expect(try row.get("h", as: String.self) == #"{"x": [1, "y"]}"#)
            #expect(try row.get("i", as: Timestamp.self).microseconds == 1_234_567)
            #expect(try row.get("j", as: Day.self).days == 20_000)
            #expect(try row.get("k", as: Int?.self) == nil)
            // The server agrees on what the times mean.
            let spelled = try await connection.query(
                "SELECT ($1::timestamptz AT TIME ZONE 'UTC')::text t, $2::date::text d",
                [Timestamp(microseconds: 1_700_000_000_123_456), Day(days: 20_000)]
            ).one()
            #expect(try spelled.get("t", as: String.self) == "2023-11-14 22:13:20.123456")
            #expect(try spelled.get("d", as: String.self) == "2024-10-04")
        }
    }

    @Test func arraysComeBackAsTheyWent() async throws {
        try await TestDatabase.runEmpty { database in
            let connection = try await database.connect()
            let row = try await connection.query(
                "SELECT $1::bigint[] a, $2::int[] b, $3::text[] c, $4::float8[] d, $5::text[] e",
                [
                    [1, -2, Int.max], [Int32.min], ["a,b", "{\"", "", nil] as [String?], [0.5, nil] as [Double?],
                    [] as [String],
                ]
            ).one()
            #expect(try row.get("a", as: [Int].self) == [1, -2, Int.max])
            #expect(try row.get("b", as: [Int32].self) == [Int32.min])
            #expect(try row.get("c", as: [String?].self) == ["a,b", "{\"", "", nil])
            #expect(try row.get("d", as: [Double?].self) == [0.5, nil])
            #expect(try row.get("e", as: [String].self) == [])
            let spelled: String = try await connection.query("SELECT $1::text[]::text", [["x", "y z"]]).one().get(0)
            #expect(spelled == #"{x,"y z"}"#)
        }
    }

    @Test(arguments: ["0", "1", "-12345.678900", "0.00001", "99999999", "1e30", "-0.1", "10000", "123456789012.5"])
    func numericBecomesTheNearestDouble(_ text: String) async throws {
        try await TestDatabase.runEmpty { database in
            let connection = try await database.connect()
            let value: Double = try await connection.query("SELECT $1::numeric", [text]).one().get(0)
            #expect(value == Double(text))
        }
    }

    @Test func errorsNameColumnAndTypes() async throws {
        try await TestDatabase.runEmpty { database in
            let connection = try await database.connect()
            let row = try await connection.query("SELECT 'x' AS name, NULL::int AS age").one()
            let mistyped = #expect(throws: PostgresError.self) { try row.get("name", as: Int.self) }
            #expect(mistyped?.description.contains("column name: expected bigint, got text") == true)
            let null = #expect(throws: PostgresError.self) { try row.get("age", as: Int.self) }
            #expect(null?.description.contains("column age: expected bigint, got NULL") == true)
            let missing = #expect(throws: PostgresError.self) { try row.get("size", as: Int.self) }
            #expect(missing?.code == "decoding")
        }
    }
}
