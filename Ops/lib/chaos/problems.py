"""Jobs and what must become of them, worked out here and not asked of the program under test."""
import json
import random
import re


class Problems:
    """An endless row of jobs for simulated models, drawn from a seed."""

    def __init__(self, seed, poison=0, failing=0, among=1, prefix="c"):
        self.rng = random.Random(f"problems {seed}")
        self.count = 0
        self.prefix = prefix
        bad = self.rng.sample(range(among), min(among, poison + failing))
        self.poison, self.failing = set(bad[:poison]), set(bad[poison:])

    def take(self, count):
        """The next jobs: lines for `glimpq enqueue`, and the ledger {custom_id: what must become of it}."""
        lines, ledger = [], {}
        for _ in range(count):
            line, fate = self._one(self.count)
            self.count += 1
            lines.append(json.dumps(line))
            ledger[line["custom_id"]] = fate
        return lines, ledger

    def _one(self, number):
        numbers = [self.rng.randrange(10 ** self.rng.randrange(1, 7)) for _ in range(self.rng.randrange(2, 7))]
        prompt = f"Problem {number}: add up " + ", ".join(map(str, numbers)) + "."
        fate = {"state": "done"}
        if number in self.poison:
            prompt += " [[simulate: crash]]"
            fate = {"state": "quarantined"}
        elif number in self.failing:
            prompt += " [[simulate: fail 1]]"
            fate = {"state": "failed"}
        answer = str(sum_of_numbers(prompt))
        if fate["state"] == "done":
            fate["answer"] = answer
        strategy = self.rng.choices(["glimprouter", "slm", "llm", "random"], [7, 1, 1, 1])[0]
        line = {
            "custom_id": f"{self.prefix}-{number:07d}", "prompt": prompt, "reference_answer": answer,
            "seed": self.rng.randrange(1 << 62), "priority": self.rng.randrange(-3, 4),
            "strategy": strategy, "params": {"llm_share": 0.4} if strategy == "random" else {}}
        return line, fate


class FileProblems:
    """The problems of a JSONL file, over and over, each time with another seed."""

    def __init__(self, path, seed, params):
        with open(path) as file:
            self.lines = [json.loads(line) for line in file if line.strip()]
        self.rng = random.Random(f"problems {seed}")
        self.params = params
        self.count = 0

    def take(self, count):
        lines, ledger = [], {}
        for _ in range(count):
            line = dict(self.lines[self.count % len(self.lines)])
            line["custom_id"] = f"{line['custom_id']}-{self.count:06d}"
            line["seed"] = self.rng.randrange(1 << 62)
            line["params"] = self.params
            self.count += 1
            lines.append(json.dumps(line))
            ledger[line["custom_id"]] = {"state": "done"}
        return lines, ledger


def sum_of_numbers(prompt):
    """What a simulated model answers: the sum of all runs of digits, modulo 2**64, directives left out."""
    return sum(int(digits) for digits in re.findall(r"[0-9]+", re.sub(r"\[\[simulate:.*?\]\]", " ", prompt))) % 2 ** 64
