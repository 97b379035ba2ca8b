import Queue
import Testing

@testable import glimpq

@Suite struct JobParserTests {
    private func parse(
        _ line: String, defaults: JobDefaults = JobDefaults(), pairs: Set<String>? = nil
    ) throws -> NewJob? {
        var parser = JobParser(defaults: defaults, pairs: pairs)
        return try parser.job(Array(line.utf8))
    }

    private func fault(_ line: String, pairs: Set<String>? = nil) -> String? {
        do {
            _ = try parse(line, pairs: pairs)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func ownForm() throws {
        let job = try parse(
            """
            {"custom_id":"a","prompt":"x","strategy":"glimprouter","params":{ "tau" : 0.5 },"pair":"p","seed":-1,
             "reference_answer":"1","metadata":{"k":[1]},"priority":-3,"queue":"q","tenant":"t","max_attempts":7,
             "timeout":2.5}
            """)
        #expect(
            job
                == NewJob(
                    prompt: "x", customID: "a", pair: "p", params: #"{"tau": 0.5}"#, seed: .max, referenceAnswer: "1",
                    metadata: #"{"k":[1]}"#, priority: -3, queue: "q", tenant: "t", maximumAttempts: 7,
                    timeoutSeconds: 2.5))
    }

    @Test func nullCountsAsAbsent() throws {
        #expect(try parse(#"{"prompt":"x","params":null,"seed":null,"messages":null}"#) == NewJob(prompt: "x"))
    }

    @Test func blankLinesAreNoJobs() throws {
        #expect(try parse("") == nil)
        #expect(try parse(" \t\r") == nil)
    }

    @Test func defaultsApplyToWhatALineLeavesOut() throws {
        var defaults = JobDefaults()
        defaults.strategy = "llm"
        try defaults.add(parameter: "temperature=0")
        try defaults.add(parameter: "grader=boxed")
        #expect(try parse(#"{"prompt":"x"}"#, defaults: defaults)?.params == #"{"grader": "boxed", "temperature": 0}"#)
        let job = try parse(#"{"prompt":"x","params":{"temperature":1}}"#, defaults: defaults)
        #expect(job?.params == #"{"temperature": 1, "grader": "boxed"}"#)
        #expect(job?.strategy == "llm")
    }

    @Test(arguments: ["x", "=1"])
    func refusesParametersWithoutName(_ text: String) {
        var defaults = JobDefaults()
        #expect(throws: CommandFailure.self) { try defaults.add(parameter: text) }
    }

    @Test(arguments: [
        (#"{"custom_id":"b"}"#, "the job has neither a prompt nor messages"),
        (#"{"prompt":"x","messages":[{"role":"user","content":"y"}]}"#, "both a prompt and messages"),
        (#"{"prompt":"  "}"#, "white space only"),
        (#"{"prompt":1}"#, "prompt: expected a string, got 1"),
        (#"{"prompt":"x","params":[]}"#, "params: expected an object, got an array"),
        (#"{"prompt":"x","params":{"tau":"a"}}"#, "params.tau: expected a number"),
        (#"{"prompt":"x","params":{"tua":1}}"#, "params.tua: expected a parameter of strategy glimprouter"),
        (#"{"prompt":"x","strategy":"foo"}"#, "strategy: expected one of"),
        (#"{"prompt":"x","seed":1.5}"#, "seed: expected a whole number of 64 bits, got 1.5"),
        (#"{"prompt":"x","seed":18446744073709551616}"#, "seed: expected a whole number of 64 bits"),
        (#"{"prompt":"x","seed":1,"params":{"seed":2}}"#, "params.seed: expected no other seed"),
        (#"{"prompt":"x","priority":40000}"#, "priority: expected a whole number in -32768...32767"),
        (#"{"prompt":"x","max_attempts":0}"#, "max_attempts: expected a whole number in 1...100, got 0"),
        (#"{"prompt":"x","timeout":-1}"#, "timeout"),
        (#"{"prompt":"a\u0000b"}"#, "NUL character"),
        (#"{"prompt":"x","custom_id":""}"#, "custom_id is empty"),
        (#"{"prompt":"x","bogus":1}"#, "bogus: unknown key; known are custom_id"),
        (#"{"messages":[{"role":"robot","content":"y"}]}"#, "messages[0].role: expected one of"),
        (#"{"messages":{}}"#, "messages: expected an array of turns, got an object"),
        (#"[1]"#, "expected a JSON object, got an array"),
        (#"{"prompt":"x""#, "not JSON: column 14"),
    ])
    func refuses(line: String, reason: String) throws {
        let fault = try #require(self.fault(line), "accepted: \(line)")
        #expect(fault.contains(reason))
    }

    @Test func refusesPairsThatThePoolLacks() throws {
        #expect(fault(#"{"prompt":"x","pair":"a"}"#, pairs: ["a", "b"]) == nil)
        #expect(
            fault(#"{"prompt":"x","pair":"c"}"#, pairs: ["a", "b"])
                == #"pair: expected one of "a", "b" (the model pool file), got "c""#)
    }

    @Test func refusesWhatIsNotUTF8WithItsPlace() {
        var parser = JobParser(defaults: JobDefaults())
        let error = #expect(throws: LineFault.self) {
            try parser.job(Array(#"{"prompt":"caf"#.utf8) + [0xE9] + Array(#""}"#.utf8))
        }
        #expect(error?.description.hasPrefix("column 15: expected UTF-8, got byte 0xe9") == true)
    }

    @Test func anAcceptedStrategyDoesNotHideALaterFault() throws {
        var parser = JobParser(defaults: JobDefaults())
        _ = try parser.job(Array(#"{"prompt":"x"}"#.utf8))
        #expect(throws: LineFault.self) { try parser.job(Array(#"{"prompt":" "}"#.utf8)) }
        #expect(throws: LineFault.self) { try parser.job(Array(#"{"prompt":"x","seed":1,"params":{"seed":2}}"#.utf8)) }
        #expect(throws: LineFault.self) { try parser.job(Array(#"{"prompt":"x","params":{"tau":-1}}"#.utf8)) }
    }
}
