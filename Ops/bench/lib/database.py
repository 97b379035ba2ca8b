"""A database of the private server that Ops/bench/queue has started. Not a program."""
import os
import re
import subprocess
import time
from pathlib import Path

# What the bench's own jobs look like; Sources/glimpq/Bench/Queue says the same.
BATCH, PAIR = "glimpq-bench", "none"
PROMPT = "format('What is the sum of %s and %s? Think step by step, then give the number.', n, 7 * n)"


class Database:
    """One database, reached by psql. `url` is the server's; its database name is replaced."""

    def __init__(self, arguments, name):
        self.arguments = arguments
        self.url = arguments.url.replace("/glimpq?", f"/{name}?")
        self.name = name
        self._psql(arguments.url.replace("/glimpq?", "/postgres?"), f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._psql(arguments.url.replace("/glimpq?", "/postgres?"), f"CREATE DATABASE {name}")

    def _psql(self, url, sql):
        done = subprocess.run([f"{self.arguments.postgres}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", url, "-c", sql],
                              capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"Ops/bench/queue: {sql[:80]}: {done.stderr.strip()}")
        return done

    def sql(self, text):
        return self._psql(self.url, text).stdout.strip()

    def messages(self, text):
        """What the server says beside the result."""
        return self._psql(self.url, text).stderr

    def number(self, text):
        return float(self.sql(text))

    def environment(self):
        """PG* variables for programs that take these."""
        found = re.match(r"postgresql://([^@]*)@/([^?]*)\?host=([^&]*)&port=(\d+)", self.url)
        user, name, host, port = found.groups()
        return {**os.environ, "PGUSER": user, "PGDATABASE": name, "PGHOST": host, "PGPORT": port}

    def migrate(self):
        subprocess.run([self.arguments.glimpq, "migrate", "--database", self.url], check=True, capture_output=True)

    def fill(self, ready, progress=False):
        """Adds ready jobs until there are so many."""
        self.sql(f"SELECT glimpq.ensure_batch('{BATCH}')")
        present = int(self.number("SELECT count(*) FROM glimpq.job WHERE state = 'ready'"))
        started, chunk = time.monotonic(), 500_000
        for done in range(present, ready, chunk):
            self.sql(f"""INSERT INTO glimpq.job (batch_id, queue, prompt)
                SELECT (SELECT id FROM glimpq.batch), '{BATCH}', {PROMPT}
                FROM generate_series(1, {min(chunk, ready - done)}) n""")
            if progress:
                rate = (done + chunk - present) / (time.monotonic() - started)
                left = max(0, ready - done - chunk)
                say(f"  {min(ready, done + chunk):,} of {ready:,} jobs, {rate:,.0f} per s, {left / rate:.0f} s to go")
        if present < ready:
            self.sql("VACUUM ANALYZE glimpq.job")

    def checkpoint(self):
        self.sql("CHECKPOINT")


def say(text):
    import sys
    print(text, file=sys.stderr, flush=True)


def called_functions(root):
    """Versions of the server's functions that the Swift client calls, such as claim_v1."""
    text = "".join(p.read_text() for p in Path(root, "Sources/Queue").rglob("*.swift"))
    return {name: sorted(set(re.findall(rf"glimpq\.({name}_v\d+)\((?:\$1|\\\()", text)))[-1]
            for name in ("claim", "finish")}
