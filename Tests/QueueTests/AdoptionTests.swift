import Postgres
import Queue
import TestSupport
import Testing

/// A worker that was declared lost comes back and goes on with what it still holds.
@Suite struct AdoptionTests {
    private static let registration = WorkerRegistration(
        host: "test", processID: 1, version: "test", capacity: 64, pairs: ["demo"])

    private func comeBack(_ queue: QueueFixture, from worker: Int64) async throws -> Int64 {
        try await queue.client.register(Self.registration.following(worker)).id
    }

    @Test func onlyWhatNobodyHasClaimedIsAdopted() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(4)
            let old = try await queue.register()
            let jobs = try await queue.claim(old)
            try await queue.kill(old)
            _ = try await queue.client.sweep()
            let other = try await queue.register()
            let stolen = try #require(try await queue.claim(other, 1).first)
            try await queue.sql.query("SELECT glimpq.cancel($1)", [jobs[1].lease.job])
            let new = try await comeBack(queue, from: old)

            let wrong = JobLease(job: jobs[3].lease.job, epoch: 7)
            let adopted = try await queue.client.adopt(jobs.map(\.lease) + [wrong], worker: new)
            #expect(adopted.map(\.from).sorted() == [jobs[2].lease, jobs[3].lease])
            #expect(adopted.allSatisfy { $0.to == JobLease(job: $0.from.job, epoch: 2) && $0.nextStep == 0 })
            #expect(stolen.lease.job == jobs[0].lease.job)
            #expect(try await queue.client.beat(worker: new, inFlight: 2)?.jobs.count == 2)
            // The worker was not dead: no budget pays.
            #expect(
                try await queue.count(
                    "glimpq.job WHERE worker_id = $1 AND attempt = 1 AND infra_fails = 0 AND crash_suspect = 0", [new])
                    == 2)
            #expect(
                try await queue.count("glimpq.v_adoption WHERE worker_id = $1 AND old_worker_id = $2", [new, old]) == 2)
            // Asked again, because the answer was lost.
            #expect(try await queue.client.adopt(jobs.map(\.lease), worker: new).count == 2)
            #expect(try await queue.count("glimpq.attempt WHERE adopted_from IS NOT NULL") == 2)
            let verdicts = try await queue.client.finish(adopted.map { queue.result($0.to) })
            #expect(verdicts.values.allSatisfy { $0 == .accepted })
            #expect(try await queue.client.finish([queue.result(jobs[2].lease)])[jobs[2].lease] == .stale)
        }
    }

    @Test func theChainGoesOnWhereTheStoredStepsEnd() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            // A first life leaves two steps behind.
            let first = try await queue.register()
            let earlier = try #require(try await queue.claim(first).first)
            try await queue.write([queue.step(earlier, 0), queue.step(earlier, 1)])
            try await queue.kill(first)
            _ = try await queue.client.sweep()
            var worker = try await queue.register()
            let job = try #require(try await queue.claim(worker).first)
            #expect(try await queue.client.loadResume([job.lease], worker: worker)[job.lease]?.count == 2)
            try await queue.write([queue.step(job, 2, text: "2 of epoch 2")])

            // Lost twice in a row; the second time nothing new is stored.
            var lease = job.lease
            for (epoch, next) in [(3, 3), (4, 4)] as [(Int64, Int)] {
                try await queue.kill(worker)
                _ = try await queue.client.sweep()
                let back = try await comeBack(queue, from: worker)
                let adoption = try #require(try await queue.client.adopt([lease], worker: back).first)
                #expect(adoption == Adoption(from: lease, to: JobLease(job: lease.job, epoch: epoch), nextStep: next))
                (worker, lease) = (back, adoption.to)
                // What was on its way under the old lease arrives late.
                var late = queue.step(job, Int32(next), text: "late")
                late.epoch = adoption.from.epoch
                var own = queue.step(job, Int32(next), text: "\(next) of epoch \(epoch)")
                own.epoch = epoch
                try await queue.write([late, own])
            }
            var result = queue.result(lease)
            result.traceRows = 5
            result.stepsWritten = 1
            #expect(try await queue.client.finish([result])[lease] == .accepted)
            let trace: [String] = try await queue.sql.query(
                "SELECT epoch || ':' || seq || ':' || text FROM glimpq.v_trace ORDER BY seq"
            ).map { try $0.get(0) }
            #expect(
                trace == [
                    "1:0:so\n\n", "1:1:so\n\n", "2:2:2 of epoch 2", "3:3:3 of epoch 3", "4:4:4 of epoch 4",
                ])
        }
    }

    @Test func jobsThatTheSweepHasNotReachedAreTakenDirectly() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(3)
            let old = try await queue.register()
            let jobs = try await queue.claim(old)
            try await queue.write([queue.step(jobs[0], 0)])
            try await queue.sql.query(
                "UPDATE glimpq.worker SET state = 'lost', ended_at = now() WHERE id = $1", [old])
            #expect(
                try await queue.client.adopt(jobs.map(\.lease), worker: try await queue.register()).isEmpty,
                "not its own")
            let new = try await comeBack(queue, from: old)
            let adopted = try await queue.client.adopt(jobs.map(\.lease), worker: new)
            #expect(adopted.map(\.nextStep) == [1, 0, 0])
            #expect(try await queue.client.sweep().requeued == 0)
            #expect(try await queue.count("glimpq.job WHERE attempt = 1 AND worker_id = $1", [new]) == 3)
            _ = try await queue.client.finish(adopted.map { queue.result($0.to) })
        }
    }

    @Test func theDeadlineOfAnAdoptedJobStays() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.query(
                "INSERT INTO glimpq.job (prompt, timeout) VALUES ('slow', interval '10 minutes')")
            let old = try await queue.register()
            let job = try #require(try await queue.claim(old).first)
            try await queue.sql.query("UPDATE glimpq.attempt SET started_at = now() - interval '4 minutes'")
            try await queue.kill(old)
            _ = try await queue.client.sweep()
            let new = try await comeBack(queue, from: old)
            _ = try await queue.client.adopt([job.lease], worker: new)
            let left = try #require(try await queue.client.beat(worker: new, inFlight: 1)?.jobs.first?.remaining)
            #expect(left > .seconds(330) && left <= .seconds(360))
            try await queue.sql.query("SELECT glimpq.release_v1($1, $2, '{2}')", [new, [job.lease.job]])
        }
    }
}
