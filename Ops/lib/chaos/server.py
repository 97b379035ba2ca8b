"""The private PostgreSQL of a run, and what can be done to it."""
import asyncio
import json
import os
import signal

from .messages import startup


class Server:
    """A server that Ops/postgres has started, by name."""

    def __init__(self, root, name, psql):
        self.root, self.name, self.psql_path = root, name, psql
        self.home = os.path.realpath(os.path.join(root, ".glimpq", f"postgres-{name}"))
        self.data = os.path.join(self.home, "data")
        self.socket_folder = os.path.join(self.home, "socket")
        self.socket = os.path.join(self.socket_folder, ".s.PGSQL.5432")
        self.idle = []

    def url(self, user="postgres", database="glimpq"):
        return f"postgresql://{user}@/{database}?host={self.socket_folder}&port=5432"

    def pid(self):
        try:
            with open(os.path.join(self.data, "postmaster.pid")) as file:
                return int(file.readline())
        except (OSError, ValueError):
            return None

    def processes(self):
        """Ids of the server's processes: their working directory is the data folder."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if os.readlink(f"/proc/{entry}/cwd") == self.data:
                        found.append(int(entry))
                except OSError:
                    pass
        return found

    async def start(self):
        process = await asyncio.create_subprocess_exec(
            os.path.join(self.root, "Ops", "postgres"), "start", "--name", self.name,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
        errors = (await process.communicate())[1]
        if process.returncode != 0:
            raise RuntimeError(f"the server did not start: {errors.decode().strip()}")

    async def crash(self, pause):
        """As `pg_ctl restart -m immediate`: no checkpoint, no goodbye; down for `pause` seconds besides recovery."""
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGQUIT)
            for _ in range(600):
                if not os.path.exists(f"/proc/{pid}"):
                    break
                await asyncio.sleep(0.05)
        await asyncio.sleep(pause)
        await self.start()

    async def psql(self, sql, database="glimpq", timeout=120, output=None):
        """Runs SQL as superuser, also while the database is read-only.

        Returns what it prints, unaligned; with `output`, a file to write to instead."""
        environment = dict(os.environ, PGOPTIONS="-c default_transaction_read_only=off -c client_min_messages=error")
        process = await asyncio.create_subprocess_exec(
            self.psql_path, "-XAtq", "-v", "ON_ERROR_STOP=1", self.url(database=database), "-f", "-",
            stdin=asyncio.subprocess.PIPE, stdout=output or asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=environment)
        try:
            out, errors = await asyncio.wait_for(process.communicate(sql.encode()), timeout)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()
            raise DatabaseAway(f"no answer within {timeout} s") from None
        if process.returncode != 0:
            raise DatabaseAway(errors.decode().strip())
        return (out or b"").decode()

    async def row(self, sql, **more):
        """One row as a dictionary."""
        return json.loads(await self.psql(f"SELECT row_to_json(x) FROM ({sql}) x", **more) or "null")

    async def rows(self, sql, **more):
        """All rows as dictionaries."""
        return json.loads(await self.psql(f"SELECT coalesce(json_agg(x), '[]') FROM ({sql}) x", **more))

    async def patiently(self, sql, **more):
        """As `psql`, again and again until the server is there."""
        while True:
            try:
                return await self.psql(sql, **more)
            except DatabaseAway:
                await asyncio.sleep(0.5)

    async def terminate_backends(self):
        return int(await self.psql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'glimpq'", "postgres"))

    async def read_only(self, seconds):
        """What a client sees of a failover: its sessions end, the new ones cannot write for a while."""
        await self.psql("ALTER DATABASE glimpq SET default_transaction_read_only = on", "postgres")
        await self.terminate_backends()
        await asyncio.sleep(seconds)
        await self.patiently("ALTER DATABASE glimpq RESET default_transaction_read_only", database="postgres")
        await self.patiently(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'glimpq'",
            database="postgres")

    async def exhaust(self, seconds):
        """Takes all connections that ordinary users can have, then ends the sessions of the workers."""
        writers = []
        try:
            await self.terminate_backends()
            for _ in range(1000):
                reader, writer = await asyncio.open_unix_connection(self.socket)
                writers.append(writer)
                writer.write(startup("chaos_idle", "postgres"))
                answer = await asyncio.wait_for(reader.read(1), 5)
                if answer != b"R":
                    break
            await asyncio.sleep(seconds)
        finally:
            for writer in writers:
                writer.transport.abort()
        return len(writers)


class DatabaseAway(Exception):
    """The server did not answer, or refused."""
