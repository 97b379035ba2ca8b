"""Entry point of Ops/chaos, which sets the environment that is read here."""
import argparse
import asyncio
import dataclasses
import json
import os
import signal
import sys

from . import producer
from .identity import identity
from .journal import Journal, duration
from .problems import FileProblems, Problems
from .rescue import rescue
from .run import Run
from .soak import soak

FAILED, ENVIRONMENT = 1, 3


@dataclasses.dataclass
class Environment:
    root: str
    program: str
    server: str
    psql: str
    skew: str


def options():
    parser = argparse.ArgumentParser(prog="Ops/chaos")
    parser.add_argument("--mode", choices=["chaos", "identity", "soak", "rescue"], default="chaos")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--restarts", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--in-flight", type=int, default=24)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--models")
    parser.add_argument("--problems", help="JSONL of jobs instead of sums, taken over and over")
    parser.add_argument("--params", default="{}")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--lease", type=int)
    parser.add_argument("--crash-budget", type=int, default=8)
    parser.add_argument("--poison", type=int)
    parser.add_argument("--failing", type=int)
    parser.add_argument("--spared", type=int, default=0)
    parser.add_argument("--rate", type=float, default=25)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--patience", type=int, default=120)
    parser.add_argument("--report")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("worker_arguments", nargs="*")
    chosen = parser.parse_args()
    if chosen.lease is None:
        chosen.lease = 30 if chosen.mode == "rescue" else 6
    chosen.minutes_given = chosen.minutes is not None
    if chosen.minutes is None:
        chosen.minutes = max(0.5, chosen.kills * 1.6 / 60, chosen.restarts * 12 / 60)
    if chosen.poison is None:
        chosen.poison = min(3, chosen.jobs // 500) if chosen.mode == "chaos" else 0
    if chosen.failing is None:
        chosen.failing = min(20, chosen.jobs // 250) if chosen.mode == "chaos" else 0
    return chosen


async def chaos(run):
    """Jobs come in while workers die; in the end all must have become what they should."""
    options, journal = run.options, run.journal
    seconds = options.minutes * 60
    await run.set_up()
    await run.make_fleet()
    bad_luck = await run.misfortune(seconds, spared=options.spared)
    user = asyncio.create_task(
        producer.User(run.server, run.producer, journal, options.seed, max(1, seconds / 150)).run())
    showing = asyncio.create_task(run.show(options.jobs))
    await run.enqueue(run.problems(), options.jobs, seconds * 0.9)
    await bad_luck
    user.cancel()
    await run.drained(options.jobs, options.patience)
    showing.cancel()
    await run.fleet.end()
    return await run.check()


def problems(options):
    if options.problems:
        return FileProblems(options.problems, options.seed, json.loads(options.params))
    return Problems(options.seed, options.poison, options.failing, options.jobs)


async def main(options, environment, journal):
    run = Run(options, environment, journal)
    kept = []
    run.problems = lambda: kept[0] if options.mode == "rescue" and kept else kept.append(problems(options)) or kept[-1]
    run.fleet = None
    modes = {"chaos": chaos, "identity": identity, "soak": soak, "rescue": rescue}
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        return await modes[options.mode](run)
    finally:
        if run.fleet:
            run.fleet.kill_all()
            await asyncio.sleep(0.2)


def finish(options, journal, figures):
    """Writes the report; returns the exit code."""
    journal.clear_line()
    if journal.unexpected_ends:
        journal.problems.append(f"{len(journal.unexpected_ends)} workers ended by themselves: "
                                f"{journal.unexpected_ends[:3]}")
    summary = {"seed": options.seed, "mode": options.mode, "options": vars(options),
               "seconds": round(journal.seconds, 1), "figures": figures, "counts": dict(sorted(journal.counts.items())),
               "problems": journal.problems, "ok": not journal.problems}
    journal.write("summary.json", summary)
    journal.write("faults.json", journal.faults)
    if options.json:
        print(json.dumps(summary))
    for name, count in summary["counts"].items():
        journal.say(f"  {name:28} {count:,}")
    journal.say(json.dumps({name: value for name, value in figures.items() if name != "flatness"}, indent=1))
    for name, found in figures.get("flatness", {}).items():
        journal.say(f"  {name:24} mean {found['mean']:>16,.1f}  per hour {found['per_hour']:>+16,.1f}  "
                    f"{'flat' if found['flat'] else 'NOT FLAT'}")
    for text in journal.problems:
        journal.say(f"PROBLEM {text}")
    journal.say(f"{'all held' if summary['ok'] else 'FAILED'}, seed {options.seed}, {duration(journal.seconds)}; "
                f"report in {journal.folder}")
    return 0 if summary["ok"] else FAILED


if __name__ == "__main__":
    chosen = options()
    place = Environment(os.environ["CHAOS_ROOT"], os.environ["CHAOS_PROGRAM"], os.environ["CHAOS_SERVER"],
                        os.environ["CHAOS_PSQL"], os.environ.get("CHAOS_SKEW", ""))
    chosen.models = chosen.models or os.path.join(place.root, "Config", "models.simulated.json")
    book = Journal(chosen.report or os.path.join(place.root, ".glimpq", "reports", f"{chosen.mode}-{chosen.seed}"))
    book.say(f"{chosen.mode}: seed {chosen.seed}, {chosen.minutes * 60:.0f} s of faults, lease {chosen.lease} s, "
             f"{chosen.workers} workers with {chosen.in_flight} jobs each; clocks: "
             + ("an hour off in two of three workers" if place.skew else "other time zones (no C compiler here)"))
    try:
        results = asyncio.run(main(chosen, place, book))
    except asyncio.CancelledError:
        book.say("interrupted")
        sys.exit(130)
    except RuntimeError as error:
        book.say(f"Ops/chaos: {error}")
        sys.exit(ENVIRONMENT)
    sys.exit(finish(chosen, book, results))
