import Queue
import Testing

@testable import glimpq

@Suite struct UsualLineTests {
    private static let seeds = [
        #"{"custom_id":"a-1","prompt":"What is 7 / 2 ?","reference_answer":"3 r 1","params":{"tau":0.2}}"#,
        #"{"prompt":"tab\t\\n \"quoted\" \u00e9 \ud83d\ude00 \/","params": { "tau" : 0.2 } , "seed":42}"#,
        #"{"messages":[{"role":"system","content":"be \\ brief"},{"content":"x\ny","role":"user"}],"strategy":"llm"}"#,
        #"{"prompt":"é 数学 1","metadata":{"k":[1,-2.5,"\u000b",{"a":null,"b":true}],"l":{}},"strategy":"slm"}"#,
        #" {"prompt":"x","params":{"seed":3},"seed":3} "#, #"{"prompt":"x","reference_answer":"","seed":0}"#,
    ].map { Array($0.utf8) }

    /// An encoder that knows the parameters of the seeds, and the parser that it must agree with.
    private func pair(_ defaults: JobDefaults) -> (UsualLine, JobParser) {
        var parser = JobParser(defaults: defaults)
        var usual = UsualLine(defaults: defaults)
        for seed in Self.seeds { if let job = try? parser.job(seed) { usual.learn(seed[...], job) } }
        return (usual, parser)
    }

    private func rows(_ job: NewJob) -> [UInt8] {
        var rows = JobRows(batch: 17)
        rows.append(checked: job)
        return rows.bytes
    }

    @Test func takesWhatItHasSeen() throws {
        var (usual, parser) = pair(JobDefaults())
        for seed in Self.seeds.dropFirst().dropLast(2) + [Self.seeds[0]] {
            var rows = JobRows(batch: 17)
            #expect(usual.append(seed[...], to: &rows), "\(String(decoding: seed, as: UTF8.self))")
            #expect(rows.bytes == self.rows(try #require(try parser.job(seed))))
        }
        var rows = JobRows(batch: 17)
        let other = Array(#"{"prompt":"x","params":{"tau":0.3}}"#.utf8)
        #expect(!usual.append(other[...], to: &rows))
        #expect(rows.count == 0 && rows.bytes.isEmpty)
        usual.learn(other[...], try #require(try parser.job(other)))
        #expect(usual.append(other[...], to: &rows))
    }

    @Test func twoSeedsAreComparedEachTime() {
        let (usual, _) = pair(JobDefaults())
        var rows = JobRows(batch: 17)
        #expect(!usual.append(Array(#"{"prompt":"x","params":{"seed":3},"seed":4}"#.utf8)[...], to: &rows))
    }

    /// The parser is the other opinion: whatever the short way takes, the long way takes too, as the same row.
    @Test func agreesWithTheParserOnMutatedLines() throws {
        var defaults = JobDefaults()
        (defaults.pair, defaults.tenant, defaults.priority) = ("p\\", "t", -3)
        try defaults.add(parameter: "temperature=0.5")
        var (usual, parser) = pair(defaults)
        var generator = SplitMix(state: 5)
        let words =
            [
                "\"prompt\":", "\"seed\":", "\\u0000", "\\u0041", "\\ud800", "\\udc00", "null", "\"", "\\", "{", "}",
                "[", "]",
                ",", ":", "1e5", "-0", "00", "\"custom_id\":\"\"", " ", "\u{0}", "\n", "\r", "\u{7F}", "é", "\u{2028}",
                "\"role\":\"user\",", "\"content\":\"\"",
            ].map { Array($0.utf8) } + [[0xC3], [0xED, 0xA0, 0x80]]
        var taken = 0
        for _ in 0..<60_000 {
            var line = Self.seeds[Int.random(in: 0..<Self.seeds.count, using: &generator)]
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<line.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: line[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: line.remove(at: place)
                case 2: line.insert(contentsOf: words[Int.random(in: 0..<words.count, using: &generator)], at: place)
                default: line.insert(contentsOf: line[place...].prefix(9), at: place)
                }
            }
            if line.contains(0x0A) { continue }
            var rows = JobRows(batch: 17)
            guard usual.append(line[...], to: &rows) else { continue }
            taken += 1
            let shown = String(decoding: line, as: UTF8.self)
            do {
                let job = try #require(try parser.job(line), "\(shown)")
                #expect(rows.bytes == self.rows(job), "\(shown)")
            } catch {
                Issue.record("taken, but the parser says \(error): \(shown)")
            }
        }
        #expect(taken > 1_000)
        usual.learn([], NewJob(prompt: "x"))
    }

    @Test func wellFormedUTF8() {
        var generator = SplitMix(state: 9)
        let pieces: [[UInt8]] = [
            [0x61], [0xC3, 0xA9], [0xE2, 0x82, 0xAC], [0xF0, 0x9F, 0x98, 0x80], [0xC0], [0xC1, 0x80],
            [0xE0, 0x9F, 0x80],
            [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5], [0x80], [0xE2, 0x82],
            [0xF4, 0x8F, 0xBF, 0xBF], [0xEF, 0xBF, 0xBF], [0, 0x7F], Array("eightbytes".utf8),
        ]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...6, using: &generator)).flatMap { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &generator)]
            }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            #expect(bytes.withUnsafeBytes(UTF8Check.isWellFormed) == expected, "\(bytes)")
        }
    }
}
