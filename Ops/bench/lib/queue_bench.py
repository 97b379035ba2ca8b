#!/usr/bin/env python3
"""Measures the queue against pgbench, PgQueuer and psql, in turns. Run by Ops/bench/queue, which starts the server."""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from database import BATCH, PAIR, Database, called_functions, say
from programs import Series, paired_ratios
from queue_depth import measure_depth
from queue_snapshot import measure_snapshot

# Columns that `glimpq enqueue` fills.
COLUMNS = ("batch_id, custom_id, prompt, messages, params, pair, strategy, seed, reference_answer, metadata, priority, "
           "queue, tenant, max_attempts, timeout")
# The lists of a no-op job's results, in the order in which finish_v4 takes them: SQL for one element, or None for NULLs.
RESULT = ["job_id", "epoch", "0", None, None, *["0"] * 12, None, "'end_of_text'::text", None, "'{}'::text",
          f"'{PAIR}'::text", *[None] * 4, "'bench'::text", "'{}'::text", None, "''::text", "0", "0"]


class Bench:
    """One run over the chosen figures."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.work = Path(tempfile.mkdtemp(dir=arguments.work))

    def emit(self, figure, ours, peer, ratio, unit, bar=None):
        """One line of JSON, as all benchmarks print it; ratio above 1 means ours is better."""
        def rounded(value):
            return float(f"{value:.4g}")
        print(json.dumps({"bench": "queue", "figure": figure, "ours": rounded(ours), "peer": rounded(peer),
                          "ratio": rounded(ratio), "unit": unit, "machine": self.arguments.machine},
                         ensure_ascii=False), flush=True)
        verdict = "" if bar is None else f" {'reached' if ratio >= bar else 'missed'} (≥ {bar:g})"
        say(f"  {figure}: {ratio:.2f}{verdict}")

    def compare(self, figure, ours, peer, unit, bar, larger_is_better=True, digits=0):
        """Both sides round by round, the order alternating; the median of the rounds' ratios counts."""
        a, b = Series(), Series()
        for number in range(self.arguments.rounds):
            for series, side in ((a, ours), (b, peer)) if number % 2 == 0 else ((b, peer), (a, ours)):
                series.values.append(side())
            say(f"  round {number + 1}: ours {a.values[-1]:.{digits}f}, peer {b.values[-1]:.{digits}f} {unit}")
        ratios = paired_ratios(a, b, larger_is_better)
        say(f"  ours {a.text(digits)}, peer {b.text(digits)} {unit}, ratios {min(ratios):.2f}–{max(ratios):.2f}")
        self.emit(figure, a.median, b.median, statistics.median(ratios), unit, bar)

    def glimpq(self, database, *options):
        """One measurement of ours, as a dictionary for each line."""
        done = subprocess.run([self.arguments.glimpq, "bench", "queue", "--database", database.url, "--jobs", "0",
                               "--json", *map(str, options)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"Ops/bench/queue: {done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def ours(self, database):
        """Jobs per second of one process with two connections."""
        database.fill(self.arguments.jobs)
        database.checkpoint()
        return self.glimpq(database, "--seconds", self.arguments.seconds, "--batch", self.arguments.batch,
                           "--connections", 2)[0]["jobs_per_second"]

    def pgbench(self, database, functions):
        """Jobs per second of pgbench with two clients and the same statements; the results are made by the server, as
        pgbench cannot, with one concatenation per job."""
        database.fill(self.arguments.jobs)
        worker = database.sql(
            f"""INSERT INTO glimpq.worker (pid, capacity, host, version, queues, pairs, lease_until)
            VALUES (1, 1, 'pgbench', '0', '{{{BATCH}}}', '{{{PAIR}}}', now() + interval '1 hour') RETURNING id""")
        script = self.work / "claim-finish.sql"
        lists = ", ".join(f"array_agg({element}) AS c{n}" for n, element in enumerate(RESULT) if element)
        given = ", ".join(f":c{n}" if element else "NULL" for n, element in enumerate(RESULT))
        script.write_text(
            f"""SELECT {lists} FROM glimpq.{functions['claim']}(:worker, {self.arguments.batch}, '{{{BATCH}}}', """
            f"'{{{PAIR}}}') \\gset\nSELECT * FROM glimpq.{functions['finish']}({given});\n")
        before = database.number("SELECT count(*) FROM glimpq.result")
        database.checkpoint()
        done = subprocess.run(
            [f"{self.arguments.postgres}/pgbench", "-n", "-M", "prepared", "-D", f"worker={worker}", "-f", script,
             "-c", "2", "-j", "2", "-T", str(self.arguments.seconds)],
            capture_output=True, text=True, env=database.environment())
        if done.returncode or "aborted" in done.stderr:
            raise SystemExit(f"Ops/bench/queue: pgbench: {done.stderr.strip()}")
        return (database.number("SELECT count(*) FROM glimpq.result") - before) / self.arguments.seconds

    def claims(self):
        functions = called_functions(self.arguments.root)
        say(f"claim and finish, {self.arguments.batch} at a time, against pgbench ({' and '.join(functions.values())})")
        database = Database(self.arguments, "claims")
        database.migrate()
        self.compare("claim-finish-vs-pgbench", lambda: self.ours(database),
                     lambda: self.pgbench(database, functions), "jobs/s", 0.8)
        if self.arguments.pgqueuer:
            say("claim and finish against PgQueuer at its best of 1, 2 and 4 consumers, 100 at a time")
            peer = Database(self.arguments, "pgqueuer")
            self.compare("claim-finish-vs-pgqueuer", lambda: self.ours(database), lambda: self.pgqueuer(peer),
                         "jobs/s", 3)

    def pgqueuer(self, database):
        rates = []
        for consumers in (1, 2, 4):
            database.checkpoint()
            done = subprocess.run([self.arguments.pgqueuer, Path(__file__).with_name("pgqueuer_drain.py"), "15000",
                                   str(consumers), "100"], capture_output=True, text=True, env=database.environment())
            if done.returncode:
                raise SystemExit(f"Ops/bench/queue: PgQueuer: {done.stderr.strip()[-500:]}")
            rates.append(float(done.stdout))
        return max(rates)

    def enqueue(self):
        count = self.arguments.enqueue
        say(f"enqueue of {count:,} rows against \\copy of the same rows")
        database = Database(self.arguments, "bulk")
        database.migrate()
        lines, rows = self.work / "jobs.jsonl", self.work / "jobs.copy"
        with lines.open("w") as file:
            for n in range(count):
                file.write(json.dumps({
                    "custom_id": f"row-{n}", "reference_answer": str(8 * n),
                    "prompt": f"What is the sum of {n} and {7 * n}? Think step by step, then give the number."}) + "\n")

        def empty():
            database.sql("TRUNCATE glimpq.job, glimpq.batch_input, glimpq.batch RESTART IDENTITY")
            database.checkpoint()

        def ours():
            empty()
            started = time.monotonic()
            subprocess.run([self.arguments.glimpq, "enqueue", lines, "--batch", "bulk", "--database", database.url],
                           check=True, capture_output=True)
            return count / (time.monotonic() - started)

        def peer():
            if not rows.exists():
                database.sql(f"\\copy (SELECT {COLUMNS} FROM glimpq.job ORDER BY id) TO '{rows}'")
            empty()
            database.sql("SELECT glimpq.ensure_batch('bulk')")
            started = time.monotonic()
            database.sql(f"\\copy glimpq.job ({COLUMNS}) FROM '{rows}'")
            return count / (time.monotonic() - started)

        ours()
        peer()
        self.compare("enqueue-vs-copy", ours, peer, "rows/s", 0.7)

    def traces(self):
        say("traces: rows per second of one writer, and claims beside 20,000 rows per second")
        database = Database(self.arguments, "traces")
        database.migrate()
        rates, idle, busy, paced = [], [], [], []
        for number in range(self.arguments.rounds):
            database.fill(50_000)
            database.checkpoint()
            rates.append(self.glimpq(database, "--measure", "traces", "--pace", 0, "--seconds",
                                     self.arguments.seconds)[0]["rows_per_second"])
            database.fill(50_000)
            database.checkpoint()
            found = self.glimpq(database, "--measure", "traces", "--pace", 20_000, "--seconds",
                                self.arguments.seconds)[0]
            idle.append(found["idle_claim_p50_ms"])
            busy.append(found["busy_claim_p50_ms"])
            paced.append(found["rows_per_second"])
            say(f"  round {number + 1}: {rates[-1]:.0f} rows/s; beside {found['rows_per_second']:.0f} rows/s a claim "
                f"takes {busy[-1]:.2f} ms, alone {idle[-1]:.2f} ms (p99 {found['busy_claim_p99_ms']:.1f} and "
                f"{found['idle_claim_p99_ms']:.1f})")
            database.sql("TRUNCATE glimpq.step")
        self.emit("trace-rows", statistics.median(rates), 20_000, statistics.median(rates) / 20_000, "rows/s", 1)
        ratio = statistics.median(i / b for i, b in zip(idle, busy))
        self.emit("claim-beside-traces", statistics.median(busy), statistics.median(idle), ratio, "ms", 1 / 1.5)

    def run(self):
        if self.arguments.depth:
            return measure_depth(self)
        if self.arguments.held_snapshot:
            return measure_snapshot(self)
        for name in ("claims", "enqueue", "traces"):
            if not self.arguments.only or name in self.arguments.only:
                getattr(self, name)()
        return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for option in ("--glimpq", "--postgres", "--url", "--root", "--machine", "--work"):
        parser.add_argument(option, required=True)
    parser.add_argument("--pgqueuer", help="a Python that has it")
    for option, default in (("--rounds", 5), ("--seconds", 4), ("--batch", 100), ("--jobs", 150_000),
                            ("--enqueue", 1_000_000), ("--depth", 0), ("--held-snapshot", 0), ("--pace", 1000)):
        parser.add_argument(option, type=int, default=default)
    parser.add_argument("--only", nargs="*")
    Bench(parser.parse_args()).run()
    sys.exit(0)
