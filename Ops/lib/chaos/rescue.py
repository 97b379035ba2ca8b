"""How soon the jobs of a worker that is gone run again, with the lease and the sweep that glimpq ships with."""
import asyncio
import json
import os
import signal
import time

# Jobs with a finished step: they are not suspected of having killed their worker, and need not run alone.
HELD = """
SELECT j.id, j.epoch FROM glimpq.job j JOIN glimpq.worker w ON w.id = j.worker_id
WHERE j.state = 'running' AND w.pid = {pid} AND EXISTS (
    SELECT FROM glimpq.step s WHERE s.job_id = j.id AND s.epoch = j.epoch)
"""
AGAIN = """
SELECT j.id FROM glimpq.job j JOIN (VALUES {held}) h(id, epoch) ON h.id = j.id
WHERE j.epoch > h.epoch OR j.state NOT IN ('running', 'ready', 'delayed')
"""

# Chains of some twenty seconds: nobody finishes before the kill.
SLOW = {"steps": [30, 40], "tokens_per_step": [20, 40], "ms_per_token": 20, "ms_per_probe": 10}


async def until_again(run, worker, number, held):
    """Sends a signal; returns the seconds until each job that the worker held was claimed again."""
    began = time.monotonic()
    worker.doomed = worker.pid
    worker.may_start.clear()  # the others have to do it
    worker.signal(number)
    seconds = {}
    values = ", ".join(f"({job['id']}, {job['epoch']})" for job in held)
    while len(seconds) < len(held) and time.monotonic() - began < 120:
        for job in await run.server.rows(AGAIN.format(held=values)):
            seconds.setdefault(job["id"], round(time.monotonic() - began, 2))
        await asyncio.sleep(0.1)
    return list(seconds.values()), len(held) - len(seconds)


async def busiest(run):
    """The worker that holds most jobs, once it holds two, and these jobs."""
    for _ in range(150):
        await asyncio.sleep(0.2)
        found = [(await run.server.rows(HELD.format(pid=worker.pid)), worker)
                 for worker in run.fleet.workers if worker.pid]
        held, worker = max(found, key=lambda pair: len(pair[0]), default=([], None))
        if len(held) >= 2:
            return worker, held
    raise RuntimeError("no worker claimed any job for half a minute")


async def rescue(run):
    options, journal = run.options, run.journal
    models = os.path.join(journal.folder, "slow.json")
    with open(models, "w") as file:
        json.dump({"default_pair": "slow", "models": {"m": {"simulated": SLOW}},
                   "pairs": {"slow": {"slm": "m", "llm": "m", "default_tau": 2}}}, file)
    await run.set_up()
    await run.make_fleet(models)
    figures = {"lease_seconds": options.lease}
    for name, number in [("killed", signal.SIGKILL), ("drained", signal.SIGTERM)]:
        times, missing = [], 0
        journal.say(f"{name}: {options.turns} times")
        for _ in range(options.turns):
            # So few that the others have room for what they are to take over.
            await run.producer.put(*run.problems().take(options.in_flight))
            worker, held = await busiest(run)
            found, lost = await until_again(run, worker, number, held)
            times += found
            missing += lost
            journal.say(f"{name}: {len(held)} jobs ran again after {min(found or [0]):.1f} to {max(found or [0]):.1f} s")
            worker.may_start.set()
            await run.drained(run.producer.count, options.patience)
        times.sort()
        figures[name] = {"jobs": len(times), "never": missing, "median": times[len(times) // 2] if times else None,
                         "slowest": times[-1] if times else None}
    run.fleet.kill_all()
    if not figures["killed"]["jobs"] or figures["killed"]["slowest"] > 45 or figures["killed"]["never"]:
        journal.problems.append("jobs of a killed worker ran again later than 45 s")
    return figures
