"""The two programs under measurement, each with a model in memory, answering requests line by line. Not a program."""
import json
import statistics
import subprocess
import time


class ProgramFailed(Exception):
    """A program ended or refused a request; the text says which and what it wrote."""


class Program:
    """A running `glimpq bench --requests` or llama_peer."""

    def __init__(self, command, name):
        self.name = name
        started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.load_seconds = self._read()["load_seconds"]
        # From the start of the process to the distribution after one token.
        self.start_seconds = time.monotonic() - started

    def ask(self, request):
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        return self._read()

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise ProgramFailed(self.process.stderr.read().strip() or f"{self.name} ended without a word")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()


class Series:
    """Repetitions of one figure for one side; larger or smaller is better, as the figure says."""

    def __init__(self):
        self.values = []

    @property
    def median(self):
        return statistics.median(self.values)

    def text(self, digits):
        return f"{self.median:.{digits}f} ({min(self.values):.{digits}f}–{max(self.values):.{digits}f})"


def paired_ratios(ours, peer, larger_is_better):
    """Ratio of each round, above 1 where ours is better; both sides of a round were measured one after the other."""
    return [a / b if larger_is_better else b / a for a, b in zip(ours.values, peer.values)]
