import Generation
import Postgres
import Queue
import Routing
import Testing

@testable import Worker

@Suite struct SessionTableTests {
    private let job = HeldJob(ClaimedJob(JobLease(job: 1, epoch: 1), day: Day(days: 0), prompt: "?"))

    private func endless() -> Task<JobEnd, Never> {
        Task {
            while !Task.isCancelled { await Task.yield() }
            return .stopped
        }
    }

    @Test func aChangeBetweenLookAndWaitIsNotMissed() async {
        let table = SessionTable()
        await table.hold(job)
        let version = await table.version
        await table.end(job)
        await table.change(since: version)  // would never return if it were
        #expect(await table.count == 0)
    }

    @Test func aStopBeforeTheSessionStartsCounts() async {
        let table = SessionTable()
        await table.hold(job)
        await table.stop(job.lease, .cancelRequested)
        await table.stop(job.lease, .handBack)
        let session = endless()
        await table.start(job, session)
        _ = await session.value
        #expect(await table.cause(of: job) == .cancelRequested)
    }

    @Test func aSessionOfAJobThatIsNotHeldIsStopped() async {
        let table = SessionTable()
        let session = endless()
        await table.start(job, session)
        _ = await session.value
        #expect(await table.count == 0)
    }

    @Test func anAdoptedSessionGoesOnUnderItsNewLease() async {
        let table = SessionTable()
        let (other, unstarted, ended) = (Self.job(2), Self.job(3), Self.job(4))
        for job in [job, other, unstarted, ended] { await table.hold(job) }
        let sessions = [endless(), endless(), endless()]
        for (job, session) in zip([job, other, ended], sessions) { await table.start(job, session) }
        await table.settle(ended)

        let asked = await table.beginAdoption()
        #expect(asked == [job.lease, other.lease])
        #expect(await table.cause(of: unstarted) == .lost)
        let new = JobLease(job: 1, epoch: 2)
        async let settled: Void = table.settle(job)  // its session ends meanwhile
        await table.endAdoption(of: asked, adopted: [Adoption(from: job.lease, to: new, nextStep: 0)])
        await settled
        #expect(job.lease == new)
        #expect(await table.leases == [new, other.lease, unstarted.lease, ended.lease])
        #expect(await table.cause(of: job) == nil)
        #expect(await table.cause(of: other) == .lost, "somebody else has it")
        #expect(await table.cause(of: ended) == nil, "the rule for late results decides")
        sessions.forEach { $0.cancel() }
    }

    @Test func whatTheOldLeaseHasNotStoredIsWrittenUnderTheNewOne() {
        job.resume(from: [Self.step(0), Self.step(1)])
        #expect(job.append(Self.step(2)).map(\.sequence) == [2])
        #expect(job.append(Self.step(3)).map(\.epoch) == [1])
        #expect(job.progress.stepsWritten == 2)
        // The database has step 2, step 3 is still on its way.
        job.adopt(Adoption(from: job.lease, to: JobLease(job: 1, epoch: 2), nextStep: 3))
        #expect(job.progress.stepsWritten == 0)
        #expect(job.append(Self.step(4)).map(\.sequence) == [3, 4])
        #expect(job.rowsToWrite().isEmpty)
        #expect(job.ownRows.map { [$0.epoch, Int64($0.sequence)] } == [[2, 3], [2, 4]])
        #expect(job.progress.stepsWritten == 2)
        // Everything is stored: nothing is written twice.
        job.adopt(Adoption(from: job.lease, to: JobLease(job: 1, epoch: 3), nextStep: 5))
        #expect(job.rowsToWrite().isEmpty && job.ownRows.isEmpty && job.stepCount == 5)
    }

    private static func job(_ number: Int64) -> HeldJob {
        HeldJob(ClaimedJob(JobLease(job: number, epoch: 1), day: Day(days: 0), prompt: "?"))
    }

    private static func step(_ index: Int) -> StepRecord {
        StepRecord(
            index: index, kind: .thinking, decision: StepDecision(.fixed, owner: .slm), model: "m", text: "t",
            tokens: [1], finish: .delimiter)
    }
}
