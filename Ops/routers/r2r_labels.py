#!/usr/bin/env python3
"""Token labels for the R2R router: where the SLM's token would take the solution another way than the LLM's.

usage: r2r_labels.py --split train --count 2500 --seed 1 --out RUNS/r2r-train.jsonl
       r2r_labels.py --split validation --count 800 --seed 2 --out RUNS/r2r-validation.jsonl
       r2r_labels.py ... --verifier 'python3 my_verifier.py'

1. The LLM answers every problem; answers without an end are dropped. Half of the problems greedily, half at T = 0.6.
2. The SLM reads the answers and gives its own token at every position (drawn in the same way). Equal: identical.
3. Where they differ, the LLM continues both branches greedily to the end of the step.
4. The verifier says whether both branches mean the same: here by what a step hands on (the left-over number, the
   product, the number brought down to). Same meaning: neutral; otherwise divergent. With --verifier a command decides:
   it gets one JSON line {"context", "llm", "slm"} per pair on standard input and answers a line each, 0 (same) or 1.

One JSON line per answer: {"ids", "start", "drawn", "labels"}: from position `start` on, the SLM's token for ids[n] is
drawn[n - start] and labels[n - start] is 0 identical, 1 neutral, 2 divergent.
"""
import argparse
import json
import shlex
import subprocess

import torch

import pair  # noqa: F401  (puts Ops/demo-pair on the import path)
import checker
import task
from pair import Pair
from ragged import RaggedDecoder, logits_of
from sampling import TEMPERATURE, draw, padded, write

IDENTICAL, NEUTRAL, DIVERGENT = range(3)
ANSWER_LIMIT = 450


def meaning(step):
    """What a step hands on to the rest of the solution; its text where the form is unknown."""
    if match := checker.SUBTRACT.fullmatch(step):
        return "left", int(match[3])
    if match := checker.PRODUCT.fullmatch(step):
        return "product", int(match[1]), int(match[5])
    if match := checker.BRING.fullmatch(step) or checker.FIRST.fullmatch(step):
        return "rest", int(match[2]), match[3]
    return "text", step


def built_in_verifier(pairs):
    return [int(meaning(p["llm"]) != meaning(p["slm"])) for p in pairs]


def command_verifier(command):
    def verify(pairs):
        lines = "".join(json.dumps(p) + "\n" for p in pairs)
        result = subprocess.run(shlex.split(command), input=lines, text=True, capture_output=True, check=True)
        verdicts = result.stdout.split()
        if len(verdicts) != len(pairs) or not set(verdicts) <= {"0", "1"}:
            raise SystemExit(f"{command}: expected {len(pairs)} lines of 0 or 1, got {len(verdicts)}")
        return [int(verdict) for verdict in verdicts]
    return verify


class Labeller:
    def __init__(self, pair, generator, verify):
        self.pair, self.generator, self.verify = pair, generator, verify
        self.stops = (pair.marks.blank, pair.marks.end_think, pair.marks.end)

    def label(self, problems):
        """One record per answer of the LLM."""
        heat = [TEMPERATURE if number % 2 else 0.0 for number in range(len(problems))]
        prompts = self.pair.prompts(problems)
        answers = write(self.pair.llm, prompts, (self.pair.marks.end,), ANSWER_LIMIT, heat, self.generator)
        whole = [(prompt, answer, t) for prompt, answer, t in zip(prompts, answers, heat)
                 if answer[-1] == self.pair.marks.end]
        drawn = self.slm_tokens([p + a for p, a, _ in whole], [len(p) for p, _, _ in whole], [t for _, _, t in whole])
        records = [dict(ids=p + a, start=len(p), drawn=d, labels=[int(x != y) * DIVERGENT for x, y in zip(a, d)])
                   for (p, a, _), d in zip(whole, drawn)]
        self.compare(records)
        return records

    @torch.no_grad()
    def slm_tokens(self, texts, starts, heat, batch=128):
        drawn = []
        for first in range(0, len(texts), batch):
            part = range(first, min(first + batch, len(texts)))
            ids, counts = padded([texts[n] for n in part])
            hidden = RaggedDecoder(self.pair.slm, len(part), ids.shape[1]).feed(torch.arange(len(part)), ids, counts)
            for row, n in enumerate(part):
                logits = logits_of(self.pair.slm, hidden[row, starts[n] - 1:len(texts[n]) - 1])
                drawn.append(draw(logits, torch.full((len(logits),), heat[n]), self.generator).tolist())
        return drawn

    def compare(self, records):
        """Replaces `divergent` by `neutral` where both branches mean the same."""
        places = [(record, n) for record in records for n, label in enumerate(record["labels"]) if label]
        branches = []
        for record, n in places:
            context = record["ids"][:record["start"] + n]
            branches += [context + [record["ids"][record["start"] + n]], context + [record["drawn"][n]]]
        going_on = [n for n, branch in enumerate(branches) if branch[-1] not in self.stops]
        written = write(self.pair.llm, [branches[n] for n in going_on], self.stops, 64, [0.0] * len(going_on), self.generator)
        for n, ids in zip(going_on, written):
            branches[n] = branches[n] + ids
        pairs = []
        for (record, n), own, other in zip(places, branches[::2], branches[1::2]):
            start = self.step_start(record["ids"], record["start"], record["start"] + n)
            text = lambda ids: self.pair.tokenizer.decode(ids, skip_special_tokens=False)
            pairs.append(dict(context=text(own[:start]), llm=text(own[start:]).removesuffix(task.STEP_END),
                              slm=text(other[start:]).removesuffix(task.STEP_END)))
        for (record, n), differs in zip(places, self.verify(pairs) if pairs else []):
            record["labels"][n] = DIVERGENT if differs else NEUTRAL

    def step_start(self, ids, start, place):
        """Where the step that holds ids[place] begins."""
        while place > start and ids[place - 1] not in self.stops:
            place -= 1
        return place


def shares(records):
    counts = torch.bincount(torch.tensor([label for record in records for label in record["labels"]]), minlength=3)
    return ", ".join(f"{name} {count} ({100 * count / counts.sum():.3f} %)"
                     for name, count in zip(("identical", "neutral", "divergent"), counts.tolist()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=task.SPLITS, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--chunk", type=int, default=500)
    parser.add_argument("--verifier", help="command instead of the built-in comparison")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    verify = command_verifier(arguments.verifier) if arguments.verifier else built_in_verifier
    models = Pair()
    problems = task.distinct_problems(arguments.split, arguments.count, arguments.seed)
    records = []
    with open(arguments.out, "w", encoding="utf-8") as file:
        for start in range(0, len(problems), arguments.chunk):
            labeller = Labeller(models, torch.Generator().manual_seed(arguments.seed + start), verify)
            records += (new := labeller.label(problems[start:start + arguments.chunk]))
            file.writelines(json.dumps(record, separators=(",", ":")) + "\n" for record in new)
            file.flush()
            print(f"{len(records)} answers: {shares(records)}", flush=True)


if __name__ == "__main__":
    main()
