import Foundation
import Testing

@testable import glimpq

@Suite struct FiguresTests {
    @Test func grouped() {
        #expect([0, 12, 999, 1000, -1_234_567].map(Figures.grouped) == ["0", "12", "999", "1,000", "-1,234,567"])
    }

    @Test func fixed() {
        #expect(Figures.fixed(0.125, 2) == "0.13")
        #expect(Figures.fixed(-0.001, 2) == "0.00")
        #expect(Figures.fixed(-1.5, 1) == "-1.5")
        #expect(Figures.fixed(2.0, 0) == "2")
        #expect(Figures.fixed(.nan, 2) == "nan")
        #expect(Figures.fixed(1e300, 2) == "1e+300")
    }

    @Test func durations() {
        #expect(
            [0.04, 9.94, 59.4, 200, 7_500, 200_000].map(Figures.duration) == [
                "0.0 s", "9.9 s", "59 s", "3 min 20 s", "2 h 5 min", "2 d 7 h",
            ])
    }

    @Test func bytes() {
        #expect([0, 1023, 1536, 5 << 30].map(Figures.bytes) == ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"])
    }

    @Test func roundedJSONNumbers() {
        #expect([0, 1.5, 12, -0.0000321, 1e-9].map(JSONText.rounded) == ["0.0", "1.5", "12.0", "-0.000032", "0.0"])
        #expect(JSONText.rounded(.infinity) == "null")
    }
}

@Suite struct TerminalOutputTests {
    @Test func tablesAlign() {
        var table = TextTable([("name", .left), ("n", .right)])
        #expect(table.isEmpty)
        table.append(["a", "1"])
        table.append(["bcdef", "1,000"])
        #expect(table.rendered(Palette(isOn: false)) == "name       n\na          1\nbcdef  1,000")
    }

    @Test func coloursOnlyWhereWanted() {
        #expect(Palette(isOn: false).bad("x") == "x")
        #expect(Palette(isOn: true).bad("x\n\ny") == "\u{1B}[31mx\u{1B}[0m\n\n\u{1B}[31my\u{1B}[0m")
    }

    @Test func controlCharactersAreTakenOut() {
        #expect("a\u{1B}[31m\tb\n\u{9B}c".printable == "a\u{FFFD}[31m\tb\n\u{FFFD}c")
    }

    @Test func progressOnATerminal() {
        var meter = ProgressMeter(noun: "jobs", isInteractive: true)
        #expect(meter.report(count: 1, fraction: 0.1, elapsed: .milliseconds(100)) == nil)
        #expect(meter.cleared == "")
        let line = meter.report(count: 2000, fraction: 0.25, elapsed: .seconds(2))
        #expect(line == "\r\u{1B}[K2,000 jobs   25 %   1,000 per s   6.0 s to go")
        #expect(meter.report(count: 2001, fraction: 0.25, elapsed: .milliseconds(2100)) == nil)
        #expect(meter.cleared == "\r\u{1B}[K")
    }

    @Test func progressInAPipe() {
        var meter = ProgressMeter(noun: "jobs", isInteractive: false)
        #expect(meter.report(count: 5, fraction: nil, elapsed: .seconds(9)) == nil)
        #expect(meter.report(count: 50, fraction: nil, elapsed: .seconds(10)) == "50 jobs   5 per s\n")
        #expect(meter.cleared == "")
    }
}
