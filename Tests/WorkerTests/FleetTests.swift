import Engine
import Foundation
import Postgres
import Queue
import TestSupport
import Testing

@testable import Worker

/// What happens to workers that lose their lease, their database or their time.
@Suite struct FleetTests {
    @Test func aWorkerThatLostItsLeaseGoesOnBitForBit() async throws {
        var calm: [String] = []
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(40)
            _ = try await fixture.worker().run()
            calm = try await fixture.content()
        }
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(40)
            // It must hear of its loss before its jobs are done.
            let worker = try fixture.worker(slots: 8) { $0.beatInterval = .milliseconds(20) }
            async let summary = worker.run()
            for steps in [20, 60] {
                // There must be a lease to lose, and work under it.
                while try await fixture.count(
                    """
                    SELECT FROM glimpq.worker WHERE state = 'live' AND in_flight > 0
                    AND (SELECT count(*) FROM glimpq.step) >= \(steps)
                    """) == 0
                {
                    try await Task.sleep(for: .milliseconds(5))
                }
                // The others have not heard of it for too long, and take its jobs away.
                // In one transaction, so that no beat comes between.
                try await fixture.sql.run(
                    script: """
                        UPDATE glimpq.worker SET lease_until = now() - interval '1 second' WHERE state = 'live';
                        SELECT glimpq.sweep_v1()
                        """)
            }
            let result = try await summary
            #expect(result.leasesLost == 2)
            #expect(result.adopted > 0)
            #expect(result.done + result.lost >= 40)
            #expect(try await fixture.content() == calm)
            #expect(try await fixture.count("SELECT FROM glimpq.v_adoption WHERE outcome = 'done'") > 0)
            // Sessions went on: nothing that was stored is stored again under the next epoch.
            #expect(
                try await fixture.count(
                    """
                    SELECT FROM glimpq.step s JOIN glimpq.attempt a USING (job_id, epoch)
                    WHERE a.adopted_from IS NOT NULL AND s.seq < a.resumed_at_step
                    """) == 0)
            #expect(try await fixture.count("SELECT FROM glimpq.job WHERE attempt > 1") == 0)
        }
    }

    @Test func resultsThatTheDatabaseDoesNotTakeOutliveTheProcess() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("spool-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(6)
            let blocker = try await fixture.database.connect()
            try await blocker.run(script: "BEGIN; LOCK TABLE glimpq.result IN ACCESS EXCLUSIVE MODE")
            let worker = try fixture.worker(statementTimeout: .seconds(3)) {
                $0.stopsWhenIdle = false
                $0.spool = folder
                $0.lastWords = .seconds(1)
            }
            async let summary = worker.run()
            let slot = URL(fileURLWithPath: folder + "/slot-1")
            func kept() -> Int {
                let files = try? FileManager.default.contentsOfDirectory(atPath: slot.path)
                return files?.filter { $0.hasSuffix(".result") }.count ?? 0
            }
            while kept() < 6 { try await Task.sleep(for: .milliseconds(20)) }
            await worker.handBack()
            let first = try await summary
            #expect(first.spooled == 6 && first.done == 0 && first.unconfirmed == 0)
            #expect(try await fixture.count("SELECT FROM glimpq.job WHERE state = 'running'") == 6)
            try await blocker.run(script: "COMMIT")
            await blocker.close()

            // Another database's result, and one that was torn, lie beside them.
            let files = try FileManager.default.contentsOfDirectory(at: slot, includingPropertiesForKeys: nil)
            let some = try #require(files.first { $0.pathExtension == "result" })
            try Data(contentsOf: some).dropLast(3).write(to: slot.appendingPathComponent("torn.result"))
            let next = try fixture.worker { $0.spool = folder }
            let second = try await next.run()
            #expect(second.done == 0, "nothing is computed again")
            #expect(try await fixture.count("SELECT FROM glimpq.result WHERE trace_rows_dropped = 0") == 6)
            #expect(try await fixture.count("SELECT FROM glimpq.attempt") == 6)
            #expect(kept() == 0)
            #expect(FileManager.default.fileExists(atPath: slot.path + "/torn.result.torn"))
        }
    }

    @Test func aTraceThatTheServerHasForgottenIsWrittenAgain() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(4)
            // As after a crash of the server: rows that were said to be in are not.
            try await fixture.sql.run(
                script: """
                    CREATE TABLE public.seen (job_id bigint, seq int, PRIMARY KEY (job_id, seq));
                    CREATE FUNCTION public.forget() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        IF NEW.seq % 3 <> 1 THEN RETURN NEW; END IF;
                        INSERT INTO public.seen VALUES (NEW.job_id, NEW.seq) ON CONFLICT DO NOTHING;
                        IF FOUND THEN RETURN NULL; END IF;
                        RETURN NEW;
                    END $$;
                    CREATE TRIGGER forget BEFORE INSERT ON glimpq.step FOR EACH ROW EXECUTE FUNCTION public.forget();
                    """)
            #expect(try await fixture.worker().run().done == 4)
            #expect(try await fixture.count("SELECT FROM public.seen") > 0)
            #expect(try await fixture.count("SELECT FROM glimpq.result WHERE trace_rows_dropped > 0") == 0)
        }
    }

    @Test func aWorkerThatIsTooOldIdlesUntilItIsWanted() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(1)
            try await fixture.sql.query("UPDATE glimpq.setting SET value = 99 WHERE name = 'min_worker_protocol'")
            let hasty = try fixture.worker()
            await #expect(throws: QueueError.self) { try await hasty.run() }
            let patient = try fixture.worker {
                $0.stopsWhenIdle = false
                $0.registrationInterval = .milliseconds(50)
            }
            async let summary = patient.run()
            try await Task.sleep(for: .milliseconds(300))
            #expect(try await fixture.count("SELECT FROM glimpq.worker") == 0)
            try await fixture.sql.query("UPDATE glimpq.setting SET value = 1 WHERE name = 'min_worker_protocol'")
            while try await fixture.count("SELECT FROM glimpq.result") < 1 {
                try await Task.sleep(for: .milliseconds(10))
            }
            await patient.drain()
            #expect(try await summary.done == 1)

            let resigned = try fixture.worker { $0.stopsWhenIdle = false }
            try await fixture.sql.query("UPDATE glimpq.setting SET value = 99 WHERE name = 'min_worker_protocol'")
            async let nothing = resigned.run()
            try await Task.sleep(for: .milliseconds(100))
            await resigned.drain()
            #expect(try await nothing.done == 0)
        }
    }

    @Test func anOverdueJobIsStoppedWithinABeat() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.sql.query(
                """
                INSERT INTO glimpq.job (prompt, timeout, max_attempts)
                VALUES ('2 and 3 [[simulate: hang 2]]', interval '300 milliseconds', 1)
                """)
            let summary = try await fixture.worker(models: "models.simulated.json").run()
            #expect(summary.overdue == 1 && summary.failed == 1)
            #expect(
                try await fixture.count(
                    "SELECT FROM glimpq.attempt WHERE error_class = 'deadline' AND outcome = 'failed' AND steps_written > 0"
                )
                    == 1)
        }
    }

    @Test func anIdleWorkerIsWoken() async throws {
        try await WorkerFixture.run { fixture in
            let worker = try fixture.worker {
                $0.stopsWhenIdle = false
                $0.listens = true
                $0.pollDelay = .seconds(3600) ... .seconds(3600)
            }
            async let summary = worker.run()
            while try await fixture.count("SELECT FROM glimpq.v_fleet WHERE listener = 'listening'") == 0 {
                try await Task.sleep(for: .milliseconds(20))
            }
            try await Task.sleep(for: .milliseconds(100))
            try await fixture.enqueue(2)
            try await fixture.sql.query("SELECT glimpq.wake('default')")
            while try await fixture.count("SELECT FROM glimpq.result") < 2 {
                try await Task.sleep(for: .milliseconds(20))
            }
            await worker.drain()
            #expect(try await summary.done == 2)
        }
    }
}
