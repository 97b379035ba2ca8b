"""Puts jobs in as a producer would, and changes its mind about some."""
import asyncio
import os
import random

from .server import DatabaseAway

BATCH = "chaos"


class Producer:
    """Feeds portions to `glimpq enqueue`, again and again until each is in, and keeps the ledger."""

    def __init__(self, program, server, folder, journal):
        self.program, self.server, self.folder, self.journal = program, server, folder, journal
        self.ledger = {}
        self.portions = 0

    @property
    def count(self):
        """Number of jobs put in so far."""
        return len(self.ledger)

    async def put(self, lines, ledger):
        """Enqueues lines; a portion that was cut off is enqueued again, and what is in already is skipped."""
        path = os.path.join(self.folder, f"portion-{self.portions}.jsonl")
        self.portions += 1
        self.ledger |= ledger
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        while True:
            process = await asyncio.create_subprocess_exec(
                self.program, "enqueue", path, "--batch", BATCH, "--json", stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=dict(os.environ, GLIMPQ_DATABASE_URL=self.server.url("chaos_producer")))
            output = (await process.communicate())[0].decode(errors="replace").strip()
            if process.returncode == 0:
                break
            self.journal.count("enqueue repeated")
            self.journal.note(f"enqueue ended with {process.returncode}: {output[-300:]}")
            if process.returncode == 2 or '"refused": 0' not in output and '"refused"' in output:
                self.journal.problems.append(f"enqueue ended with {process.returncode}: {output[-300:]}")
                break
            await asyncio.sleep(0.5)
        os.unlink(path)


class User:
    """Cancels some jobs and moves others forward or back while they wait or run."""

    def __init__(self, server, producer, journal, seed, interval):
        self.server, self.producer, self.journal, self.interval = server, producer, journal, interval
        self.rng = random.Random(f"user {seed}")

    async def run(self):
        while True:
            await asyncio.sleep(self.rng.uniform(0.5, 1.5) * self.interval)
            try:
                await self._cancel_some()
                await self._reorder_some()
            except DatabaseAway as error:
                self.journal.note(f"user: {str(error)[:100]}")

    async def _cancel_some(self):
        chosen = self.rng.sample(sorted(self.producer.ledger)[-5000:], min(2, len(self.producer.ledger)))
        for name in chosen:
            # Noted first: whether the answer arrives or not, the job may end cancelled from now on.
            self.producer.ledger[name]["may be cancelled"] = True
            answer = await self.server.psql(
                "SELECT glimpq.cancel(id) FROM glimpq.job "
                f"WHERE custom_id = '{name}' AND batch_id = (SELECT id FROM glimpq.batch WHERE name = '{BATCH}')")
            self.journal.count("cancel: " + (answer.strip() or "unknown"))

    async def _reorder_some(self):
        moved = await self.server.psql(
            "SELECT glimpq.set_priority(array_agg(id), " + str(self.rng.randrange(-5, 6)) + "::smallint) FROM "
            "(SELECT id FROM glimpq.job WHERE state = 'ready' ORDER BY id DESC LIMIT 20) x")
        self.journal.count("priorities changed", int(moved.strip() or 0))
