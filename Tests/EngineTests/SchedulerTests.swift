import Testing

@testable import Engine

@Suite struct SchedulerTests {
    private func plan(
        _ scheduler: Scheduler, _ candidates: [Scheduler.Candidate], admit: (Scheduler.Share) -> Bool = { _ in true }
    ) -> [Scheduler.Share] {
        var candidates = candidates
        var shares: [Scheduler.Share] = []
        scheduler.plan(&candidates, into: &shares, admit: admit)
        return shares
    }

    @Test func probesThenDecodesThenPrefillByAge() {
        let shares = plan(
            Scheduler(maximumRows: 100, maximumChunk: 64),
            [
                .init(slot: 0, isProbe: false, pending: 80, age: 0), .init(slot: 1, isProbe: false, pending: 1, age: 1),
                .init(slot: 2, isProbe: true, pending: 5, age: 2), .init(slot: 3, isProbe: false, pending: 70, age: 3),
                .init(slot: 4, isProbe: false, pending: 1, age: 4),
            ])
        #expect(
            shares == [
                .init(slot: 2, count: 5, completes: true), .init(slot: 1, count: 1, completes: true),
                .init(slot: 4, count: 1, completes: true), .init(slot: 0, count: 64, completes: false),
                .init(slot: 3, count: 29, completes: false),
            ])
    }

    @Test func theRowBudgetHolds() {
        let many = (0..<50).map { Scheduler.Candidate(slot: $0, isProbe: false, pending: 7, age: UInt64($0)) }
        let shares = plan(Scheduler(maximumRows: 32, maximumChunk: 64), many)
        #expect(shares.map(\.count).reduce(0, +) == 32)
        #expect(shares.allSatisfy { $0.count > 0 })
    }

    @Test func sharesWithoutMemoryTakeNoRoom() {
        let candidates =
            (1..<40).map { Scheduler.Candidate(slot: $0, isProbe: true, pending: 8, age: UInt64($0)) }
            + [Scheduler.Candidate(slot: 0, isProbe: false, pending: 30, age: 0)]
        let shares = plan(Scheduler(maximumRows: 16, maximumChunk: 64), candidates) { $0.slot == 0 }
        #expect(shares == [.init(slot: 0, count: 16, completes: false)])
    }

    @Test func theYoungestIdleSequenceGivesWayFirst() {
        let requester = Scheduler.Holder(slot: 0, isIdle: false, age: 5)
        func victim(_ holders: [Scheduler.Holder]) -> Int? {
            Scheduler.victim(among: holders, requester: requester)?.slot
        }
        let idleOld = Scheduler.Holder(slot: 1, isIdle: true, age: 1)
        let idleYoung = Scheduler.Holder(slot: 2, isIdle: true, age: 3)
        let activeOld = Scheduler.Holder(slot: 3, isIdle: false, age: 2)
        let activeYoung = Scheduler.Holder(slot: 4, isIdle: false, age: 9)
        #expect(victim([idleOld, activeYoung, idleYoung, activeOld, requester]) == 2)
        #expect(victim([activeYoung, activeOld, requester]) == 4)
        // An older sequence at work is never robbed: it will finish and let go.
        #expect(victim([activeOld, requester]) == nil)
    }
}
