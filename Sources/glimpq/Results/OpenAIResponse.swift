/// Lines of an OpenAI batch's output and error file as SQL expressions, over `glimpq.v_result r` and `glimpq.v_job j`.
///
/// Successes and failures are separate files, and readers join on `custom_id`.
enum OpenAIResponse {
    /// A line of the output file.
    static let sql = """
        json_build_object('id', 'batch_req_' || r.job_id, 'custom_id', r.custom_id, 'response', \
        json_build_object('status_code', 200, 'request_id', 'job-' || r.job_id, 'body', \
        json_build_object('id', 'chatcmpl-' || r.job_id, 'object', \
        CASE WHEN \(isCompletion) THEN 'text_completion' ELSE 'chat.completion' END, \
        'created', extract(epoch FROM r.finished_at)::bigint, \
        'model', coalesce(nullif(r.metadata->>'openai_model', ''), r.pair), \
        'choices', json_build_array(\(choice)), 'usage', \(usage), 'glimpq', \(own))), 'error', NULL)
        """

    /// A line of the error file.
    static let errorSQL = """
        json_build_object('id', 'batch_req_' || j.job_id, 'custom_id', j.custom_id, 'response', NULL, 'error', \
        json_build_object('code', CASE WHEN j.state = 'failed' THEN coalesce(j.last_error_class, 'failed') \
        ELSE j.state END, 'message', coalesce(j.last_error_message, j.state)))
        """

    private static let isCompletion = "r.metadata->>'url' IS NOT DISTINCT FROM '/v1/completions'"
    private static let thinkingEnd = "position('</think>' in r.output)"
    private static let reason = "CASE WHEN r.finish_reason = 'length' THEN 'length' ELSE 'stop' END"

    /// What follows the end of thinking, else the answer that was extracted.
    private static let content = """
        CASE WHEN \(thinkingEnd) > 0 THEN btrim(substr(r.output, \(thinkingEnd) + 8), E' \\n') \
        ELSE coalesce(r.answer, r.output) END
        """

    private static let choice = """
        CASE WHEN \(isCompletion) \
        THEN json_build_object('index', 0, 'text', r.output, 'logprobs', NULL, 'finish_reason', \(reason)) \
        ELSE json_build_object('index', 0, 'message', json_build_object('role', 'assistant', 'content', \(content), \
        'reasoning_content', CASE WHEN \(thinkingEnd) > 0 THEN substr(r.output, 1, \(thinkingEnd) - 1) END), \
        'logprobs', NULL, 'finish_reason', \(reason)) END
        """

    private static let usage = """
        json_build_object('prompt_tokens', r.prompt_tokens, 'completion_tokens', r.slm_tokens + r.llm_tokens, \
        'total_tokens', r.prompt_tokens + r.slm_tokens + r.llm_tokens, 'completion_tokens_details', \
        json_build_object('reasoning_tokens', (SELECT coalesce(sum(s.tokens_kept), 0) \
        FROM glimpq.v_trace s WHERE s.job_id = r.job_id AND s.kind = 'thinking')))
        """

    private static let own = """
        json_build_object('job_id', r.job_id, 'strategy', r.strategy, 'pair', r.pair, 'steps', r.steps, \
        'llm_steps', r.llm_steps, 'slm_tokens', r.slm_tokens, 'llm_tokens', r.llm_tokens, 'correct', r.correct)
        """
}
