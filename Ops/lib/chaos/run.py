"""One run: a server, a fleet, a producer, a user and bad luck."""
import asyncio
import os
import time

from . import faults, fleet, plan, producer, proxy, verify
from .journal import duration
from .server import DatabaseAway, Server

ROLES = """
DO $$ BEGIN
    CREATE ROLE chaos_worker LOGIN; CREATE ROLE chaos_producer LOGIN; CREATE ROLE chaos_idle LOGIN;
EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT glimpq_worker TO chaos_worker; GRANT glimpq_producer TO chaos_producer;
"""


class Run:
    """Everything that a run needs, set up on a fresh database."""

    def __init__(self, options, environment, journal):
        self.options, self.journal = options, journal
        self.root, self.program = environment.root, environment.program
        self.server = Server(self.root, environment.server, environment.psql)
        self.library = environment.skew
        self.producer = producer.Producer(self.program, self.server, journal.folder, journal)
        self.rate = []

    async def set_up(self):
        await self.server.start()
        await self.server.psql("DROP DATABASE IF EXISTS glimpq WITH (FORCE)", "postgres")
        await self.server.psql("CREATE DATABASE glimpq", "postgres")
        migration = await asyncio.create_subprocess_exec(
            self.program, "migrate", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            env=dict(os.environ, GLIMPQ_DATABASE_URL=self.server.url()))
        errors = (await migration.communicate())[1]
        if migration.returncode != 0:
            raise RuntimeError(f"migrate: {errors.decode().strip()}")
        await self.server.psql(ROLES)
        # The world kills far more often here than a job ever does, so that two jobs in a thousand would be taken for
        # poison that are not: the budgets for that are wider than a real fleet's.
        settings = {"lease_seconds": self.options.lease, "crash_budget": self.options.crash_budget,
                    "infra_budget": 1000, "isolation_patience_seconds": 10}
        for name, value in settings.items():
            await self.server.psql(f"UPDATE glimpq.setting SET value = {value} WHERE name = '{name}'")

    async def make_fleet(self, models=None):
        options = self.options
        command = [self.program, "worker", "--models", models or options.models, "--in-flight",
                   str(options.in_flight), "--threads", str(options.threads), "--drain-seconds",
                   "0" if options.mode == "rescue" else "2",
                   "--log-level", "notice", *options.worker_arguments]
        workers = []
        for number, skew in enumerate(fleet.skews(options.workers, self.library)):
            network = proxy.Proxy(self.server.socket)
            await network.start()
            path = os.path.join(self.journal.folder, f"worker-{number}.log")
            workers.append(fleet.Worker(
                number, [part.replace("{worker}", str(number)) for part in command], dict(os.environ), network, path,
                skew, self.journal))
        self.fleet = fleet.Fleet(workers)
        self.fleet.start()

    async def enqueue(self, problems, jobs, seconds):
        """Puts jobs in over a time, in portions; the first at once."""
        portions = max(1, min(jobs // 200, int(seconds / 5)))
        began = time.monotonic()
        for number in range(portions):
            count = jobs * (number + 1) // portions - jobs * number // portions
            await asyncio.sleep(max(0, began + seconds * number / portions - time.monotonic()))
            await self.producer.put(*problems.take(count))

    async def misfortune(self, seconds, spared=0):
        options = self.options
        drawn = plan.plan(options.seed, options.kills, options.restarts, seconds, options.workers, options.lease, spared)
        with open(os.path.join(self.journal.folder, "plan.txt"), "w") as file:
            file.write(f"seed {options.seed}\n" + "\n".join(map(plan.text, drawn)) + "\n")
        self.bad_luck = faults.Misfortune(
            drawn, self.fleet, self.server, self.journal, self.journal.seconds)
        return asyncio.create_task(self.bad_luck.run())

    async def ended(self):
        """Number of jobs that have come to an end; None while the server is away."""
        try:
            return int(await self.server.psql(
                "SELECT count(*) FROM glimpq.job WHERE finished_at IS NOT NULL", timeout=20))
        except (DatabaseAway, ValueError):
            return None

    async def show(self, total):
        """A line of progress every two seconds, until cancelled."""
        while True:
            ended = await self.ended()
            if ended is not None:
                self.rate = [*self.rate[-15:], (self.journal.seconds, ended)]
                (then, before), (now, after) = self.rate[0], self.rate[-1]
                rate = (after - before) / (now - then) if now > then else 0
                left = f"to go {duration((total - ended) / rate)}" if rate else "to go –"
                counts = self.journal.counts
                self.journal.progress(
                    f"{duration(self.journal.seconds)}  {ended:,} of {total:,} jobs, {rate:,.0f} per s, {left}; "
                    f"{counts.get('kill', 0)} kills, {counts.get('restart', 0)} restarts, "
                    f"{sum(counts.get(kind, 0) for kind in ('lost reply', 'cut', 'half-open', 'delay'))} of the network")
            await asyncio.sleep(2)

    async def drained(self, total, limit):
        """Waits until every job has ended; False, with a diagnosis, if nothing ends for `limit` seconds."""
        best, since = -1, time.monotonic()
        while True:
            ended = await self.ended()
            if ended is not None and ended >= total:
                return True
            if ended is not None and ended > best:
                best, since = ended, time.monotonic()
            if time.monotonic() - since > limit:
                found = await verify.diagnosis(self.server)
                self.journal.write("stuck.json", found)
                self.journal.problems.append(
                    f"{total - (ended or 0)} jobs did not end and none has for {limit} s; see stuck.json")
                return False
            await asyncio.sleep(1)

    async def check(self):
        """Invariants and ledger; returns figures."""
        violations = await verify.invariants(self.server, self.root)
        figures, complaints = verify.compare(
            self.producer.ledger, *await verify.outcomes(self.server, producer.BATCH, self.journal.folder))
        figures["invariant violations"] = len(violations)
        for text in violations + complaints[:50]:
            self.journal.note(text)
        self.journal.problems += violations[:20] + complaints[:20]
        return figures
