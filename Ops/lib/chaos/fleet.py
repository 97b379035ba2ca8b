"""Real worker processes, each behind a proxy of its own, kept alive whatever happens to them."""
import asyncio
import os
import signal
import time

ZONES = ["UTC", "Asia/Tokyo", "America/St_Johns", "Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kathmandu"]


class Worker:
    """One place in the fleet; when its process ends, another takes the place."""

    def __init__(self, number, command, environment, proxy, log_path, skew, journal):
        self.number, self.command, self.environment = number, command, environment
        self.proxy, self.log_path, self.skew, self.journal = proxy, log_path, skew, journal
        self.process = None
        self.doomed = None         # the process that is meant to end
        self.pause = 0.0
        self.starts = 0
        self.wanted = True
        self.ended = asyncio.Event()
        self.may_start = asyncio.Event()
        self.may_start.set()

    @property
    def pid(self):
        return self.process.pid if self.process and self.process.returncode is None else None

    async def live(self):
        """Starts processes until told to stop."""
        while self.wanted:
            await self.may_start.wait()
            await self._spawn()
            process = self.process
            code = await process.wait()
            self.ended.set()
            if self.doomed != process.pid and self.wanted:
                self.journal.unexpected(self.number, code, self._last_words())
            await asyncio.sleep(self.pause)

    async def _spawn(self):
        self.pause = 0.05
        self.ended.clear()
        environment = dict(self.environment, **self.skew, GLIMPQ_DATABASE_URL=(
            f"postgresql://chaos_worker@127.0.0.1:{self.proxy.port}/glimpq?sslmode=disable&connect_timeout=5"))
        with open(self.log_path, "ab") as log:
            log.write(f"--- process {self.starts} of worker {self.number}\n".encode())
            self.process = await asyncio.create_subprocess_exec(
                *self.command, stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL, env=environment)
        self.starts += 1

    def _last_words(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()[-2000:].strip().splitlines()[-3:]

    def signal(self, number):
        if self.pid is not None:
            os.kill(self.pid, number)
            return True
        return False

    def kill(self, pause):
        self.doomed, self.pause = self.pid, pause
        return self.signal(signal.SIGKILL)

    async def stop(self, seconds):
        """Sleeps as a paused machine does."""
        pid = self.pid
        if not self.signal(signal.SIGSTOP):
            return False
        await asyncio.sleep(seconds)
        if self.pid == pid:
            self.signal(signal.SIGCONT)
        return True

    async def drain(self, twice, limit=60):
        """Asks for an orderly end; returns the seconds it took, or None."""
        pid = self.doomed = self.pid
        began = time.monotonic()
        if not self.signal(signal.SIGTERM):
            return None
        if twice:
            await asyncio.sleep(0.3)
            if self.pid == pid:
                self.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.ended.wait(), limit)
        except asyncio.TimeoutError:
            self.journal.note(f"worker {self.number} does not end {limit} s after SIGTERM; killed")
            self.journal.problems.append(f"worker {self.number} did not end within {limit} s of SIGTERM")
            self.kill(0)
        return time.monotonic() - began


class Fleet:
    """All workers of a run."""

    def __init__(self, workers):
        self.workers = workers

    def start(self):
        self.lives = [asyncio.create_task(worker.live()) for worker in self.workers]

    async def end(self):
        """Ends all workers in order."""
        for worker in self.workers:
            worker.wanted = False
        await asyncio.gather(*(worker.drain(False) for worker in self.workers))
        for life in self.lives:
            life.cancel()

    def kill_all(self):
        for worker in self.workers:
            worker.wanted = False
            worker.kill(0)


def skews(count, library):
    """Environments that set the clocks of some workers wrong: by an hour where there is the library of clock_skew.c, and
    by living in other time zones."""
    environments = []
    for number in range(count):
        environment = {"TZ": ZONES[number % len(ZONES)]}
        if library and number % 3:
            environment |= {"LD_PRELOAD": library, "CLOCK_SKEW": "3600" if number % 3 == 1 else "-3600"}
        environments.append(environment)
    return environments
