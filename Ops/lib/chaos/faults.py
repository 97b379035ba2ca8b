"""Carries out a plan of faults."""
import asyncio

from .server import DatabaseAway


# A restart takes long on a busy machine, and planned ones would pile up: the server is left alone for this long.
SECONDS_BETWEEN_RESTARTS = 10


class Misfortune:
    """Commits the faults of a plan at their times; each in a task of its own, so that they overlap."""

    def __init__(self, plan, fleet, server, journal, began):
        self.plan, self.fleet, self.server, self.journal, self.began = plan, fleet, server, journal, began
        self.server_lock = asyncio.Lock()
        self.server_up_since = -SECONDS_BETWEEN_RESTARTS
        self.done = 0

    async def run(self):
        tasks = []
        for fault in self.plan:
            delay = self.began + fault.time - self.journal.seconds
            if delay > 0:
                await asyncio.sleep(delay)
            tasks.append(asyncio.create_task(self._commit(fault)))
            self.done += 1
        await asyncio.gather(*tasks)

    async def _commit(self, fault):
        try:
            outcome = await self._act(fault)
        except (DatabaseAway, OSError, RuntimeError, asyncio.TimeoutError) as error:
            outcome = f"did not work: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
            if fault.kind == "restart" and isinstance(error, RuntimeError):
                self.journal.problems.append(str(error))
        self.journal.fault(fault, outcome)

    async def _act(self, fault):
        how = fault.how
        if fault.worker is None:
            # One thing at a time happens to the server, or it would be down for good.
            async with self.server_lock:
                match fault.kind:
                    case "restart":
                        up = self.journal.seconds - self.server_up_since
                        await asyncio.sleep(max(0, SECONDS_BETWEEN_RESTARTS - up))
                        await self.server.crash(how["pause"])
                        self.server_up_since = self.journal.seconds
                    case "storm": return await self.server.terminate_backends()
                    case "read-only": await self.server.read_only(how["seconds"])
                    case "exhaustion": return await self.server.exhaust(how["seconds"])
            return True
        worker = self.fleet.workers[fault.worker]
        match fault.kind:
            case "kill":
                # A place that is between two processes is waited for: a kill counts only if it hit.
                for _ in range(200):
                    if worker.kill(how["pause"]):
                        return True
                    await asyncio.sleep(0.05)
                return False
            case "stop": return await worker.stop(how["seconds"])
            case "drain": return await worker.drain(how["twice"])
            case "cut": return worker.proxy.cut()
            case "lost reply": return worker.proxy.lose_reply(how["statement"], how["after_answer"])
            case "delay": return await worker.proxy.late(how["delay"], how["seconds"])
            case "half-open":
                return await worker.proxy.half_open(how["directions"], how["seconds"], how["forget"])
        raise RuntimeError(f"no such fault: {fault.kind}")
