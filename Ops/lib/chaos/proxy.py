"""A network between one worker and the server that can be made to misbehave."""
import asyncio

from .messages import Backend, Frontend

CHUNK = 1 << 16


class Proxy:
    """Listens on a port of its own and passes bytes on to the server's socket."""

    def __init__(self, server_socket):
        self.server_socket = server_socket
        self.links = set()
        self.delay = 0.0      # seconds by which each piece is late
        self.swallows = ""    # directions in which bytes vanish: "up" to the server, "down" from it, or both
        self.trigger = None   # (part of a statement, whether to wait for the server's answer)
        self.hits = {}        # replies lost, by statement
        self.port = None

    async def start(self):
        self.listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self.listener.sockets[0].getsockname()[1]

    async def close(self):
        self.listener.close()
        self.cut()

    def cut(self):
        """Resets every connection."""
        for link in list(self.links):
            link.cut()
        return len(self.links)

    async def late(self, delay, seconds):
        self.delay = delay
        await asyncio.sleep(seconds)
        self.delay = 0.0

    async def half_open(self, directions, seconds, forget):
        """Bytes vanish while connections look alive. Afterwards new ones work; old ones stay dead without a word, or
        are reset if `forget` is false."""
        self.swallows = directions
        await asyncio.sleep(seconds)
        self.swallows = ""
        if not forget:
            for link in [link for link in self.links if link.deaf]:
                link.cut()

    def lose_reply(self, statement, after_answer):
        """Cuts the next connection that sends a statement with this text: once the server has answered, hence
        committed, or right after the statement was sent."""
        self.trigger = statement, after_answer

    async def _accept(self, reader, writer):
        link = Link(self, reader, writer)
        self.links.add(link)
        try:
            await link.run()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the run ends, or the server is away
        finally:
            link.cut()
            self.links.discard(link)


class Link:
    """One connection through a proxy."""

    def __init__(self, proxy, reader, writer):
        self.proxy, self.client_reader, self.client = proxy, reader, writer
        self.server = None
        self.deaf = ""
        self.losing = None
        self.frontend, self.backend = Frontend(), Backend()

    def cut(self):
        for writer in (self.client, self.server):
            if writer is not None:
                writer.transport.abort()

    async def run(self):
        reader, self.server = await asyncio.open_unix_connection(self.proxy.server_socket)
        pumps = {asyncio.create_task(self._up()), asyncio.create_task(self._down(reader))}
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    def _vanishes(self, direction):
        # Once a piece is gone the rest makes no sense any more: the connection stays deaf in that direction.
        if direction in self.proxy.swallows.split("+"):
            self.deaf += direction
        return direction in self.deaf

    async def _up(self):
        while data := await self.client_reader.read(CHUNK):
            if self.proxy.delay:
                await asyncio.sleep(self.proxy.delay)
            statements = self.frontend.feed(data)
            if self._vanishes("up"):
                continue
            self._arm(statements)
            self.server.write(data)
            await self.server.drain()
            if self.losing == "now":
                self.cut()

    def _arm(self, statements):
        if self.proxy.trigger is None:
            return
        part, after_answer = self.proxy.trigger
        if any(part in statement for statement in statements):
            self.proxy.trigger = None
            self.proxy.hits[part] = self.proxy.hits.get(part, 0) + 1
            self.losing = "after answer" if after_answer else "now"

    async def _down(self, reader):
        while data := await reader.read(CHUNK):
            if self.proxy.delay:
                await asyncio.sleep(self.proxy.delay)
            ready = self.backend.feed(data)
            if self.losing == "after answer":
                if ready:
                    self.cut()
                continue
            if self._vanishes("down"):
                continue
            self.client.write(data)
            await self.client.drain()
