"""What a run says while it goes on and what it leaves behind."""
import json
import os
import sys
import time


class Journal:
    """A log file, a line of progress, and the counts of what was done."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.log = open(os.path.join(folder, "log.txt"), "w", buffering=1)
        self.began = time.monotonic()
        self.counts = {}
        self.faults = []
        self.problems = []
        self.unexpected_ends = []
        self.last_line = 0.0

    @property
    def seconds(self):
        return time.monotonic() - self.began

    def note(self, text):
        self.log.write(f"{self.seconds:9.2f} s  {text}\n")

    def say(self, text):
        self.note(text)
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
        sys.stderr.write(text + "\n")

    def count(self, name, by=1):
        self.counts[name] = self.counts.get(name, 0) + by

    def fault(self, fault, outcome):
        self.count(fault.kind if outcome is not False else f"{fault.kind} (missed)")
        self.faults.append({"at": round(self.seconds, 2), "planned": fault.time, "kind": fault.kind,
                            "worker": fault.worker, **fault.how, "outcome": outcome})
        self.note(f"{fault.kind} worker={fault.worker} {fault.how} -> {outcome}")

    def unexpected(self, worker, code, last_words):
        # A process that a poisonous job kills dies of SIGKILL as well. Code 3: started while the server was away, gave
        # up and said so, for whoever keeps it alive to start it again.
        known = {-9: "deaths by a job", 3: "starts while the server was away"}
        self.count(known.get(code, "unexpected ends"))
        self.note(f"worker {worker} ended by itself with {code}: {last_words}")
        if code not in known:
            self.unexpected_ends.append({"worker": worker, "code": code, "last_words": last_words})

    def progress(self, text):
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K" + text)
            sys.stderr.flush()
        elif self.seconds - self.last_line >= 10:
            self.last_line = self.seconds
            sys.stderr.write(text + "\n")
        self.log.write(f"{self.seconds:9.2f} s  {text}\n")

    def clear_line(self):
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")

    def write(self, name, value):
        with open(os.path.join(self.folder, name), "w") as file:
            json.dump(value, file, indent=1)
            file.write("\n")


def duration(seconds):
    seconds = int(seconds)
    return f"{seconds // 60}:{seconds % 60:02d}"
