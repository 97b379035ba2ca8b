import Foundation
import Queue
import Testing

@testable import glimpq

@Suite struct IntervalsTests {
    /// Golden: Tests/Golden/calibration/intervals.py.
    @Test(
        arguments: [
            (0.25, 10, nil, 5), (0.25, 100, 16, 34), (0.25, 1000, 222, 277), (0.05, 59, nil, 7), (0.05, 1000, 36, 64),
            (0.5, 25, 7, 17), (0.9, 20000, 17915, 18083),
        ] as [(Double, Int, Int?, Int?)])
    func ranks(share: Double, count: Int, shallow: Int?, deep: Int?) {
        let ranks = Intervals.quantileRanks(share: share, count: count)
        #expect(ranks.shallow == shallow && ranks.deep == deep)
    }

    /// Golden: the same script.
    @Test(arguments: [
        (0, 10, 0.0, 0.27753279986288926), (3, 10, 0.10779126740630102, 0.6032218525388546),
        (50, 200, 0.19508168006817497, 0.31434098312045833), (200, 200, 0.9811546736227335, 1.0),
    ])
    func wilson(hits: Int, trials: Int, low: Double, high: Double) {
        let interval = Intervals.wilson(share: Double(hits) / Double(trials), trials: Double(trials))
        #expect(abs(interval.lowerBound - low) < 1e-12 && abs(interval.upperBound - high) < 1e-12)
    }
}

@Suite struct EntropySampleTests {
    static let key = ProbedJob.Key(pair: "demo", slmFingerprint: "f", template: "model", task: "t")

    static func job(
        _ number: Int64, _ entropies: [Double], tau: Double = 1, isCorrect: Bool? = nil, texts: [String] = [],
        id: String? = nil, problem: String? = nil
    ) -> ProbedJob {
        ProbedJob(
            key: key, job: number, customID: id, tau: tau, isCorrect: isCorrect, problem: problem,
            steps: entropies.enumerated().map { index, entropy in
                ProbedJob.Step(
                    index: index, entropy: entropy, isLLM: entropy > tau, tokens: 10 * (index + 1),
                    text: index < texts.count ? texts[index] : "")
            })
    }

    @Test func sharesAndThresholds() {
        let sample = EntropySample([Self.job(1, [0.1, 0.2, 3]), Self.job(2, [0.4, 0.2]), Self.job(3, [])])
        #expect(sample.jobs == 2 && sample.steps.count == 5)
        #expect(sample.count(above: 0.2) == 2 && sample.count(above: 0.19) == 4 && sample.count(above: 3) == 0)
        #expect(sample.threshold(forShare: 0.2) == 0.4)
        #expect(sample.threshold(forShare: 0.4) == 0.2)
        #expect(sample.threshold(forShare: 0.99) == 0.1)
        #expect(sample.tokenShare(above: 0.2) == 40.0 / 90)
        #expect(EntropySample([]).threshold(forShare: 0.5) == nil)
    }

    @Test func stepsOfOneJobAreNotIndependent() {
        // Whole jobs are above or below: 20 jobs are worth 20 steps, not 200.
        let alike = (0..<20).map { Self.job(Int64($0), [Double](repeating: Double($0), count: 10)) }
        let sample = EntropySample(alike)
        #expect(abs(sample.designEffect(at: 9) - 10 * 20.0 / 19) < 1e-9)
        let mixed = EntropySample((0..<20).map { Self.job(Int64($0), [1, 2, 3, 4]) })
        #expect(mixed.designEffect(at: 2) == 1)
        let (wide, narrow) = (sample.shareInterval(at: 9), mixed.shareInterval(at: 2))
        #expect(wide.upperBound - wide.lowerBound > 0.4 && narrow.upperBound - narrow.lowerBound < 0.22)
    }

    /// Seeds and variants of one problem do not make the sample larger: each interval is that of one job per problem.
    @Test func jobsOfOneProblemAreNotIndependent() {
        func jobs(each: Int) -> [ProbedJob] {
            (0..<40).flatMap { problem in
                (0..<each).map {
                    Self.job(
                        Int64(problem * each + $0), [Double](repeating: Double(problem), count: 3),
                        isCorrect: problem % 4 > 0,
                        problem: "p\(problem)")
                }
            }
        }
        let (once, often) = (EntropySample(jobs(each: 1)), EntropySample(jobs(each: 12)))
        #expect(often.jobs == 480 && often.problems == 40 && once.problems == 40)
        let (narrow, wide) = (once.shareInterval(at: 9.5), often.shareInterval(at: 9.5))
        #expect(abs(narrow.lowerBound - wide.lowerBound) < 1e-9 && abs(narrow.upperBound - wide.upperBound) < 1e-9)
        let runs = [1, 12].map {
            CalibrationReport(jobs(each: $0), key: Self.key, target: nil, taus: [], references: [:]).runs[0]
        }
        #expect(abs(runs[0].interval.lowerBound - runs[1].interval.lowerBound) < 0.01 && runs[1].graded == 480)
    }

    /// Of samples from a known distribution at least 95 % of the intervals hold its quantile.
    @Test func theIntervalOfTheThresholdCovers() {
        var state: UInt64 = 1
        func draw() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / 0x1p53
        }
        var covered = 0
        for _ in 0..<500 {
            let jobs = (0..<150).map { Self.job(Int64($0), [draw(), draw()]) }
            let interval = EntropySample(jobs).thresholdInterval(forShare: 0.25)
            if let low = interval.low, let high = interval.high, low <= 0.75, 0.75 <= high { covered += 1 }
        }
        // The design effect is estimated, which costs a little; below 0.93 would be 2.7 standard deviations off.
        #expect(covered >= 465)
    }
}

