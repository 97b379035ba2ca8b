import Postgres
import Queue
import TestSupport
import Testing

@Suite struct FollowTests {
    private func withFollower(
        _ jobs: Int, pace: ResultFollower.Pace = .init(), states: [String] = ResultFilter.ended,
        _ body: (QueueFixture, inout ResultFollower) async throws -> Void
    ) async throws {
        try await QueueFixture.run { queue in
            let inserter = try await JobInserter.open(queue.database.options, batch: "b")
            try await inserter.add(contentsOf: (0..<jobs).map { NewJob(prompt: "p\($0)") })
            _ = try await inserter.finish()
            let reader = QueueReader(queue.database.options, logger: QueueFixture.logger)
            var follower = try await reader.follow(ResultFilter(batch: "b", states: states), pace: pace)
            try await body(queue, &follower)
            await reader.close()
        }
    }

    /// Everything that is there now.
    private func drain(_ follower: inout ResultFollower) async throws -> [Int64] {
        var jobs: [Int64] = []
        while let some = try await follower.next(), !some.isEmpty { jobs += some.map(\.job) }
        return jobs
    }

    @Test func eachJobComesOnceInWhateverOrderTheyEnd() async throws {
        try await withFollower(40) { queue, follower in
            let worker = try await queue.register()
            let leases = try await queue.claim(worker, 40).map(\.lease)
            #expect(try await drain(&follower) == [])
            _ = try await queue.client.finish([queue.result(leases[30]), queue.result(leases[3])])
            #expect(try await drain(&follower) == [leases[3].job, leases[30].job])
            _ = try await queue.client.fail([
                FailedJob(leases[7], error: .badInput, message: "no", decision: .fail)
            ])
            _ = try await queue.client.finish([queue.result(leases[1])])
            #expect(try await drain(&follower).sorted() == [leases[1].job, leases[7].job])
            let rest = leases.filter { lease in ![1, 3, 7, 30].contains { leases[$0] == lease } }
            for half in [rest[..<18], rest[18...]] {
                _ = try await queue.client.finish(half.map { queue.result($0) })
                #expect(try await drain(&follower).sorted() == half.map(\.job))
            }
            #expect(try await follower.next() == nil)
            #expect(follower.position.text == "1-7,9-40/8")
        }
    }

    /// A finish takes the time of its transaction's beginning and shows up when that commits. With the looks back
    /// shorter than the delay, only the pass at the end can find it.
    @Test(arguments: [0, 120])
    func aFinishThatCommitsLateIsNotMissed(longOverlap: Int) async throws {
        var pace = ResultFollower.Pace()
        (pace.overlap, pace.longOverlap) = (.zero, .seconds(longOverlap))
        pace.betweenLongLooks = .zero
        try await withFollower(12, pace: pace) { queue, follower in
            let worker = try await queue.register()
            let leases = try await queue.claim(worker, 12).map(\.lease)
            let late = try await queue.database.connect()
            try await late.run(script: "BEGIN; SELECT now()")
            try await Task.sleep(for: .milliseconds(20))
            _ = try await queue.client.finish(leases[2...].map { queue.result($0) })
            #expect(try await drain(&follower).count == 10)
            try await late.query(
                """
                UPDATE glimpq.job SET state = 'failed', finished_at = now(), worker_id = NULL, claimed_at = NULL,
                    deadline_at = NULL, last_error_class = 'deadline' WHERE id = $1
                """, [leases[0].job])
            try await late.query(
                """
                UPDATE glimpq.attempt SET ended_at = now(), outcome = 'failed', error_class = 'deadline'
                WHERE job_id = $1
                """, [leases[0].job])
            #expect(try await drain(&follower) == [])
            try await late.run(script: "COMMIT")
            #expect(try await drain(&follower) == (longOverlap > 0 ? [leases[0].job] : []))
            _ = try await queue.client.finish([queue.result(leases[1])])
            #expect(
                try await drain(&follower).sorted()
                    == (longOverlap > 0 ? [leases[1].job] : [leases[0].job, leases[1].job]))
            #expect(try await follower.next() == nil)
            await late.close()
        }
    }

    @Test func anotherFollowerGoesOnWhereTheFirstStopped() async throws {
        try await withFollower(6) { queue, follower in
            let leases = try await queue.claim(try await queue.register(), 6).map(\.lease)
            _ = try await queue.client.finish([queue.result(leases[4]), queue.result(leases[0])])
            #expect(try await drain(&follower).count == 2)
            let position = try #require(ResultFollower.Position(text: follower.position.text))
            _ = try await queue.client.finish(leases[1...3].map { queue.result($0) } + [queue.result(leases[5])])
            let reader = QueueReader(queue.database.options, logger: QueueFixture.logger)
            var second = try await reader.follow(ResultFilter(batch: "b"), from: position)
            #expect(try await drain(&second) == [leases[1], leases[2], leases[3], leases[5]].map(\.job))
            #expect(try await second.next() == nil)
            await reader.close()
        }
    }

    @Test func aRetriedJobComesOnceFailedAndOnceDone() async throws {
        try await withFollower(2) { queue, follower in
            let worker = try await queue.register()
            let leases = try await queue.claim(worker, 2).map(\.lease)
            _ = try await queue.client.fail([
                FailedJob(leases[0], error: .badInput, message: "no", decision: .fail)
            ])
            #expect(try await drain(&follower) == [leases[0].job])
            let control = JobControl(queue.database.options, logger: QueueFixture.logger)
            #expect(try await control.retry(.init(batch: "b", error: "bad_input")) == 1)
            await control.close()
            let again = try #require(try await queue.claim(worker, 1).first)
            _ = try await queue.client.finish([queue.result(again.lease), queue.result(leases[1])])
            #expect(try await drain(&follower) == leases.map(\.job))
            #expect(try await follower.next() == nil)
        }
    }

    @Test func manyFinishersAtOnce() async throws {
        try await withFollower(600) { queue, follower in
            let worker = try await queue.register(capacity: 600)
            let leases = try await queue.claim(worker, 600).map(\.lease)
            let finishers = Task {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for part in 0..<6 {
                        let own = leases.enumerated().filter { $0.offset % 6 == part }.map(\.element)
                        let results = own.map { queue.result($0) }
                        let options = queue.database.options
                        group.addTask {
                            let client = QueueClient(options, logger: QueueFixture.logger)
                            for result in results { _ = try await client.finish([result]) }
                            await client.close()
                        }
                    }
                    try await group.waitForAll()
                }
            }
            var seen: [Int64] = []
            while let jobs = try await follower.next() {
                seen += jobs.map(\.job)
                if jobs.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            }
            try await finishers.value
            #expect(seen.sorted() == leases.map(\.job))
        }
    }
}
