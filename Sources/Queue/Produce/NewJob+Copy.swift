internal import Postgres

extension NewJob {
    /// The columns of a row, in the order in which ``JobRows`` writes them.
    public static let columns =
        "batch_id, custom_id, prompt, messages, params, pair, strategy, seed, reference_answer, metadata, priority, "
        + "queue, tenant, max_attempts, timeout"

    /// The same with types, for a staging table.
    static let typedColumns =
        "batch_id bigint, custom_id text, prompt text, messages jsonb, params jsonb, pair text, strategy text, "
        + "seed bigint, reference_answer text, metadata jsonb, priority smallint, queue text, tenant text, "
        + "max_attempts smallint, timeout interval"

    /// Writes the job as a row of a COPY.
    func encode(into encoder: inout CopyTextEncoder, batch: String) {
        encoder.append(batch)
        encoder.append(customID)
        encoder.append(prompt)
        encoder.append(messages)
        encoder.append(params)
        encoder.append(pair)
        encoder.append(strategy)
        encoder.append(seed.map { String(Int64(bitPattern: $0)) })
        encoder.append(referenceAnswer)
        encoder.append(metadata)
        encoder.append(String(priority))
        encoder.append(queue)
        encoder.append(tenant)
        encoder.append(String(maximumAttempts))
        encoder.append(timeoutSeconds.map { "\(Int64(($0 * 1_000_000).rounded())) microseconds" })
        encoder.endRow()
    }
}