@Suite struct CalibrationReportTests {
    private func report(_ jobs: [ProbedJob], _ target: CalibrationReport.Target?, references: [String: [String]] = [:])
        -> CalibrationReport
    {
        CalibrationReport(jobs, key: EntropySampleTests.key, target: target, taus: [], references: references)
    }

    @Test func aThresholdForAShare() throws {
        let jobs = (0..<100).map { EntropySampleTests.job(Int64($0), [Double($0) / 100, 0.001]) }
        let chosen = try #require(report(jobs, .share(0.25)).chosen)
        #expect(chosen.line.tau == 0.49 && chosen.line.share == 0.25)
        #expect((chosen.tauInterval.low ?? 9) < 0.49 && (chosen.tauInterval.high ?? 0) > 0.49)
    }

    @Test func aThresholdForAnAccuracyIsOneThatRan() throws {
        var jobs: [ProbedJob] = []
        for (tau, right) in [(0.2, 29), (0.5, 27), (0.9, 20)] {
            for number in 0..<30 {
                jobs.append(EntropySampleTests.job(Int64(number), [0.3, 0.7, 1], tau: tau, isCorrect: number < right))
            }
        }
        #expect(report(jobs, .accuracy(0.9)).chosen?.line.tau == 0.5)
        #expect(report(jobs, .accuracy(0.95)).chosen?.line.tau == 0.2)
        #expect(report(jobs, .accuracy(0.99)).chosen == nil)
        #expect(report(jobs, nil).runs.map(\.correct) == [29, 27, 20])
    }

    @Test func labelledStepsTellTheExpectedAccuracy() throws {
        let references = ["a": ["one", "two", "three"]]
        // The small model is right at 0.1, wrong at 0.8; the large one right. Behind a wrong step nothing counts.
        let right = EntropySampleTests.job(
            1, [0.1, 2, 0.1], tau: 1, texts: ["one\n\n", "two\n\n", "three\n</think>"], id: "a")
        let wrong = EntropySampleTests.job(2, [0.8, 0.1], tau: 1, texts: ["uno\n\n", "two\n\n"], id: "a")
        #expect(ReferenceLabels.labels(of: right, reference: ["one", "two", "three"]) == [true, true, true])
        #expect(ReferenceLabels.labels(of: wrong, reference: ["one", "two", "three"]) == [false])
        let sample = EntropySample([right, wrong])
        let errors = StepErrors([right, wrong], references: references)
        #expect(errors.smallCount == 3 && errors.largeCount == 1)
        #expect(errors.accuracy(at: 0.5, of: sample)?.share == 1)
        #expect(abs((errors.accuracy(at: 0.9, of: sample)?.share ?? 0) - (1 - 0.8 / 3)) < 1e-12)
        // The small model never wrote at an entropy of 2.
        #expect(errors.accuracy(at: 2.5, of: sample) == nil)
    }

    @Test func textAndJSON() throws {
        let jobs = (0..<30).map { EntropySampleTests.job(Int64($0), [Double($0) / 10, 0.01], isCorrect: true) }
        let report = report(jobs, .share(0.2))
        let text = report.text(Palette(isOn: false))
        #expect(text.contains("pair demo, template model, task t") && text.contains("60 probed steps of 30 jobs"))
        #expect(text.contains("tau 1.7000 nats"))
        let node = try JSONReader.parse(Array(report.json.utf8))
        #expect(node["chosen"]?["tau"] != nil && node["thresholds"] != nil)
    }
}

@Suite struct PoolFileEditTests {
    private func edited(_ text: String, pair: String = "demo") throws -> String {
        let bytes = try PoolFileEdit.setting(defaultTau: 0.25, ofPair: pair, in: Array(text.utf8), path: "pool.json")
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func onlyTheValueChanges() throws {
        let text =
            "{\n  \"pairs\": {\n    \"demo\": { \"slm\": \"a\", \"default_tau\": 1.50e0 , \"llm\": \"b\" }\n  }\n}\n"
        #expect(try edited(text) == text.replacingOccurrences(of: "1.50e0", with: "0.25"))
    }

    @Test func aMissingKeyComesFirstInTheStyleOfTheFile() throws {
        let text = "{\"pairs\": {\n  \"demo\": {\n    \"slm\": \"a\"\n  }\n}}"
        #expect(
            try edited(text) == "{\"pairs\": {\n  \"demo\": {\n    \"default_tau\": 0.25,\n    \"slm\": \"a\"\n  }\n}}")
        #expect(
            try edited(#"{"pairs":{"demo":{"slm":"a"}}}"#) == #"{"pairs":{"demo":{"default_tau": 0.25, "slm":"a"}}}"#)
        #expect(try edited(#"{"pairs":{"demo":{}}}"#) == #"{"pairs":{"demo":{"default_tau": 0.25}}}"#)
    }

    @Test func aPairThatIsNotThereIsRefused() {
        #expect(throws: CommandFailure.self) { try edited(#"{"pairs": {"other": {}}}"#) }
        #expect(throws: CommandFailure.self) { try edited("{") }
    }

    @Test func theShippedFileStaysReadable() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Config/models.demo.json"), encoding: .utf8)
        let changed = try edited(text)
        let node = try JSONReader.parse(Array(changed.utf8))
        #expect(changed != text && node["pairs"]?["demo"]?["default_tau"] != nil)
    }
}
