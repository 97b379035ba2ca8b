import Queue
import Testing

@Suite struct PolicyTests {
    @Test func backoffDoublesUpToItsCeilingWithinItsJitter() {
        var backoff = Backoff(initial: .milliseconds(100), ceiling: .seconds(1), jitter: 0.3)
        let middle = (0..<6).map { _ in backoff.delay(random: 0.5) }
        #expect(middle == [100, 200, 400, 800, 1000, 1000].map { .milliseconds($0) })
        backoff.reset()
        let shortest = backoff.delay(random: 0) / .milliseconds(1)
        #expect(abs(shortest - 70) < 1e-6)
        backoff.reset()
        let longest = backoff.delay(random: 1) / .milliseconds(1)
        #expect(abs(longest - 130) < 1e-6)
    }

    @Test(arguments: [
        (FailureClass.badInput, 1, RetryPolicy.Decision.fail),
        (.cancelled, 1, .fail),
        (.infra, 99, .retry(after: .zero)),
        (.modelTransient, 1, .retry(after: .seconds(1))),
        (.modelTransient, 2, .retry(after: .seconds(2))),
        (.modelTransient, 3, .fail),
        (.deadline, 2, .retry(after: .seconds(2))),
        (.deadline, 3, .fail),
    ])
    func whatFollowsAFailure(error: FailureClass, attempt: Int, expected: RetryPolicy.Decision) {
        #expect(RetryPolicy().decide(error: error, attempt: attempt, maximumAttempts: 3, random: 0.5) == expected)
    }

    @Test func delaysGrowAndStopGrowing() {
        let quartic = RetryPolicy(growth: .quartic, ceiling: .seconds(3600), jitter: 0.2)
        #expect(quartic.delay(afterAttempt: 3, random: 0.5) == .seconds(81))
        #expect(quartic.delay(afterAttempt: 100, random: 0.5) == .seconds(3600))
        #expect(abs(quartic.delay(afterAttempt: 1, random: 0) / .milliseconds(1) - 800) < 1e-6)
        #expect(RetryPolicy().delay(afterAttempt: 64, random: 0.5) == .seconds(3600))
    }

    @Test func aWorkerFencesItselfBeforeItsLeaseEnds() {
        let start = ContinuousClock.now
        var clock = LeaseClock(timeToLive: .seconds(30), margin: .seconds(10), renewedAt: start)
        #expect(clock.mayStartWork(at: start + .seconds(19)))
        #expect(!clock.mayStartWork(at: start + .seconds(20)))
        #expect(!clock.hasExpired(at: start + .seconds(29)))
        #expect(clock.hasExpired(at: start + .seconds(30)))
        clock.renew(sentAt: start + .seconds(25))
        #expect(clock.mayStartWork(at: start + .seconds(40)))
        clock.renew(sentAt: start)  // an old reply that arrives late takes nothing away
        #expect(clock.mayStartWork(at: start + .seconds(40)))
    }

    @Test func aReconcilerFindsWhatIsLostCancelledOverdueAndOrphaned() {
        let a = JobLease(job: 1, epoch: 1)
        let b = JobLease(job: 2, epoch: 1)
        let c = JobLease(job: 3, epoch: 4)
        let d = JobLease(job: 4, epoch: 1)
        var reconciler = Reconciler()
        let beat = Beat(
            sentAt: .now,
            jobs: [
                .init(lease: a, cancelRequested: true), .init(lease: b, remaining: .seconds(-1)),
                .init(lease: JobLease(job: 3, epoch: 5)), .init(lease: d),
            ])
        var verdict = reconciler.reconcile(beat, held: [a, b, c], claimsEnded: 4, claimsBegun: 5)
        #expect(verdict.lost == [c])
        #expect(verdict.cancelled == [a])
        #expect(verdict.overdue == [b])
        #expect(verdict.orphaned.isEmpty)
        verdict = reconciler.reconcile(beat, held: [a, b], claimsEnded: 4, claimsBegun: 5)
        #expect(verdict.orphaned.isEmpty, "the reply may still be on its way")
        verdict = reconciler.reconcile(beat, held: [a, b], claimsEnded: 5, claimsBegun: 6)
        #expect(verdict.orphaned == [JobLease(job: 3, epoch: 5), d])
        verdict = reconciler.reconcile(beat, held: [a, b], claimsEnded: 6, claimsBegun: 7)
        #expect(verdict.orphaned.isEmpty, "they were just released")
    }

    @Test func aWorkerThatNeverStopsClaimingStillFindsItsOrphans() {
        let orphan = JobLease(job: 1, epoch: 1)
        let beat = Beat(sentAt: .now, jobs: [.init(lease: orphan)])
        var reconciler = Reconciler()
        #expect(reconciler.reconcile(beat, held: [], claimsEnded: 9, claimsBegun: 10).orphaned.isEmpty)
        // A later claim is under way, but the one that could have brought the job has ended.
        #expect(reconciler.reconcile(beat, held: [], claimsEnded: 11, claimsBegun: 12).orphaned == [orphan])
    }
}
