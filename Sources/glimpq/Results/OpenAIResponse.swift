import Postgres
import Queue

/// A line of an OpenAI batch's output or error file. Readers join on `custom_id`.
struct OpenAIResponse {
    private let job: ExportedJob

    init(_ job: ExportedJob) { self.job = job }

    /// The line without its end.
    var json: String {
        JSONText.object([
            ("id", JSONText.string("batch_req_\(job.job)")), ("custom_id", job.customID.map(JSONText.string) ?? "null"),
            ("response", job.result.map(response) ?? "null"), ("error", job.result == nil ? error : "null"),
        ])
    }

    /// Jobs of a cancelled batch and jobs that have not ended bear the codes that such batches have elsewhere; the
    /// others bear the class of their error.
    private var error: String {
        let code: String
        var message = job.errorMessage
        switch job.state {
        case "failed": code = job.errorClass ?? job.state
        case "cancelled" where job.isBatchCancelled:
            code = "batch_cancelled"
            message = "This request could not be executed before the batch was cancelled."
        case "cancelled", "quarantined": code = job.state
        default:
            code = "batch_expired"
            message = "This request was not executed before the results were written; the job is \(job.state)."
        }
        return JSONText.object([
            ("code", JSONText.string(code)), ("message", JSONText.string(message ?? "the job is \(job.state)")),
        ])
    }

    private func response(_ result: ExportedJob.Result) -> String {
        let request = requestFacts
        let isCompletion = request.url == "/v1/completions"
        let body = JSONText.object([
            ("id", JSONText.string("\(isCompletion ? "cmpl" : "chatcmpl")-\(job.job)")),
            ("object", JSONText.string(isCompletion ? "text_completion" : "chat.completion")),
            ("created", "\(Int(job.finishedAt?.seconds ?? 0))"),
            ("model", JSONText.string(request.model ?? result.pair)),
            ("choices", JSONText.array([choice(result, isCompletion: isCompletion)])), ("usage", usage(result)),
            ("glimpq", own(result)),
        ])
        return JSONText.object([
            ("status_code", "200"), ("request_id", JSONText.string("job-\(job.job)")), ("body", body),
        ])
    }

    /// What `enqueue` has kept of the request.
    private var requestFacts: (model: String?, url: String?) {
        guard let metadata = job.metadata, let node = try? JSONReader.parse(Array(metadata.utf8)) else {
            return (nil, nil)
        }
        let model = node["openai_model"]?.string
        return (model == "" ? nil : model, node["url"]?.string)
    }

    /// Whether a budget cut the thinking or the answer.
    private static func wasCut(_ result: ExportedJob.Result) -> Bool {
        result.finishReason == "length"
            || ["token_budget", "step_budget", "context_full"].contains(result.thinkingStop)
    }

    private func choice(_ result: ExportedJob.Result, isCompletion: Bool) -> String {
        let reason = JSONText.string(Self.wasCut(result) ? "length" : "stop")
        let text = ThinkingText(result.output)
        let content: (name: String, value: String) =
            isCompletion
            ? ("text", JSONText.string(result.output))
            : (
                "message",
                JSONText.object([
                    ("role", "\"assistant\""),
                    ("content", JSONText.string(text.answer ?? result.answer ?? result.output)),
                    ("reasoning_content", text.thinking.map(JSONText.string) ?? "null"),
                ])
            )
        return JSONText.object([("index", "0"), content, ("logprobs", "null"), ("finish_reason", reason)])
    }

    private func usage(_ result: ExportedJob.Result) -> String {
        let written = result.slmTokens + result.llmTokens
        var members = [
            ("prompt_tokens", "\(result.promptTokens)"), ("completion_tokens", "\(written)"),
            ("total_tokens", "\(result.promptTokens + written)"),
        ]
        if let reasoning = result.reasoningTokens {
            members.append(
                ("completion_tokens_details", JSONText.object([("reasoning_tokens", "\(reasoning)")])))
        }
        return JSONText.object(members.map { (name: $0.0, value: $0.1) })
    }

    private func own(_ result: ExportedJob.Result) -> String {
        JSONText.object([
            ("job_id", "\(job.job)"), ("strategy", JSONText.string(job.strategy)),
            ("pair", JSONText.string(result.pair)),
            ("steps", "\(result.steps)"), ("llm_steps", "\(result.llmSteps)"), ("slm_tokens", "\(result.slmTokens)"),
            ("llm_tokens", "\(result.llmTokens)"), ("correct", result.correct.map { "\($0)" } ?? "null"),
        ])
    }
}

/// A model's text, parted at the end of its thinking.
struct ThinkingText {
    /// What stands before the tag; `nil` without one.
    let thinking: String?
    /// What stands behind it, white space at both ends apart; `nil` without one.
    let answer: String?

    init(_ text: String) {
        guard let tag = text.firstRange(of: "</think>") else {
            thinking = nil
            answer = nil
            return
        }
        thinking = String(text[..<tag.lowerBound])
        answer = String(text[tag.upperBound...].trimmed)
    }
}
