import Queue
import Testing

@testable import glimpq

@Suite struct LimitValueTests {
    @Test(arguments: [
        ("90", Duration.seconds(90)), ("90s", .seconds(90)), ("10m", .seconds(600)), ("2h", .seconds(7200)),
        ("1d", .seconds(86_400)), ("", nil), ("0", nil), ("0s", nil), ("-5m", nil), ("1.5h", nil), ("h", nil),
        ("10 m", nil), ("9223372036854775807d", nil), ("99999d", nil),
    ])
    func timesHaveUnits(text: String, expected: Duration?) {
        #expect(TimeSpan(argument: text)?.duration == expected)
    }

    @Test(arguments: [
        ("0", 0), ("64", 64), ("2147483647", 2_147_483_647), ("2147483648", nil), ("-1", nil), ("x", nil),
    ])
    func limitsAreNumbersOfJobs(text: String, expected: Int?) {
        #expect(WholeNumber(argument: text)?.value == expected)
    }

    @Test func noneTakesASettingBackAndNothingLeavesIt() {
        let given = [nil, LimitValue<WholeNumber>(argument: "none"), LimitValue(argument: "7")]
        #expect(given.map { LimitValue.change($0) { $0.value } } == [.keep, .clear, .set(7)])
        #expect(LimitValue<WholeNumber>(argument: "nothing") == nil)
    }
}
