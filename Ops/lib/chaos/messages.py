"""Just enough of PostgreSQL's protocol to see which statement a client runs and when the server has answered it."""
import struct

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104


class Frontend:
    """Follows what a client sends; knows the text behind prepared statements."""

    def __init__(self):
        self.rest = b""
        self.started = False
        self.statements = {}
        self.current = ""

    def feed(self, data):
        """Takes bytes; returns the statements that these bytes completed the sending of."""
        self.rest += data
        run = []
        while (message := self._next()) is not None:
            kind, body = message
            if kind == b"P":
                name, query = body.split(b"\0", 2)[:2]
                self.statements[name] = query.decode(errors="replace")
            elif kind == b"B":
                self.current = self.statements.get(body.split(b"\0", 2)[1], "")
            elif kind == b"S" and self.current:
                run.append(self.current)
                self.current = ""
            elif kind == b"Q":
                run.append(body.rstrip(b"\0").decode(errors="replace"))
        return run

    def _next(self):
        if not self.started:
            if len(self.rest) < 8:
                return None
            length, code = struct.unpack("!ii", self.rest[:8])
            if len(self.rest) < length:
                return None
            self.rest = self.rest[length:]
            self.started = code not in (SSL_REQUEST, GSS_REQUEST)
            return b"", b""
        return take(self)


class Backend:
    """Follows what a server sends."""

    def __init__(self):
        self.rest = b""

    def feed(self, data):
        """Takes bytes; returns whether they hold the end of an answer (ReadyForQuery)."""
        self.rest += data
        ready = False
        while (message := take(self)) is not None:
            ready = ready or message[0] == b"Z"
        return ready


def take(reader):
    """The next complete message of a reader: a letter and a body; or None."""
    if len(reader.rest) < 5:
        return None
    length = struct.unpack("!i", reader.rest[1:5])[0]
    if len(reader.rest) < length + 1:
        return None
    message = reader.rest[:1], reader.rest[5:length + 1]
    reader.rest = reader.rest[length + 1:]
    return message


def startup(user, database):
    """The first packet of a client."""
    body = struct.pack("!i", 196608) + f"user\0{user}\0database\0{database}\0\0".encode()
    return struct.pack("!i", len(body) + 4) + body
