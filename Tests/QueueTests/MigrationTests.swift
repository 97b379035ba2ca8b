import Foundation
import Migrations
import Postgres
import Queue
import TestSupport
import Testing

@Suite struct MigrationTests {
    private func migrator(_ database: TestDatabase, _ migrations: [Migration] = Migrations.all) -> Migrator {
        Migrator(database.options, migrations: migrations, toolVersion: "test", logger: QueueFixture.logger)
    }

    @Test func theListHasEveryFileInOrder() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Migrations/sql")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(Migrations.all.map(\.file) == files)
        for migration in Migrations.all {
            let text = try String(contentsOf: folder.appending(path: migration.file), encoding: .utf8)
            #expect(migration.sql == text)
        }
    }

    @Test func migratingTwiceDoesNothingTheSecondTime() async throws {
        try await TestDatabase.runEmpty { database in
            let migrator = migrator(database)
            #expect(try await migrator.status().applied.isEmpty)
            await #expect(throws: QueueError.schemaMissing) { try await migrator.verify() }
            #expect(try await migrator.migrate() == Migrations.all)
            #expect(try await migrator.migrate().isEmpty)
            try await migrator.verify()
            let plan = try await migrator.status()
            #expect(plan.isUpToDate && plan.version == Migrations.latestVersion)
            #expect(plan.applied.allSatisfy { $0.sha256.count == 64 && $0.toolVersion == "test" && $0.appliedBy != "" })
        }
    }

    @Test func ofTwoRunnersAtOnceOneDoesTheWork() async throws {
        try await TestDatabase.runEmpty { database in
            let applied = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await migrator(database).migrate().count } }
                return try await group.reduce(into: []) { $0.append($1) }.sorted()
            }
            #expect(applied == [0, 0, 0, Migrations.all.count])
        }
    }

    @Test func aChangedFileIsRefusedByName() async throws {
        try await TestDatabase.runEmpty { database in
            try await migrator(database).migrate()
            var changed = Migrations.all
            changed[2].sql += "\n-- harmless"
            let error = QueueError.migrationChanged(file: "V0003__step_partitions.sql")
            await #expect(throws: error) { try await migrator(database, changed).migrate() }
            await #expect(throws: error) { try await migrator(database, changed).verify() }
            #expect(try await migrator(database, changed).status().diverged.map(\.version) == [3])
        }
    }

    @Test func aFailingFileLeavesTheOnesBeforeIt() async throws {
        try await TestDatabase.runEmpty { database in
            let good = Migration(version: 1, name: "good", sql: "CREATE TABLE glimpq.a (id int)")
            let bad = Migration(version: 2, name: "bad", sql: "CREATE TABLE glimpq.b (id int); SELECT 1 / 0")
            let error = await #expect(throws: PostgresError.self) {
                try await migrator(database, [good, bad]).migrate()
            }
            #expect(error?.sqlState == "22012")
            let plan = try await migrator(database, [good, bad]).status()
            #expect(plan.version == 1 && plan.pending == [bad])
            let connection = try await database.connect()
            #expect(try await connection.query("SELECT to_regclass('glimpq.b') IS NULL").one().get(0, as: Bool.self))
            await connection.close()
        }
    }

    @Test func aDatabaseFromTheFutureIsToldApart() async throws {
        try await TestDatabase.runEmpty { database in
            try await migrator(database).migrate()
            let older = Array(Migrations.all.dropLast())
            await #expect(throws: QueueError.schemaTooNew(found: Migrations.latestVersion, known: older.count)) {
                try await migrator(database, older).verify()
            }
            #expect(try await migrator(database, older).migrate().isEmpty)
        }
    }

    @Test func aWorkerNeedsItsSchema() async throws {
        try await TestDatabase.runEmpty { database in
            let client = QueueClient(database.options, logger: QueueFixture.logger)
            await #expect(throws: QueueError.schemaMissing) {
                try await client.register(
                    WorkerRegistration(host: "t", processID: 1, version: "t", capacity: 1, pairs: []))
            }
            await client.close()
        }
    }
}
