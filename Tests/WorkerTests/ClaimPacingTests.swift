import Testing

@testable import Worker

@Suite struct ClaimPacingTests {
    @Test func asksOnlyWhenAnEighthIsFree() {
        let pacing = ClaimPacing(slots: 64, delay: .seconds(1) ... .seconds(4))
        #expect(pacing.request(free: 7) == nil)
        #expect(pacing.request(free: 8) == 8)
        #expect(ClaimPacing(slots: 1, delay: .seconds(1) ... .seconds(4)).request(free: 1) == 1)
        #expect(ClaimPacing(slots: 4, delay: .seconds(1) ... .seconds(4)).request(free: 0) == nil)
    }

    @Test func waitsLongerAndLongerWhileThereIsNothing() {
        var pacing = ClaimPacing(slots: 8, delay: .seconds(1) ... .seconds(4))
        #expect(pacing.answered(requested: 8, received: 8, jitter: 0.5) == .zero)
        let waits = (0..<4).map { _ in pacing.answered(requested: 8, received: 0, jitter: 0.5) }
        #expect(waits == [.seconds(1), .seconds(2), .seconds(4), .seconds(4)])
        #expect(pacing.answered(requested: 8, received: 3, jitter: 0.5) == .seconds(1))
        #expect(pacing.answered(requested: 8, received: 0, jitter: 0.5) == .seconds(2))
    }

    @Test func asksForHalfAfterATimeOutAndRecoversSlowly() {
        var pacing = ClaimPacing(slots: 64, delay: .seconds(1) ... .seconds(4))
        #expect(pacing.timedOut(requested: 64, jitter: 0.5) == .seconds(1))
        #expect(pacing.request(free: 64) == 32)
        _ = pacing.timedOut(requested: 32, jitter: 0.5)
        #expect(pacing.request(free: 64) == 16)
        _ = pacing.answered(requested: 16, received: 16, jitter: 0.5)
        #expect(pacing.request(free: 64) == 20)
        for _ in 0..<20 { _ = pacing.answered(requested: 1, received: 0, jitter: 0.5) }
        #expect(pacing.request(free: 64) == 64)
        for _ in 0..<20 { _ = pacing.timedOut(requested: pacing.most, jitter: 0.5) }
        #expect(pacing.request(free: 64) == 1)
    }

    @Test func aWakeUpEndsTheLongWaits() {
        var pacing = ClaimPacing(slots: 8, delay: .seconds(1) ... .seconds(4))
        for _ in 0..<4 { _ = pacing.answered(requested: 8, received: 0, jitter: 0.5) }
        pacing.wake()
        #expect(pacing.answered(requested: 8, received: 0, jitter: 0.5) == .seconds(1))
    }
}
