#!/usr/bin/env python3
"""How fast PgQueuer empties its queue of no-op jobs: its own manager and driver, several consumers in one process, as its
benchmark's strategy "drain" has it. Prints jobs per second. Connection by PG* variables. Run by Ops/bench/queue."""
import asyncio
import sys
import time

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

try:
    from uvloop import run
except ImportError:
    from asyncio import run


async def connect():
    return AsyncpgDriver(await asyncpg.connect())


async def drain(jobs, consumers, batch):
    queries = Queries(await connect())
    try:
        await queries.install()
    except asyncpg.DuplicateObjectError:
        pass
    await queries.clear_queue()
    for start in range(0, jobs, 5000):
        count = min(5000, jobs - start)
        await queries.enqueue(["fetch"] * count, [b""] * count, [0] * count)
    done = 0
    managers = []
    for _ in range(consumers):
        manager = PgQueuer(await connect())

        @manager.entrypoint("fetch")
        async def fetch(_):
            nonlocal done
            done += 1

        managers.append(manager)
    started = time.monotonic()
    await asyncio.gather(*(m.run(batch_size=batch, mode=QueueExecutionMode.drain) for m in managers))
    seconds = time.monotonic() - started
    if done != jobs:
        sys.exit(f"PgQueuer ran {done} of {jobs} jobs")
    print(jobs / seconds)


run(drain(*map(int, sys.argv[1:4])))
