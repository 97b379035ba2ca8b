"""Looks every few seconds at what must not grow, and says whether it did."""
import asyncio
import csv
import os

from . import plot
from .server import DatabaseAway

TABLES = ["job", "result", "attempt", "step", "worker"]

SIZES = """
WITH part AS (
    SELECT CASE WHEN c.relname LIKE 'step%' THEN 'step' ELSE c.relname END AS name, c.oid
    FROM pg_class c WHERE c.relnamespace = 'glimpq'::regnamespace AND c.relkind = 'r')
SELECT json_object_agg(name, f) FROM (
    SELECT name, json_build_object('table', sum(pg_table_size(oid)), 'indexes', sum(pg_indexes_size(oid)),
        'dead', sum(pg_stat_get_dead_tuples(oid)), 'rows', sum(pg_stat_get_live_tuples(oid))) AS f
    FROM part GROUP BY name) x
"""


def resident(pid):
    """Resident bytes of a process that it shares with no file."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["RssAnon"].split()[0]) * 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Sampler:
    """Rows of figures over time."""

    def __init__(self, server, fleet, journal, long_lived):
        self.server, self.fleet, self.journal, self.long_lived = server, fleet, journal, long_lived
        self.rows = []

    async def run(self, interval=10):
        while True:
            try:
                self.rows.append(await self._row())
                self._save()
            except (DatabaseAway, OSError, KeyError, ValueError) as error:
                self.journal.note(f"no sample: {str(error)[:100]}")
            await asyncio.sleep(interval)

    async def _row(self):
        row = {"seconds": round(self.journal.seconds, 1)}
        for worker in self.fleet.workers[:self.long_lived]:
            row[f"worker{worker.number}_rss"] = resident(worker.pid)
            row[f"worker{worker.number}_fds"] = descriptors(worker.pid)
        # Between the list and the look a session may end.
        sums = {"server_rss": 0, "server_fds": 0}
        for pid in self.server.processes():
            try:
                sums["server_rss"] += resident(pid)
                sums["server_fds"] += descriptors(pid)
            except (OSError, KeyError):
                pass
        row |= sums
        sizes = (await self.server.row(f"SELECT * FROM ({SIZES}) s(sizes)"))["sizes"]
        for table in TABLES:
            row |= {f"{table}_{name}": int(value) for name, value in sizes[table].items()}
        activity = await self.server.row(
            "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = 'glimpq') AS connections, "
            "(SELECT count(*) FROM glimpq.job WHERE state = 'ready') AS ready, "
            "(SELECT count(*) FROM glimpq.job WHERE state = 'running') AS running, "
            "(SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'))::bigint AS wal")
        return row | activity

    def _save(self):
        path = os.path.join(self.journal.folder, "samples.csv")
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, self.rows[-1].keys(), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self.rows)
        with open(os.path.join(self.journal.folder, "soak.svg"), "w") as file:
            file.write(self.drawing())

    def drawing(self):
        def column(name, scale=1.0):
            return [row.get(name) / scale if row.get(name) is not None else None for row in self.rows]

        mib = 1 << 20
        workers = [worker.number for worker in self.fleet.workers[:self.long_lived]]
        charts = [
            ("memory of workers that are never killed", "MiB", {f"worker {n}": column(f"worker{n}_rss", mib) for n in workers}),
            ("memory of the server", "MiB", {"all processes": column("server_rss", mib)}),
            ("file descriptors", "", {f"worker {n}": column(f"worker{n}_fds") for n in workers}),
            ("connections and server descriptors", "", {"connections": column("connections")}),
            ("tables", "MiB", {table: column(f"{table}_table", mib) for table in TABLES}),
            ("indexes", "MiB", {table: column(f"{table}_indexes", mib) for table in TABLES}),
            ("dead rows", "", {table: column(f"{table}_dead") for table in TABLES}),
            ("jobs waiting and running", "", {"ready": column("ready"), "running": column("running")}),
        ]
        return plot.svg("Soak with kills", [row["seconds"] for row in self.rows], charts)

    def flatness(self, warm_up=0.3, tolerance=0.15):
        """For each figure after the warm-up: mean, slope per hour by least squares, and whether the growth over the
        time that was looked at stays below a share of the mean, or is too small to matter. Dead rows swing with
        autovacuum: their growth is compared with their largest value."""
        kept = self.rows[int(len(self.rows) * warm_up):]
        if len(kept) < 10:
            return {}
        times = [row["seconds"] for row in kept]
        found = {}
        for name in kept[0]:
            if name in ("seconds", "wal", "ready", "running"):
                continue
            values = [row[name] for row in kept if row.get(name) is not None]
            if len(values) != len(times):
                continue
            mean_time, mean = sum(times) / len(times), sum(values) / len(values)
            spread = sum((time - mean_time) ** 2 for time in times)
            slope = sum((time - mean_time) * (value - mean) for time, value in zip(times, values)) / spread
            growth = slope * (times[-1] - times[0])
            yardstick = max(values) if name.endswith("_dead") else mean
            in_bytes = name.endswith(("_table", "_indexes", "_rss"))
            found[name] = {"mean": round(mean, 1), "per_hour": round(slope * 3600, 1),
                           "growth": round(growth / yardstick, 4) if yardstick else 0.0,
                           "flat": growth <= max(tolerance * yardstick, 64 * 1024 if in_bytes else 2)}
        return found
