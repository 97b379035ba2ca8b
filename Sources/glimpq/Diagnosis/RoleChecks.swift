import Postgres

/// Checks of users and rights.
enum RoleChecks {
    static func run(_ connection: Connection) async throws -> [Finding] {
        try await [membership(connection), owner(connection), open(connection)]
    }

    private static func membership(_ connection: Connection) async throws -> Finding {
        let held = try await connection.query(
            """
            SELECT rolname::text FROM pg_roles
            WHERE rolname IN ('glimpq_producer', 'glimpq_worker', 'glimpq_analyst', 'glimpq_admin', 'glimpq_monitor')
                AND pg_has_role(oid, 'USAGE')
            ORDER BY 1
            """
        ).map { try $0.get(0, as: String.self) }
        let isSuperuser: Bool = try await connection.query(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        ).one().get(0)
        if isSuperuser {
            return Finding(
                "roles", .warning, "the database user is a superuser",
                remedy: "enough for a trial; let workers connect as a user that has only glimpq_worker, producers "
                    + "glimpq_producer, e.g. CREATE ROLE w LOGIN IN ROLE glimpq_worker")
        }
        guard held.isEmpty else { return Finding("roles", held.joined(separator: ", ")) }
        return Finding(
            "roles", .broken, "the database user has none of ours",
            remedy: "as an administrator: GRANT glimpq_worker TO some_user (or producer, analyst, admin, monitor)")
    }

    /// What belongs to somebody else may be dropped or read by them, and our functions may not get at it.
    private static func owner(_ connection: Connection) async throws -> Finding {
        let foreign = try await connection.query(
            """
            SELECT format('%s (%s)', c.relname, c.relowner::regrole) FROM pg_class c
            WHERE c.relnamespace = to_regnamespace('glimpq') AND c.relowner <> to_regrole('glimpq_owner')
                AND c.relkind IN ('r', 'p', 'v', 'S', 'f', 'm')
            ORDER BY 1 LIMIT 5
            """
        ).map { try $0.get(0, as: String.self) }
        guard !foreign.isEmpty else { return Finding("owner", "glimpq_owner owns the schema") }
        return Finding(
            "owner", .broken, "not owned by glimpq_owner: \(foreign.joined(separator: ", "))",
            remedy: "as a superuser, for each: ALTER TABLE glimpq.NAME OWNER TO glimpq_owner")
    }

    private static func open(_ connection: Connection) async throws -> Finding {
        let open = try await connection.query(
            """
            SELECT p.oid::regprocedure::text FROM pg_proc p
            WHERE p.pronamespace = to_regnamespace('glimpq') AND has_function_privilege('public', p.oid, 'EXECUTE')
            ORDER BY 1 LIMIT 5
            """
        ).map { try $0.get(0, as: String.self) }
        guard !open.isEmpty else { return Finding("rights", "no function is open to everybody") }
        return Finding(
            "rights", .warning, "everybody may call \(open.joined(separator: ", "))",
            remedy: "as glimpq_owner, for each: REVOKE ALL ON FUNCTION … FROM PUBLIC")
    }
}
