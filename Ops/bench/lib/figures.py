"""What Ops/bench/engine measures: figures, requests, bars. Not a program."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure: a request that both programs understand, and how to read the answer."""
    name: str
    preset: str
    type: str
    request: str
    unit: str
    larger_is_better: bool = True
    # Ratio to the peer that is asked for; None where none is.
    bar: float | None = None
    # What limits it: "bandwidth", "arithmetic" or neither.
    limit: str = ""
    # Forward passes in a request, and rows in each: for the limits.
    passes: int = 1
    rows: int = 1
    context: int = 0
    # For one of many sequences: the figure of a single one, which it is compared with.
    single: str = ""

    def value(self, sample):
        rate = sample["amount"] / sample["seconds"]
        return rate if self.larger_is_better else 1e6 / rate

    @property
    def digits(self):
        return 1 if self.larger_is_better else 0


# What 64 probes at once may cost, in times of one.
MOST_PROBE_TIMES = 3


def probes(preset, kind, start, end, ways):
    """One probe behind 500 tokens, and 64 at once: behind a common prefix, or each behind its own."""
    one = f"{start}probe-1{end}"
    result = [Figure(one, preset, kind, "probe sequences=1 context=500 shared=0", "µs/probe", larger_is_better=False)]
    for way in ways:
        shared = int(way == "shared")
        result.append(Figure(f"{start}probe-64-{way}{end}", preset, kind,
                             f"probe sequences=64 context=500 shared={shared}", "µs/probe", larger_is_better=False,
                             rows=64, single=one))
    return result


def figures(quick):
    """All timed figures; fewer tokens where it must be quick."""
    steps, few = (16, 8) if quick else (64, 32)
    result = []
    bars = {"bf16": (1.3, 1.4, 2.0), "q8_0": (1.4, 3.5, 3.0), "q4_0": (1.4, 2.0, 2.0)}
    for preset in ("qwen3-0.6b", "qwen2-1.5b", "llama-1b"):
        suffix = "" if preset == "qwen3-0.6b" else f"-{preset}"
        for kind, (one, many, prefill) in bars.items():
            result += [
                Figure(f"decode-1-{kind}{suffix}", preset, kind, f"decode sequences=1 context=64 tokens={steps}",
                       "tok/s", bar=one if not suffix else None, limit="bandwidth", passes=steps, context=64),
                Figure(f"decode-16-{kind}{suffix}", preset, kind, f"decode sequences=16 context=64 tokens={few}",
                       "tok/s", bar=many if not suffix else None, limit="arithmetic", passes=few, rows=16,
                       context=64),
                Figure(f"prefill-512-{kind}{suffix}", preset, kind, "prefill tokens=512", "tok/s",
                       bar=prefill if not suffix else None, limit="arithmetic", rows=512, context=256),
            ]
            # Own contexts of 64 sequences would take minutes to compute.
            result += probes(preset, kind, "", f"-{kind}{suffix}", ["shared"])
    for kind in bars:
        # The demonstration pair, too, has bfloat16 weights: that is the figure without a suffix.
        suffix = "" if kind == "bf16" else f"-{kind}"
        result += [
            Figure(f"tiny-token{suffix}", "tiny", kind, f"decode sequences=1 context=64 tokens={4 * steps}",
                   "µs/token", larger_is_better=False, bar=2.0, passes=4 * steps),
        ]
        result += probes("tiny", kind, "tiny-", suffix, ["shared", "distinct"])
    return result
