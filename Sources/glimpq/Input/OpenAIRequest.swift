/// A line of an OpenAI batch file: `custom_id`, `method`, `url`, and the request in `body`.
///
/// What cannot be honoured (tools, several choices, logprobs, …) is refused rather than ignored. `max_completion_tokens`
/// bounds the thinking, `max_tokens` the answer.
struct OpenAIRequest {
    /// The producer's key.
    let customID: String
    /// Where the request was meant to go.
    let url: String
    /// The model it named; kept for the output, as the pair is the command line's to choose.
    let model: String
    /// Text of a completion request.
    let prompt: String?
    /// Chat turns as JSON text.
    let messages: String?
    /// Our parameters as names and JSON texts.
    var parameters: [(name: String, value: String)] = []
    /// Seed of all random draws.
    let seed: UInt64?

    /// Takes a line apart.
    init(_ fields: inout JobFields) throws(LineFault) {
        guard let id = try fields.text("custom_id") else {
            throw LineFault("custom_id", expected: "a string", got: nil)
        }
        customID = id
        let method = try fields.text("method")
        guard method == "POST" else {
            throw LineFault("method", "expected \"POST\", got \(method?.debugDescription ?? "nothing")")
        }
        url = try fields.text("url") ?? ""
        guard let body = try fields.object("body"), case .object(let members) = body.node.value else {
            throw LineFault("body", expected: "an object", got: nil)
        }
        try fields.finish()

        var request = JobFields(members, line: fields.line, prefix: "body.")
        model = try request.text("model") ?? ""
        switch url {
        case "/v1/chat/completions":
            messages = try Self.messages(&request)
            prompt = nil
        case "/v1/completions":
            prompt = try request.text("prompt")
            messages = nil
            parameters.append(("template", "\"raw\""))
        default:
            throw LineFault(
                "url", "expected \"/v1/chat/completions\" or \"/v1/completions\", got \(url.debugDescription)")
        }
        for (name, ours) in [
            ("temperature", "temperature"), ("top_p", "top_p"), ("max_completion_tokens", "max_thinking_tokens"),
            ("max_tokens", "max_answer_tokens"),
        ] {
            let number = try request.json(name, "a number") { if case .number = $0 { true } else { false } }
            if let number { parameters.append((ours, number.text)) }
        }
        seed = try request.seed("seed")
        try Self.refuseWhatIsNotDone(&request)
        for harmless in ["user", "store", "metadata", "service_tier", "safety_identifier", "prompt_cache_key"] {
            _ = request.node(harmless)
        }
        try request.finish()
    }

    /// Settings that may be spelt out, as long as they ask for what we do anyway.
    private static func refuseWhatIsNotDone(_ request: inout JobFields) throws(LineFault) {
        for count in ["n", "best_of"] {
            if let value = try request.integer(count, in: 1...1_000_000), value != 1 {
                throw LineFault(
                    "body.\(count)", "expected 1, got \(value); enqueue the request several times with different seeds")
            }
        }
        for (flag, reason) in [
            ("stream", "results come when the job is done"), ("logprobs", "log-probabilities are not kept"),
            ("echo", "the prompt is not repeated"), ("parallel_tool_calls", "tools are not supported"),
        ] {
            if let node = request.node(flag), !isOff(node) {
                throw LineFault("body.\(flag)", "expected false, got \(node.shown); \(reason)")
            }
        }
        for penalty in ["presence_penalty", "frequency_penalty"] {
            if let value = try request.number(penalty), value != 0 {
                throw LineFault("body.\(penalty)", "expected 0, got \(value); penalties are not supported")
            }
        }
        for (name, reason) in [
            ("stop", "an answer ends where its model ends it"), ("tools", "tools are not supported"),
            ("functions", "tools are not supported"), ("logit_bias", "the models' choice is not bent"),
        ] {
            if let node = request.node(name), !isEmpty(node) {
                throw LineFault("body.\(name)", "expected nothing, got \(node.shown); \(reason)")
            }
        }
        if let format = request.node("response_format"), format["type"]?.string != "text" {
            throw LineFault("body.response_format", "expected {\"type\": \"text\"}, got another format")
        }
        for (name, reason) in [
            ("top_logprobs", "log-probabilities are not kept"), ("tool_choice", "tools are not supported"),
            ("suffix", "text is only continued"), ("modalities", "jobs are text"), ("audio", "jobs are text"),
            ("reasoning_effort", "max_completion_tokens bounds the thinking"), ("prediction", "it is not supported"),
            ("stream_options", "results come when the job is done"), ("web_search_options", "there is no search"),
        ] {
            if let node = request.node(name) {
                throw LineFault("body.\(name)", "expected nothing, got \(node.shown); \(reason)")
            }
        }
    }

    /// Whether a switch is off, however it is spelt.
    private static func isOff(_ node: JSONNode) -> Bool {
        switch node.value {
        case .boolean(let value): !value
        case .number(let digits): digits == "0"
        default: false
        }
    }

    private static func isEmpty(_ node: JSONNode) -> Bool {
        switch node.value {
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        default: false
        }
    }

    /// Turns with plain text, roles as ours: text parts are joined and `developer` is `system`.
    private static func messages(_ request: inout JobFields) throws(LineFault) -> String {
        let part = try request.json("messages", "an array of turns") { if case .array = $0 { true } else { false } }
        guard case .array(let turns)? = part?.node.value else {
            throw LineFault("body.messages", expected: "an array of turns", got: nil)
        }
        var texts: [String] = []
        for (index, turn) in turns.enumerated() {
            let path = "body.messages[\(index)]"
            guard case .object(let members) = turn.value else {
                throw LineFault(path, expected: "an object", got: turn)
            }
            var fields = JobFields(members, line: request.line, prefix: path + ".")
            let role = try fields.text("role") ?? ""
            let content = try Self.content(fields.node("content"), path: path + ".content")
            _ = fields.node("name")
            try fields.finish()
            texts.append(
                JSONText.object([
                    ("role", JSONText.string(role == "developer" ? "system" : role)),
                    ("content", JSONText.string(content)),
                ]))
        }
        return JSONText.array(texts)
    }

    private static func content(_ node: JSONNode?, path: String) throws(LineFault) -> String {
        if let text = node?.string { return text }
        guard case .array(let parts)? = node?.value else {
            throw LineFault(path, expected: "a string or an array of text parts", got: node)
        }
        var text = ""
        for (index, part) in parts.enumerated() {
            guard part["type"]?.string == "text", let piece = part["text"]?.string else {
                throw LineFault(
                    "\(path)[\(index)]", "expected {\"type\": \"text\", \"text\": …}, got another kind of part")
            }
            text += piece
        }
        return text
    }
}
