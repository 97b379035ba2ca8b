"""Claims at two depths of the queue. Not a program."""
import statistics

from database import BATCH, PAIR, Database, called_functions, say

SHALLOW = 10_000


def measure_depth(bench):
    """p99 of a claim with many ready jobs against that with ten thousand, in turns, and the plan at both."""
    depth = bench.arguments.depth
    say(f"claims of 10 jobs with {depth:,} ready jobs and with {SHALLOW:,}")
    claim = called_functions(bench.arguments.root)["claim"]
    databases = {}
    for name, ready in (("shallow", SHALLOW), ("deep", depth)):
        databases[name] = Database(bench.arguments, name)
        databases[name].migrate()
        databases[name].fill(ready, progress=ready > 1_000_000)
        assert_plan(databases[name], claim)
    p99 = {name: [] for name in databases}
    p50 = {name: [] for name in databases}
    for number in range(bench.arguments.rounds):
        for name in databases if number % 2 == 0 else reversed(databases):
            databases[name].fill(depth if name == "deep" else SHALLOW)
            databases[name].checkpoint()
            # The first claims of a connection load catalogues and plans; they are part of neither depth.
            found = bench.glimpq(databases[name], "--connections", 1, "--batch", 10, "--seconds",
                                 1.5, "--warm-up", 50)[0]
            p99[name].append(found["claim_p99_ms"])
            p50[name].append(found["claim_p50_ms"])
        say(f"  round {number + 1}: p99 {p99['deep'][-1]:.2f} ms deep, {p99['shallow'][-1]:.2f} ms shallow; "
            f"p50 {p50['deep'][-1]:.2f} and {p50['shallow'][-1]:.2f}")
    deep, shallow = statistics.median(p99["deep"]), statistics.median(p99["shallow"])
    label = f"{depth // 1_000_000}M" if depth % 1_000_000 == 0 else f"{depth // 1000}k"
    bench.emit(f"claim-depth-{label}-vs-10k", deep, shallow, shallow / deep, "ms p99", 1 / 1.5)


def assert_plan(database, claim):
    """The claim walks along an index in the order of the queue: no sort, and no other way into the table."""
    worker = database.sql(
        f"""INSERT INTO glimpq.worker (pid, capacity, host, version, queues, pairs, lease_until)
        VALUES (1, 1, 'plan', '0', '{{{BATCH}}}', '{{{PAIR}}}', now() + interval '1 hour') RETURNING id""")
    plan = database.messages(
        "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; "
        f"BEGIN; SET client_min_messages = log; SELECT count(*) FROM glimpq.{claim}({worker}, 10, '{{{BATCH}}}', "
        f"'{{{PAIR}}}'); ROLLBACK")
    # Statements about other things, such as the list of remembered starts, may sort.
    about_jobs = [part for part in plan.split("LOG:") if " on job" in part]
    wrong = [text for text in ("Sort Key", "Seq Scan on job", "Bitmap Heap Scan on job")
             for part in about_jobs if text in part]
    if wrong or not any("Index Scan using job_ready on job" in part for part in about_jobs):
        raise SystemExit(f"Ops/bench/queue: {claim} does not walk along job_ready ({wrong}):\n{plan}")
    say(f"  the plan of {claim} in {database.name} walks along job_ready, without a sort")
