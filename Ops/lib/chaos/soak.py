"""A long run at a steady rate with kills, retention at work, and everything measured that must not grow.

Traces go by whole days. So that days pass, a trigger of this run dates each job: one day for every few minutes. Rows of
workers that are gone, which the upkeep keeps for days, go after minutes."""
import asyncio
import time

from . import producer, verify
from .samples import Sampler
from .server import DatabaseAway

DAY_SECONDS, KEEP_DAYS, KEEP_SECONDS = 180, 2, 120

CALENDAR = """
CREATE FUNCTION glimpq.soak_day() RETURNS date LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT date '2001-01-01' + ((extract(epoch FROM clock_timestamp())::bigint - {start}) / {day})::int $$;
CREATE FUNCTION glimpq.soak_date() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.created_at := glimpq.soak_day()::timestamptz;
    NEW.run_at := NEW.created_at;
    RETURN NEW;
END $$;
CREATE TRIGGER soak_date BEFORE INSERT ON glimpq.job FOR EACH ROW EXECUTE FUNCTION glimpq.soak_date();
"""

TURN = f"""
SELECT glimpq.create_step_partition(glimpq.soak_day() + d) FROM generate_series(0, 1) d;
SELECT glimpq.drop_step_partitions(glimpq.soak_day() - {KEEP_DAYS});
DELETE FROM glimpq.worker WHERE state IN ('lost', 'gone') AND ended_at < now() - interval '{KEEP_SECONDS * 5} seconds';
"""


class Upkeep:
    """Retention: checks what has finished against the ledger, then purges it."""

    def __init__(self, run):
        self.run_, self.server, self.journal = run, run.server, run.journal
        self.settled = {}
        self.purged = 0

    async def run(self):
        while True:
            await asyncio.sleep(15)
            try:
                await self.turn()
            except DatabaseAway as error:
                self.journal.note(f"upkeep: {str(error)[:200]}")

    async def turn(self):
        await self.server.psql(TURN, timeout=30)
        # Looked at twice before it goes: a purge may only take what the ledger has seen.
        found, twice = await verify.outcomes(self.server, producer.BATCH, self.journal.folder, KEEP_SECONDS * 10)
        self.settled |= {name: job for name, job in found.items() if job["state"] in verify.TERMINAL}
        self.journal.problems += [f"{name}: twice" for name in twice]
        while True:
            count = int(await self.server.psql(
                f"SELECT glimpq.purge(now() - interval '{KEEP_SECONDS} seconds')", timeout=60))
            self.purged += count
            if count < 5000:
                return


async def soak(run):
    """Runs for the time that was asked for; returns figures."""
    options, journal = run.options, run.journal
    seconds = options.minutes * 60
    await run.set_up()
    await run.server.psql(CALENDAR.replace("{start}", str(int(time.time()))).replace("{day}", str(DAY_SECONDS)))
    await run.server.psql(TURN)
    await run.make_fleet()
    problems = run.problems()
    bad_luck = await run.misfortune(seconds, spared=options.spared)
    sampler, upkeep = Sampler(run.server, run.fleet, journal, options.spared), Upkeep(run)
    user = producer.User(run.server, run.producer, journal, options.seed, 5)
    tasks = [asyncio.create_task(task) for task in (sampler.run(), upkeep.run(), user.run(), show(run, upkeep))]
    portion = max(1, round(options.rate * 5))
    while journal.seconds < seconds:
        next_at = journal.seconds + 5
        await run.producer.put(*problems.take(portion))
        await asyncio.sleep(max(0, next_at - journal.seconds))
    await bad_luck
    for _ in range(options.patience):
        await asyncio.sleep(1)
        open_jobs = await run.server.psql("SELECT count(*) FROM glimpq.job WHERE finished_at IS NULL")
        if open_jobs.strip() == "0":
            break
    else:
        journal.write("stuck.json", await verify.diagnosis(run.server))
        journal.problems.append(f"{open_jobs.strip()} jobs did not end; see stuck.json")
    for task in tasks:
        task.cancel()
    await run.fleet.end()
    await upkeep.turn()
    found, twice = await verify.outcomes(run.server, producer.BATCH, journal.folder)
    figures, complaints = verify.compare(run.producer.ledger, upkeep.settled | found, twice)
    violations = await verify.invariants(run.server, run.root)
    journal.problems += violations[:20] + complaints[:20]
    figures |= {"invariant violations": len(violations), "purged": upkeep.purged, "flatness": sampler.flatness()}
    return figures


async def show(run, upkeep):
    while True:
        counts = run.journal.counts
        ended = await run.ended()
        if ended is not None:
            run.journal.progress(
                f"{run.journal.seconds / 60:.1f} min  {len(run.producer.ledger):,} jobs put in, "
                f"{upkeep.purged:,} finished and purged, {ended:,} finished and kept; {counts.get('kill', 0)} kills, "
                f"{counts.get('restart', 0)} restarts")
        await asyncio.sleep(5)
