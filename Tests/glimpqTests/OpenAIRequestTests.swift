import Queue
import Testing

@testable import glimpq

@Suite struct OpenAIRequestTests {
    private func parse(_ body: String, url: String = "/v1/chat/completions") throws -> NewJob? {
        var defaults = JobDefaults()
        defaults.strategy = "llm"
        defaults.pair = "demo"
        var parser = JobParser(defaults: defaults)
        return try parser.job(Array(#"{"custom_id":"r","method":"POST","url":"\#(url)","body":\#(body)}"#.utf8))
    }

    @Test func chat() throws {
        let job = try parse(
            """
            {"model":"m","messages":[{"role":"developer","content":"be \\"brief\\""},
             {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],
             "temperature":0,"top_p":1,"max_completion_tokens":100,"max_tokens":5,"seed":3,"n":1,"stream":false,"stop":null,
             "logprobs":false,"tools":[],"response_format":{"type":"text"},"logit_bias":{}}
            """)
        #expect(job?.messages == #"[{"role": "system", "content": "be \"brief\""}, {"role": "user", "content": "ab"}]"#)
        #expect(
            job?.params == #"{"temperature": 0, "top_p": 1, "max_thinking_tokens": 100, "max_answer_tokens": 5}"#)
        #expect(job?.seed == 3)
        #expect(job?.strategy == "llm")
        #expect(job?.pair == "demo")
        #expect(job?.metadata == #"{"openai_model": "m", "url": "/v1/chat/completions"}"#)
    }

    @Test func completion() throws {
        let job = try parse(#"{"model":"m","prompt":"2+2="}"#, url: "/v1/completions")
        #expect(job?.prompt == "2+2=")
        #expect(job?.params == #"{"template": "raw"}"#)
    }

    @Test(arguments: [
        (#"{"messages":[{"role":"user","content":"x"}],"magic":[]}"#, "body.magic: unknown key"),
        (#"{"messages":[{"role":"user","content":"x"}],"tools":[{}]}"#, "body.tools: expected nothing, got an array"),
        (#"{"messages":[{"role":"user","content":"x"}],"stop":"\n"}"#, "body.stop: expected nothing"),
        (#"{"messages":[{"role":"user","content":"x"}],"logprobs":true}"#, "body.logprobs: expected false, got true"),
        (
            #"{"messages":[{"role":"user","content":"x"}],"top_logprobs":3}"#,
            "body.top_logprobs: expected nothing, got 3"
        ),
        (
            #"{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_object"}}"#,
            "body.response_format: expected {\"type\": \"text\"}"
        ),
        (#"{"messages":[{"role":"user","content":"x"}],"n":2}"#, "body.n: expected 1, got 2"),
        (#"{"messages":[{"role":"user","content":"x"}],"stream":true}"#, "body.stream: expected false"),
        (#"{"messages":[{"role":"user","content":"x"}],"presence_penalty":0.5}"#, "body.presence_penalty: expected 0"),
        (#"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#, "body.messages[0].content[0]"),
        (#"{"messages":[{"role":"tool","content":"x"}]}"#, "messages[0].role"),
        (#"{"messages":[]}"#, "messages"),
        (#"{"model":"m"}"#, "body.messages: expected an array of turns, got nothing"),
        (#"{"messages":[{"role":"user","content":"x"}],"temperature":-1}"#, "params.temperature"),
    ])
    func refuses(body: String, reason: String) throws {
        let error = try #require(throws: LineFault.self) { try parse(body) }
        #expect(error.description.contains(reason))
    }

    @Test(arguments: [
        #"{"method":"POST","url":"/v1/chat/completions","body":{}}"#,
        #"{"custom_id":"a","method":"GET","url":"/v1/chat/completions","body":{}}"#,
        #"{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"input":"x"}}"#,
        #"{"custom_id":"a","method":"POST","url":"/v1/chat/completions"}"#,
    ])
    func refusesOtherRequests(line: String) {
        var parser = JobParser(defaults: JobDefaults())
        #expect(throws: LineFault.self) { try parser.job(Array(line.utf8)) }
    }
}
