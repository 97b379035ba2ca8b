internal import Postgres

extension TraceRow {
    /// Inserts rows given as one array per column; a row that is there already is left alone, so that the statement can
    /// be repeated after an unknown outcome. Arrays of arrays do not exist in SQL, so token ids travel as text.
    static let insert = """
        INSERT INTO glimpq.step (job_id, epoch, seq, day, kind, owner, model, text, token_ids, rule, signal_name,
            signal_value, threshold, h_init, h_norm, h_top, h_top_support, probed_token, tokens_kept, slm_discarded,
            llm_discarded, probe_tokens, finish_reason, mean_logprob, mean_entropy, slm_prefill, slm_cached, slm_decoded, llm_prefill,
            llm_cached, llm_decoded, probe_ns, slm_ns, llm_ns, extra)
        SELECT job_id, epoch, seq, day, kind, owner, model, text, token_ids::int[], rule, signal_name,
            signal_value, threshold, h_init, h_norm, h_top, h_top_support, probed_token, tokens_kept, slm_discarded,
            llm_discarded, probe_tokens, finish_reason, mean_logprob, mean_entropy, slm_prefill, slm_cached, slm_decoded, llm_prefill,
            llm_cached, llm_decoded, probe_ns, slm_ns, llm_ns, extra::jsonb
        FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::date[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::text[], $12::float8[], $13::float8[], $14::float8[], $15::float8[],
            $16::float8[], $17::int[], $18::int[], $19::int[], $20::int[], $21::int[], $22::int[], $23::text[],
            $24::float8[], $25::float8[], $26::int[], $27::int[], $28::int[], $29::int[], $30::int[], $31::int[],
            $32::bigint[], $33::bigint[], $34::bigint[], $35::text[])
            AS s(job_id, epoch, seq, day, kind, owner, model, text, token_ids, rule, signal_name, signal_value,
                threshold, h_init, h_norm, h_top, h_top_support, probed_token, tokens_kept, slm_discarded,
                llm_discarded, probe_tokens, finish_reason, mean_logprob, mean_entropy, slm_prefill, slm_cached, slm_decoded, llm_prefill,
                llm_cached, llm_decoded, probe_ns, slm_ns, llm_ns, extra)
        ON CONFLICT DO NOTHING
        """

    /// The arrays that ``insert`` takes.
    static func columns(_ steps: [TraceRow]) -> [any PostgresEncodable] {
        let identity: [any PostgresEncodable] = [
            steps.map(\.job), steps.map(\.epoch), steps.map(\.sequence), steps.map(\.day), steps.map(\.kind.rawValue),
            steps.map(\.owner.rawValue), steps.map(\.model), steps.map { StoredText.sanitized($0.text) },
            steps.map { TokenList(tokens: $0.tokenIDs) },
        ]
        let signals: [any PostgresEncodable] = [
            steps.map(\.rule), steps.map(\.signalName), steps.map(\.signalValue), steps.map(\.threshold),
            steps.map(\.initialEntropy), steps.map(\.normalisedEntropy), steps.map(\.topEntropy),
            steps.map(\.topEntropySupport), steps.map(\.probedToken), steps.map(\.tokensKept),
            steps.map(\.slmDiscarded), steps.map(\.llmDiscarded), steps.map(\.probeTokens),
            steps.map(\.finishReason), steps.map(\.meanLogProbability), steps.map(\.meanEntropy),
        ]
        let cost: [any PostgresEncodable] = [
            steps.map(\.cost.slmPrefill), steps.map(\.cost.slmCached), steps.map(\.cost.slmDecoded),
            steps.map(\.cost.llmPrefill), steps.map(\.cost.llmCached), steps.map(\.cost.llmDecoded),
            steps.map(\.cost.probeNanoseconds), steps.map(\.cost.slmNanoseconds), steps.map(\.cost.llmNanoseconds),
            steps.map(\.extra),
        ]
        return identity + signals + cost
    }

    /// Reads a row of `glimpq.step` or `glimpq.v_trace`.
    init(_ row: Row) throws {
        let kindName: String = try row.get("kind")
        let ownerName: String = try row.get("owner")
        self.init(
            JobLease(job: try row.get("job_id"), epoch: try row.get("epoch")), sequence: try row.get("seq"),
            day: try row.get("day"), kind: Kind(rawValue: kindName) ?? .thinking,
            owner: Owner(rawValue: ownerName) ?? .llm, model: try row.get("model"), text: try row.get("text"),
            tokenIDs: try row.get("token_ids"))
        rule = try row.get("rule")
        signalName = try row.get("signal_name")
        signalValue = try row.get("signal_value")
        threshold = try row.get("threshold")
        initialEntropy = try row.get("h_init")
        normalisedEntropy = try row.get("h_norm")
        topEntropy = try row.get("h_top")
        topEntropySupport = try row.get("h_top_support")
        probedToken = try row.get("probed_token")
        tokensKept = try row.get("tokens_kept")
        slmDiscarded = try row.get("slm_discarded")
        llmDiscarded = try row.get("llm_discarded")
        probeTokens = try row.get("probe_tokens")
        finishReason = try row.get("finish_reason")
        meanLogProbability = try row.get("mean_logprob")
        meanEntropy = try row.get("mean_entropy")
        cost = try Cost(row)
        extra = try row.get("extra")
    }
}

extension TraceRow.Cost {
    fileprivate init(_ row: Row) throws {
        slmPrefill = try row.get("slm_prefill")
        slmCached = try row.get("slm_cached")
        slmDecoded = try row.get("slm_decoded")
        llmPrefill = try row.get("llm_prefill")
        llmCached = try row.get("llm_cached")
        llmDecoded = try row.get("llm_decoded")
        probeNanoseconds = try row.get("probe_ns")
        slmNanoseconds = try row.get("slm_ns")
        llmNanoseconds = try row.get("llm_ns")
    }
}

/// Token ids as the text of an `int[]`.
private struct TokenList: PostgresElement {
    let tokens: [Int32]

    static var elementType: UInt32 { String.elementType }

    var binary: [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 + tokens.count * 7)
        bytes.append(UInt8(ascii: "{"))
        for (index, token) in tokens.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if token < 0 { bytes.append(UInt8(ascii: "-")) }
            let start = bytes.count
            var rest = token.magnitude
            repeat {
                bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
                rest /= 10
            } while rest > 0
            bytes[start...].reverse()
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
