import Queue
import Testing

@testable import Worker

@Suite struct SessionTableTests {
    private let lease = JobLease(job: 1, epoch: 1)

    @Test func aChangeBetweenLookAndWaitIsNotMissed() async {
        let table = SessionTable()
        await table.hold(lease)
        let version = await table.version
        await table.end(lease)
        await table.change(since: version)  // would never return if it were
        #expect(await table.count == 0)
    }

    @Test func aStopBeforeTheSessionStartsCounts() async {
        let table = SessionTable()
        await table.hold(lease)
        await table.stop(lease, .cancelRequested)
        await table.stop(lease, .handBack)
        let session = Task { () -> JobEnd in
            while !Task.isCancelled { await Task.yield() }
            return .stopped(JobEnd.Progress())
        }
        await table.start(lease, session)
        _ = await session.value
        #expect(await table.cause(lease) == .cancelRequested)
    }

    @Test func aSessionOfAJobThatIsNotHeldIsStopped() async {
        let table = SessionTable()
        let session = Task { () -> JobEnd in
            while !Task.isCancelled { await Task.yield() }
            return .stopped(JobEnd.Progress())
        }
        await table.start(lease, session)
        _ = await session.value
        #expect(await table.count == 0)
    }
}
