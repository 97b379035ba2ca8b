#!/usr/bin/env python3
"""Measures glimpq against llama.cpp on the same weights, in turns. Run by Ops/bench/engine, which makes what it needs."""
import argparse
import json
import statistics
import sys
from pathlib import Path

from figures import MOST_PROBE_TIMES, figures
from programs import Program, ProgramFailed, Series, paired_ratios
from quality import quality_figures


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    """One run over the chosen figures."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.table = []
        # Figure -> our series and the peer's.
        self.measured = {}

    def emit(self, figure, ours, peer, ratio, unit):
        """One line of JSON, as all benchmarks print it; ratio above 1 means ours is better."""
        def rounded(value):
            return float(f"{value:.4g}")
        print(json.dumps({"bench": "engine", "figure": figure, "ours": rounded(ours), "peer": rounded(peer),
                          "ratio": rounded(ratio), "unit": unit, "machine": self.arguments.machine},
                         ensure_ascii=False), flush=True)

    def row(self, figure, ours, peer, ratios, bar, note=""):
        ratio = statistics.median(ratios)
        verdict = "" if bar is None else f"{'reached' if ratio >= bar else 'missed'} (≥ {bar:g})"
        self.table.append((figure, ours, peer, f"{ratio:.2f} ({min(ratios):.2f}–{max(ratios):.2f})", verdict, note))

    def wanted(self, name):
        return not self.arguments.only or any(name.startswith(start) for start in self.arguments.only)

    def start_ours(self, preset, kind):
        """Ours from the GGUF file, or from the folder while the file's format is not understood."""
        folder = self.arguments.checkpoints / preset
        command = [self.arguments.glimpq, "bench", "--requests", "--threads", str(self.arguments.threads),
                   "--precision", self.arguments.precision]
        try:
            return Program([*command, str(folder / f"{kind}.gguf")], "glimpq")
        except ProgramFailed as failure:
            if kind != "bf16":
                raise
            say(f"       {failure}; taking the folder with the same weights")
            return Program([*command, str(folder / "hf")], "glimpq")

    def start_peer(self, preset, kind):
        path = self.arguments.checkpoints / preset / f"{kind}.gguf"
        return Program([self.arguments.peer, str(path), str(self.arguments.threads)], "llama.cpp")

    def best_setting(self, peer, figure):
        """Flash attention on or off, for small models also fewer threads: whatever serves the peer best."""
        threads = {self.arguments.threads} | ({1} if figure.preset == "tiny" else set())
        settings = [f"flash={flash} threads={count}" for flash in (1, 0) for count in sorted(threads, reverse=True)]
        best = {setting: max(self.rate(peer.ask(f"{figure.request} {setting}")) for _ in range(2))
                for setting in settings}
        return max(best, key=best.get)

    @staticmethod
    def rate(sample):
        return sample["amount"] / sample["seconds"]

    def measure(self, preset, kind, chosen):
        say(f"[{preset} {kind}] loading both")
        try:
            ours = self.start_ours(preset, kind)
        except ProgramFailed as failure:
            say(f"       left out: {failure}")
            return
        peer = self.start_peer(preset, kind)
        try:
            model_bytes = peer.ask("size")["bytes"]
            for figure in chosen:
                self.measure_figure(figure, ours, peer, model_bytes)
        finally:
            ours.close()
            peer.close()

    def measure_figure(self, figure, ours, peer, model_bytes):
        setting = self.best_setting(peer, figure)
        request = f"{figure.request} {setting}"
        ours.ask(figure.request)
        a, b, bandwidth = Series(), Series(), Series()
        for round_number in range(self.arguments.rounds):
            turns = [(a, ours, figure.request), (b, peer, request)]
            for series, program, text in turns if round_number % 2 == 0 else reversed(turns):
                series.values.append(figure.value(program.ask(text)))
            if figure.limit == "bandwidth":
                bandwidth.values.append(self.rate(ours.ask(f"bandwidth threads={self.arguments.threads}")))
        ratios = paired_ratios(a, b, figure.larger_is_better)
        note = f"peer: {setting}" + self.limits(figure, a, bandwidth, model_bytes)
        self.row(figure.name, a.text(figure.digits), b.text(figure.digits) + f" {figure.unit}", ratios, figure.bar, note)
        self.emit(figure.name, a.median, b.median, statistics.median(ratios), figure.unit)
        say("       " + "  ".join(cell for cell in self.table[-1] if cell))
        self.measured[figure.name] = a, b
        if figure.single in self.measured:
            self.compare_with_single(figure)

    def compare_with_single(self, figure):
        """What all sequences at once cost, in times of a single one."""
        name = f"{figure.name}-vs-1"
        ours, peer = (figure.rows * many.median / one.median
                      for many, one in zip(self.measured[figure.name], self.measured[figure.single]))
        verdict = f"{'reached' if ours <= MOST_PROBE_TIMES else 'missed'} (≤ {MOST_PROBE_TIMES:g})"
        self.table.append((name, f"{ours:.1f}", f"{peer:.1f} times", f"{peer / ours:.2f}", verdict, ""))
        self.emit(name, ours, peer, peer / ours, "times")
        say("       " + "  ".join(cell for cell in self.table[-1] if cell))

    def limits(self, figure, ours, bandwidth, model_bytes):
        """How near ours is to what the machine can do; also printed as figures of their own."""
        if figure.limit == "bandwidth":
            read = ours.median / figure.rows * model_bytes
            self.emit(f"{figure.name}-bandwidth", read / 1e9, bandwidth.median / 1e9, read / bandwidth.median, "GB/s")
            return (f"; ours reads {read / 1e9:.1f} of {bandwidth.median / 1e9:.1f} "
                    f"({min(bandwidth.values) / 1e9:.0f}–{max(bandwidth.values) / 1e9:.0f}) GB/s")
        if figure.limit == "arithmetic":
            kind = "f32" if self.arguments.precision == "exact" else "bf16" if figure.type == "bf16" else "int8"
            peak = self.arguments.peak.get(kind, self.arguments.peak.get("f32"))
            if not peak:
                return ""
            done = ours.median * self.arguments.operations[figure.preset, figure.rows]
            peak *= self.arguments.threads
            self.emit(f"{figure.name}-arithmetic", done / 1e9, peak / 1e9, done / peak, "Gop/s")
            return f"; ours does {done / 1e9:.0f} of {peak / 1e9:.0f} Gop/s"
        return ""

    def measure_loads(self, preset, kind):
        """Start of the process to the distribution after one token, files in the page cache."""
        name = f"load-{preset}-{kind}"
        if not self.wanted(name):
            return
        a, b = Series(), Series()
        for _ in range(self.arguments.rounds):
            for series, start in ((a, self.start_ours), (b, self.start_peer)):
                try:
                    program = start(preset, kind)
                except ProgramFailed as failure:
                    say(f"       {name} left out: {failure}")
                    return
                series.values.append(program.start_seconds)
                program.close()
        ratios = paired_ratios(a, b, False)
        self.row(name, a.text(2), b.text(2) + " s", ratios, None, "bar: ours ≤ 2 s" if preset == "qwen3-0.6b" else "")
        self.emit(name, a.median, b.median, statistics.median(ratios), "s")

    def run(self):
        groups = {}
        for figure in figures(self.arguments.quick):
            if figure.preset in self.arguments.models and self.wanted(figure.name):
                groups.setdefault((figure.preset, figure.type), []).append(figure)
        for (preset, kind), chosen in groups.items():
            self.measure(preset, kind, chosen)
        for preset in self.arguments.models:
            for kind in ("bf16", "q8_0", "q4_0"):
                self.measure_loads(preset, kind)
        for name, ours, peer in quality_figures(self):
            self.row(name, f"{ours:.4f}", f"{peer:.4f} mean |Δlogit|", [peer / ours], 1.0)
            self.emit(name, ours, peer, peer / ours, "mean |Δlogit|")
        self.print_table()

    def print_table(self):
        heading = ("figure", "ours", "llama.cpp", "ratio", "bar", "")
        widths = [max(len(row[i]) for row in [heading, *self.table]) for i in range(len(heading))]
        for row in [heading, *self.table]:
            say("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def operations_per_token(folder, presets):
    """(preset, rows) -> operations per token of the 16-row step and of the 512-row prefill."""
    result = {}
    for preset in presets:
        config = json.loads((folder / preset / "hf" / "config.json").read_text())
        hidden, layers = config["hidden_size"], config["num_hidden_layers"]
        head_dim = config.get("head_dim", hidden // config["num_attention_heads"])
        query, key = config["num_attention_heads"] * head_dim, config["num_key_value_heads"] * head_dim
        weights = layers * hidden * (2 * query + 2 * key + 3 * config["intermediate_size"])
        head = config["vocab_size"] * hidden
        for rows, context, logits in ((16, 80, 16), (512, 256, 1)):
            result[preset, rows] = 2 * (weights + 2 * layers * query * context + head * logits / rows)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--glimpq", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--precision", required=True)
    parser.add_argument("--peak", type=json.loads, required=True)
    parser.add_argument("--machine", required=True)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    arguments.operations = operations_per_token(arguments.checkpoints, arguments.models)
    try:
        Bench(arguments).run()
    except ProgramFailed as failure:
        sys.exit(f"engine: {failure}")


if __name__ == "__main__":
    main()
