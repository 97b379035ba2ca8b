"""The same jobs undisturbed and disturbed: results and traces must be equal bit for bit, and little may be computed
twice."""
import asyncio
import hashlib
import os

from . import producer

BATCH_ID = f"(SELECT id FROM glimpq.batch WHERE name = '{producer.BATCH}')"


def exact(*names):
    """Columns of floating-point numbers as their bits."""
    return ", ".join(f"encode(float8send({name}::float8), 'hex')" for name in names)


# Everything that must not depend on how the jobs were run: no ids, epochs, times, and no cost of reading a context
# again. Floating-point numbers as their bits.
CONTENT = f"""
COPY (
    SELECT j.custom_id, -1 AS seq, concat_ws(E'\\t', r.finish_reason, r.thinking_stop, r.correct, r.answer, r.output,
        r.steps, r.llm_steps, r.slm_tokens, r.llm_tokens, r.slm_discarded_tokens, r.llm_discarded_tokens,
        r.probe_tokens, r.prompt_tokens, r.pair, r.strategy, r.strategy_params, r.slm_fingerprint, r.llm_fingerprint)
    FROM glimpq.result r JOIN glimpq.job j ON j.id = r.job_id WHERE j.batch_id = {BATCH_ID}
    UNION ALL
    SELECT t.custom_id, t.seq, concat_ws(E'\\t', t.kind, t.owner, t.model, t.rule, t.signal_name, t.h_top_support,
        t.probed_token, t.text, t.token_ids::text, t.tokens_kept, t.slm_discarded, t.llm_discarded, t.probe_tokens,
        t.finish_reason, {exact('t.signal_value', 't.threshold', 't.h_init', 't.h_norm', 't.h_top',
                                't.mean_logprob', 't.mean_entropy')})
    FROM glimpq.v_trace t WHERE t.batch_id = {BATCH_ID}
    ORDER BY 1, 2) TO STDOUT
"""

# Tokens that the engines generated, as each worker last said in its heartbeat, and those of the chains that won.
TOKENS = """
SELECT (SELECT coalesce(sum((m.value ->> 'generated_tokens')::bigint), 0) FROM glimpq.worker w,
            jsonb_each(w.stats -> 'models') m) AS heartbeats,
    (SELECT sum(slm_decoded + llm_decoded) FROM glimpq.step) AS steps_of_all_attempts,
    (SELECT sum(slm_decoded + llm_decoded) FROM glimpq.v_trace) AS winning_chains,
    (SELECT count(*) FROM glimpq.step) AS step_rows,
    (SELECT count(*) FROM glimpq.v_trace) AS winning_rows,
    (SELECT count(*) FROM glimpq.attempt) AS attempts,
    (SELECT count(*) FROM glimpq.attempt WHERE resumed_at_step > 0) AS attempts_that_took_over,
    (SELECT coalesce(sum(t.slm_decoded + t.llm_decoded), 0) FROM glimpq.attempt a
        JOIN glimpq.v_trace t ON t.job_id = a.job_id AND t.seq = a.resumed_at_step + a.steps_written
        WHERE a.outcome <> 'done') AS steps_broken_off,
    (SELECT coalesce(sum(t.slm_decoded + t.llm_decoded), 0) FROM glimpq.attempt a
        JOIN glimpq.v_trace t ON t.job_id = a.job_id AND t.seq >= a.resumed_at_step + a.steps_written
            AND t.seq < a.resumed_at_step + a.steps_written + 3
        WHERE a.outcome <> 'done') AS three_steps_broken_off
"""


async def half(run, name, seconds):
    """Runs all jobs once, with faults over so many seconds; returns the file with the content, and figures."""
    options, journal = run.options, run.journal
    await run.set_up()
    problems = run.problems()
    began = journal.seconds
    journal.say(f"{name}: {options.jobs} jobs")
    await run.make_fleet()
    bad_luck = await run.misfortune(seconds) if seconds else None
    showing = asyncio.create_task(run.show(options.jobs))
    await run.producer.put(*problems.take(options.jobs))
    if bad_luck:
        await bad_luck
    drained = await run.drained(options.jobs, options.patience)
    showing.cancel()
    await run.fleet.end()
    path = os.path.join(journal.folder, f"{name}.content")
    with open(path, "wb") as file:
        await run.server.psql(CONTENT, output=file, timeout=600)
    figures = await run.server.row(TOKENS)
    figures["seconds"] = round(journal.seconds - began, 1)
    figures |= await run.check()
    if not drained:
        journal.problems.append(f"{name}: not all jobs ended")
    return path, figures


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def differences(calm, disturbed, limit=10):
    """Lines that differ, by job and step."""
    with open(calm) as one, open(disturbed) as other:
        left = {tuple(line.split("\t", 2)[:2]): line for line in one}
        right = {tuple(line.split("\t", 2)[:2]): line for line in other}
    names = sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))
    return len(left), len(names), [f"{job} step {step}" for job, step in names[:limit]]


async def identity(run):
    options = run.options
    calm_path, calm = await half(run, "calm", 0)
    run.producer.ledger.clear()
    # All jobs are there from the start, and the faults come while they are worked on.
    seconds = options.minutes * 60 if options.minutes_given else max(calm["seconds"], options.kills * 0.3)
    disturbed_path, disturbed = await half(run, "disturbed", seconds)
    rows, count, examples = differences(calm_path, disturbed_path)
    run.journal.problems += [f"differs from the calm run: {name}" for name in examples]
    won = disturbed["winning_chains"] or 1
    wasted = disturbed["steps_of_all_attempts"] - won
    figures = {
        "calm": calm, "disturbed": disturbed, "faults over seconds": round(seconds, 1), "rows compared": rows,
        "rows that differ": count,
        "sha256": {"calm": digest(calm_path), "disturbed": digest(disturbed_path)},
        # What a killed process had generated and not stored is not known. Its step was half done, say; a little more
        # may have waited for the next flush.
        "recomputed share, stored steps": round(wasted / won, 5),
        "recomputed share, half a step more": round((wasted + disturbed["steps_broken_off"] / 2) / won, 5),
        "recomputed share, three steps more": round((wasted + disturbed["three_steps_broken_off"]) / won, 5)}
    if figures["recomputed share, half a step more"] > 0.1:
        run.journal.problems.append("more than a tenth of the tokens was computed twice")
    return figures
