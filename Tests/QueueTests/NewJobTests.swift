import Queue
import Testing

@Suite struct NewJobTests {
    static let valid = NewJob(prompt: "1 + 1?", params: #"{"a": 1}"#, metadata: " {}")

    static let invalid: [(NewJob, String)] = [
        (NewJob(), "no_prompt"),
        (NewJob(prompt: "x", messages: "[]"), "prompt_and_messages"),
        (NewJob(prompt: ""), "blank_prompt"),
        (NewJob(prompt: " \n\t "), "blank_prompt"),
        (NewJob(prompt: "a\0b"), "nul_character"),
        (NewJob(prompt: String(repeating: "x", count: 16_777_217)), "too_long"),
        (NewJob(prompt: "x", customID: ""), "empty_field"),
        (NewJob(prompt: "x", customID: String(repeating: "é", count: 513)), "too_long"),
        (NewJob(prompt: "x", strategy: ""), "empty_field"),
        (NewJob(prompt: "x", params: "[1]"), "not_json"),
        (NewJob(prompt: "x", params: #"{"a": "\u0000"}"#), "nul_character"),
        (NewJob(messages: #"{"role": "user"}"#), "not_json"),
        (NewJob(prompt: "x", metadata: "3"), "not_json"),
        (NewJob(prompt: "x", maximumAttempts: 0), "out_of_range"),
        (NewJob(prompt: "x", timeoutSeconds: 0), "out_of_range"),
        (NewJob(prompt: "x", timeoutSeconds: .nan), "out_of_range"),
    ]

    @Test func aValidJobPasses() throws {
        try Self.valid.validate()
        try NewJob(messages: #"[{"role": "user", "content": "a \\u0000 b"}]"#).validate()
        try NewJob(prompt: "x", customID: String(repeating: "é", count: 512)).validate()
    }

    @Test(arguments: invalid.indices)
    func anInvalidJobIsRefusedWithItsReason(_ index: Int) {
        let (job, code) = Self.invalid[index]
        let error = #expect(throws: NewJobError.self) { try job.validate() }
        #expect(error?.code == code)
    }
}
