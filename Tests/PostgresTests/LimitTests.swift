import Testing

@testable import Postgres

@Suite struct LimitTests {
    @Test func oneCancelRequestThenPatienceThenTheEnd() {
        let start = ContinuousClock.now
        var limit = Limit(.seconds(10), .seconds(5), now: start)
        #expect(limit.check(isCancelled: false, now: start + .seconds(9)) == .proceed)
        #expect(limit.check(isCancelled: false, now: start + .seconds(10)) == .cancel)
        #expect(limit.reason == .time)
        #expect(limit.check(isCancelled: true, now: start + .seconds(14)) == .proceed)
        #expect(limit.check(isCancelled: false, now: start + .seconds(15)) == .abandon)
    }

    @Test func aCancelledTaskNeedsNoDeadline() {
        let start = ContinuousClock.now
        var limit = Limit(nil, .seconds(5), now: start)
        #expect(limit.check(isCancelled: false, now: start + .seconds(1000)) == .proceed)
        #expect(limit.check(isCancelled: true, now: start + .seconds(1001)) == .cancel)
        #expect(limit.reason == .task)
    }
}
