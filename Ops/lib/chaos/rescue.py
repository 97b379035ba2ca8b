"""How soon the jobs of a worker that is gone run again, with the lease and the sweep that glimpq ships with."""
import asyncio
import json
import os
import signal
import time

HELD = """
SELECT j.id, j.epoch FROM glimpq.job j JOIN glimpq.worker w ON w.id = j.worker_id
WHERE j.state = 'running' AND w.pid = {pid}
"""
AGAIN = """
SELECT j.id FROM glimpq.job j JOIN (VALUES {held}) h(id, epoch) ON h.id = j.id
WHERE j.epoch > h.epoch OR j.state NOT IN ('running', 'ready', 'delayed')
"""

# Chains of half a minute: nobody finishes before the kill, and the others have room for what is taken over.
SLOW = {"steps": [30, 40], "tokens_per_step": [20, 40], "ms_per_token": 25, "ms_per_probe": 10}


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
        for turn in range(options.turns):
            worker = run.fleet.workers[turn % options.workers]
            while worker.pid is None:
                await asyncio.sleep(0.1)
            await run.producer.put(*run.problems().take(options.workers * options.in_flight // 2))
            held = []
            for _ in range(100):
                held = await run.server.rows(HELD.format(pid=worker.pid))
                if len(held) >= 3:
                    break
                await asyncio.sleep(0.2)
            found, lost = await until_again(run, worker, number, held)
            times += found
            missing += lost
            journal.say(f"{name}: {len(held)} jobs ran again after {min(found or [0]):.1f} to {max(found or [0]):.1f} s")
            worker.may_start.set()
        times.sort()
        figures[name] = {"jobs": len(times), "never": missing, "median": times[len(times) // 2] if times else None,
                         "slowest": times[-1] if times else None}
    run.fleet.kill_all()
    if figures["killed"]["slowest"] is None or figures["killed"]["slowest"] > 45 or figures["killed"]["never"]:
        journal.problems.append("jobs of a killed worker ran again later than 45 s")
    return figures
