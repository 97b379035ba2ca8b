import Engine
import Foundation
import Postgres

@testable import Queue
@testable import glimpq

extension FuzzTarget {
    private static let folder = ScratchFolder()

    private static let lines = [
        #"{"prompt":"What is 2+2?"}"#,
        #"{"custom_id":"a","prompt":"x","strategy":"glimprouter","params":{ "tau" : 0.5 },"pair":"p","seed":-1,"reference_answer":"1","metadata":{"k":[1]},"priority":-3,"queue":"q","tenant":"t","max_attempts":7,"timeout":2.5}"#,
        #"{"messages":[{"role":"system","content":"Be\u00e9 \ud83d\ude00 brief."},{"role":"user","content":"<|im_end|>"}]}"#,
        #"{"custom_id":"r","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"developer","content":[{"type":"text","text":"a"}]},{"role":"user","content":"b","name":"n"}],"temperature":0.7,"top_p":1,"max_completion_tokens":10,"max_tokens":5,"seed":18446744073709551615,"n":1,"stream":false,"presence_penalty":0}}"#,
        #"{"custom_id":"c","method":"POST","url":"/v1/completions","body":{"model":"m","prompt":"1+1=","max_tokens":5}}"#,
        #"{"prompt":"x","strategy":"specreason","params":{"temperature":1e-3,"grader":"boxed","max_thinking_tokens":100,"step_delimiter":"\n\n"}}"#,
        #"{"prompt":"x","params":{"tau":1e400,"template":"raw"}}"#,
    ]

    private static let words = [
        "\"custom_id\":", "\"prompt\":", "\"messages\":", "\"params\":", "\"seed\":", "\"metadata\":", "\"body\":",
        "\"role\":",
        "\"content\":", "\"user\"", "\"system\"", "\"assistant\"", "\"strategy\":", "\"timeout\":", "\\u0000",
        "\\ud800",
        "\\udc00", "\\\\u0000", "null", "true", "1e400", "-0", "18446744073709551615", "1e-400", "[]", "{}", "\u{FEFF}",
        "\"grader\"", "\"temperature\"", "\"tau\"", "\"template\":\"raw\"", "\"rate\"", "\"n\":2", "\r", "\u{2028}",
    ]

    /// One line of `enqueue`, in our own form or that of OpenAI batches: an accepted job is one row of COPY that the
    /// table takes, its JSON still JSON, and a refused line can be written down.
    static let jobLine = FuzzTarget(
        name: "job-line", longestInput: 2048, seeds: { lines.map { Array($0.utf8) } }, words: words,
        run: { input in
            var defaults = JobDefaults()
            try? defaults.add(parameter: "temperature=0.5")
            var parser = JobParser(defaults: defaults, pairs: ["p"])
            do {
                guard let job = try parser.job(input) else { return }
                for json in [job.params, job.messages, job.metadata].compactMap(\.self) {
                    expect((try? JSONReader.parse(Array(json.utf8))) != nil, "what is stored is JSON: \(json)")
                }
                expect((try? job.validate()) != nil, "an accepted job is valid")
                var encoder = CopyTextEncoder()
                job.encode(into: &encoder, batch: "1")
                expect(encoder.bytes.count { $0 == 0x0A } == 1 && !encoder.bytes.contains(0), "a job is one row")
                expect(encoder.bytes.count { $0 == 0x09 } == 14, "a row has its columns")
            } catch {
                let shown = JSONText.string("\(error)")
                expect((try? JSONReader.parse(Array(shown.utf8))) != nil, "a refusal can be written down: \(shown)")
            }
        })

    /// Where the short way of `enqueue` takes a line, it makes the row that the long way makes.
    static let usualLine = FuzzTarget(
        name: "usual-line", longestInput: 2048, seeds: { lines.map { Array($0.utf8) } }, words: words,
        run: { input in
            var parser = JobParser(defaults: JobDefaults())
            var usual = UsualLine(defaults: JobDefaults())
            for line in lines.map({ Array($0.utf8) }) + [input] {
                if let job = try? parser.job(line) { usual.learn(line[...], job) }
            }
            var (short, long) = (JobRows(batch: 1), JobRows(batch: 1))
            guard usual.append(input[...], to: &short) else { return }
            guard let job = try? parser.job(input) else {
                expect(false, "a line that the parser refuses was taken")
                return
            }
            long.append(checked: job)
            expect(short.bytes == long.bytes, "both ways make the same row")
        })

    /// A whole file of lines: nothing is lost or invented.
    static let jobLines = FuzzTarget(
        name: "job-lines", longestInput: 1024,
        seeds: {
            [Array(lines.prefix(2).joined(separator: "\n").utf8), Array("\u{FEFF}a\r\n\n".utf8), [0xFF, 0xFE, 0]]
        },
        words: ["\n", "\r\n", "\u{FEFF}"],
        run: { input in
            folder.write("jobs.jsonl", input)
            var lines: [[UInt8]] = []
            do {
                var reader = try LineReader(path: folder.path + "/jobs.jsonl")
                while let line = try reader.next() {
                    lines.append(Array(line.bytes))
                    expect(line.number == lines.count, "lines are counted from 1")
                }
            } catch { return }
            var joined = Array(lines.joined(separator: [0x0A]))
            if input.last == 0x0A { joined.append(0x0A) }
            let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
            expect(joined == (input.starts(with: mark) ? Array(input.dropFirst(3)) : input), "lines are the file")
        })

    /// The model pool file.
    static let modelPool = FuzzTarget(
        name: "model-pool",
        seeds: {
            [
                #"{"threads":2,"default_pair":"demo","models":{"s":{"path":"../slm","kv_cache_mib":64,"kernels":"own","max_batch_tokens":512,"max_prefill_chunk":128,"template":"raw"},"l":{"path":"llm"}},"pairs":{"demo":{"slm":"s","llm":"l","entropy_sample":[0.1,2],"default_tau":0.2}}}"#,
                "{}", #"{"models":{},"pairs":{},"default_pair":""}"#,
            ].map { Array($0.utf8) }
        },
        words: [
            "threads", "default_pair", "models", "pairs", "path", "kv_cache_mib", "kernels", "entropy_sample",
            "default_tau",
            "9223372036854775807", "1e400", "-1", "null", "[[[[", "{\"a\":", "\\ud800", "0.5",
        ],
        run: { input in
            folder.write("models.json", input)
            let file = URL(fileURLWithPath: folder.path + "/models.json")
            do {
                let pool = try ModelPoolDescription.read(file)
                expect(pool.pairs[pool.defaultPair] != nil, "the default pair is there")
                expect((pool.threads ?? 1) > 0, "threads are positive")
            } catch { expect("\(error)".contains("models.json"), "the message names the file: \(error)") }
        })

    /// The settings file.
    static let environment = FuzzTarget(
        name: "environment", longestInput: 512,
        seeds: { ["# x\nGLIMPQ_DATABASE_URL=\"postgres:///a\"\n", "GLIMPQ_MODELS='a b'\n\n"].map { Array($0.utf8) } },
        words: Setting.allCases.map(\.variable) + ["=", "\"", "'", "\n", "#"],
        run: { input in
            guard let file = try? EnvironmentFile(String(decoding: input, as: UTF8.self), path: "x") else { return }
            expect(
                file.values.keys.allSatisfy { key in Setting.allCases.contains { $0.variable == key } }, "known names")
        })
}
