"""Claims while somebody holds a snapshot. Not a program."""
import json
import statistics
import subprocess
import threading
import time

from database import Database, say

CALM, AFTER, EVERY = 30, 60, 5


def measure_snapshot(bench):
    """Claims before, during and after a snapshot that an idle transaction holds, and what the health checks say of it."""
    held = bench.arguments.held_snapshot
    pace = bench.arguments.pace
    total = CALM + held + AFTER
    database = Database(bench.arguments, "snapshot")
    database.migrate()
    say(f"claims at {pace:,} jobs per second for {total} s; a snapshot is held for {held} s of them")
    database.fill(pace * total * 21 // 20 + 10_000, progress=True)
    claims = subprocess.Popen(
        [bench.arguments.glimpq, "bench", "queue", "--database", database.url, "--jobs", "0", "--json", "--seconds",
         str(total), "--every", str(EVERY), "--pace", str(pace), "--batch", str(bench.arguments.batch)],
        stdout=subprocess.PIPE, text=True)
    started = time.monotonic()
    lines = []

    def read():
        for line in claims.stdout:
            found = json.loads(line)
            lines.append((time.monotonic() - started, found))
            say(f"  {lines[-1][0]:5.0f} s: {found['jobs_per_second']:6.0f} jobs/s, claim p50 "
                f"{found['claim_p50_ms'] or 0:.1f} ms, p99 {found['claim_p99_ms'] or 0:.1f} ms")

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(CALM)
    culprit = subprocess.Popen(
        [f"{bench.arguments.postgres}/psql", "-XAtq", database.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True)
    culprit.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_backend_pid() FROM glimpq.job LIMIT 1;\n")
    culprit.stdin.flush()
    pid = culprit.stdout.readline().strip()
    time.sleep(max(1, held - 15))
    alarm = database.sql("SELECT * FROM glimpq.v_health WHERE NOT ok")
    say("  v_health: " + alarm.replace("\n", "\n            "))
    doctor = subprocess.run([bench.arguments.glimpq, "doctor", "--database", database.url, "--json"],
                            capture_output=True, text=True).stdout
    for name, text in (("v_health", alarm), ("doctor", doctor)):
        say(f"  {name} {'names' if pid in text else 'DOES NOT NAME'} the process {pid}")
    time.sleep(min(15, held - 1))
    culprit.stdin.write("COMMIT;\n")
    culprit.stdin.close()
    culprit.wait()
    reader.join()
    if claims.wait():
        raise SystemExit("Ops/bench/queue: the claims ended early")

    def median(first, last, name):
        return statistics.median(f[name] or 0 for at, f in lines if first < at <= last)

    # The last half minute of each stretch, when its effect is full.
    spans = {"before": (0, CALM), "held": (CALM + held - 30, CALM + held), "after": (total - 30, total + EVERY)}
    found = {span: median(*ends, "claim_p50_ms") for span, ends in spans.items()}
    rates = {span: median(*ends, "jobs_per_second") for span, ends in spans.items()}
    say(f"  claim p50 before, at the end of the snapshot, after: {found['before']:.2f}, {found['held']:.2f}, "
        f"{found['after']:.2f} ms; jobs/s {rates['before']:.0f}, {rates['held']:.0f}, {rates['after']:.0f}")
    bench.emit("claim-held-snapshot", found["held"], found["before"], found["before"] / found["held"], "ms p50")
    bench.emit("claim-after-snapshot", found["after"], found["before"], found["before"] / found["after"], "ms p50")
    bench.emit("alarm-names-the-snapshot", float(pid in alarm) + float(pid in doctor), 2,
               (float(pid in alarm) + float(pid in doctor)) / 2, "alarms", 1)
