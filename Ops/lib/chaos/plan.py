"""The misfortunes of a run, drawn from its seed before it begins."""
import dataclasses
import random

STATEMENTS = ["finish_v", "claim_v", "beat_v", "fail_v", "release_v", "register_v", "load_resume_v", "sweep_v",
              "COMMIT", "leave_v"]
WEIGHTS = [8, 6, 3, 1, 2, 1, 2, 2, 4, 1]


@dataclasses.dataclass
class Fault:
    """One misfortune: when (seconds from the start), what, to which worker, and how."""
    time: float
    kind: str
    worker: int | None = None
    how: dict = dataclasses.field(default_factory=dict)


def plan(seed, kills, restarts, seconds, workers, lease, spared=0):
    """Draws the faults of a run, in the order of time. The first `spared` workers are never stopped."""
    rng = random.Random(seed)
    faults = []

    def draw(kind, count, make=lambda: {}, of_worker=True, first=0):
        for _ in range(count):
            worker = rng.randrange(first, workers) if of_worker else None
            faults.append(Fault(round(rng.uniform(2, seconds), 2), kind, worker, make()))

    def between(low, high):
        return round(rng.uniform(low, high), 2)

    draw("kill", kills, lambda: {"pause": between(0, 1)}, first=spared)
    draw("drain", kills // 10, lambda: {"twice": rng.random() < 0.3}, first=spared)
    draw("stop", kills // 12, lambda: {"seconds": between(0.3, lease / 2)}, first=spared)
    draw("stop", kills // 20, lambda: {"seconds": between(lease * 1.2, lease * 2.5)}, first=spared)
    draw("cut", kills // 8)
    draw("lost reply", kills // 2, lambda: {
        "statement": rng.choices(STATEMENTS, WEIGHTS)[0], "after_answer": rng.random() < 0.8})
    draw("delay", kills // 10, lambda: {"delay": between(0.1, 2), "seconds": between(2, 6)})
    draw("half-open", kills // 12, lambda: {
        "directions": rng.choice(["up", "down", "up+down"]), "seconds": between(1, lease * 1.5),
        "forget": rng.random() < 0.5})
    draw("storm", kills // 25, of_worker=False)
    draw("exhaustion", restarts // 4, lambda: {"seconds": between(2, 5)}, of_worker=False)
    draw("read-only", restarts // 4, lambda: {"seconds": between(2, 5)}, of_worker=False)
    # Restarts are spread evenly: two of them on top of each other would be one.
    for i in range(restarts):
        share = seconds / restarts
        faults.append(Fault(round(share * (i + rng.uniform(0.2, 0.8)), 2), "restart", None, {"pause": between(0, 2)}))
    return sorted(faults, key=lambda fault: fault.time)


def text(fault):
    """One line for the log."""
    how = " ".join(f"{name}={value}" for name, value in fault.how.items())
    worker = "" if fault.worker is None else f" worker {fault.worker}"
    return f"{fault.time:8.2f} s  {fault.kind}{worker} {how}".rstrip()
