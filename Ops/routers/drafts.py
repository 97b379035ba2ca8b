#!/usr/bin/env python3
"""Drafts of the SLM with labels: what the judge and the reward head learn from and are measured on.

usage: drafts.py --split train --count 10000 --seed 1 --out RUNS/drafts-train.jsonl
       drafts.py --split validation --count 600 --seed 2 --out RUNS/drafts-validation.jsonl
       drafts.py --problems ../demo-pair/problems/hard-1000.jsonl --count 400 --seed 3 --out RUNS/drafts-hard.jsonl

Per problem, the SLM writes on from the prompt. Where a step of its is wrong (checker.py), the step is kept with
--keep-wrong, so that what follows has a self-made wrong prefix; otherwise it is replaced by what the LLM writes
there (--llm-share) or by the right step, and the SLM writes on. Half of the problems are written greedily, half
at T = 0.6, top-p 0.95. One JSON line per problem: {"problem", "steps": [{"text", "owner", "right", "wrong_draft"}]};
`right` is the label of the step that was kept, `wrong_draft` the SLM's wrong step that it replaced.
"""
import argparse
import json
import random

import torch

import checker
import pair  # noqa: F401  (puts Ops/demo-pair on the import path)
import task
from pair import Pair, read_problems
from sampling import TEMPERATURE, write

MAX_STEPS = 24


class Draft:
    def __init__(self, problem, temperature):
        self.problem, self.temperature, self.steps, self.open = problem, temperature, [], True

    def texts(self):
        return [step["text"] for step in self.steps]

    def context(self, pair):
        text = task.prompt(*self.problem) + "".join(step + task.STEP_END for step in self.texts())
        return pair.encode(text)

    def add(self, text, owner, wrong_draft=None):
        right = checker.is_right(*self.problem, self.texts(), text)
        self.steps.append(dict(text=text, owner=owner, right=right, wrong_draft=wrong_draft))
        self.open = text != task.END_THINK and "<" not in text and len(self.steps) < MAX_STEPS

    def record(self):
        return dict(problem=self.problem, temperature=self.temperature, steps=self.steps)


def split_steps(text):
    """The steps of what a model wrote, up to `</think>`; an unfinished last one is left out."""
    head, tag, _ = text.partition(task.END_THINK)
    parts = head.split(task.STEP_END)
    return parts[:-1] + ([task.END_THINK] if tag and not parts[-1] else [parts[-1]] if parts[-1] else [])


def advance(pair, drafts, rng, generator, keep_wrong, llm_share):
    """The SLM writes on in all drafts up to its next wrong step that is not kept."""
    stops = (pair.marks.end_think, pair.marks.end)
    written = write(pair.slm, [d.context(pair) for d in drafts], stops, 400, [d.temperature for d in drafts], generator)
    to_llm = []
    for draft, ids in zip(drafts, written):
        for text in split_steps(pair.tokenizer.decode(ids, skip_special_tokens=False)) or ["<"]:
            right = checker.expected_step(*draft.problem, draft.texts())
            if not draft.open:
                break
            if text == right or right is None or rng.random() < keep_wrong:
                draft.add(text, "slm")
            elif rng.random() < llm_share:
                to_llm.append((draft, text))
                break
            else:
                draft.add(right, "task", wrong_draft=text)
                break
    stops = (pair.marks.blank, pair.marks.end_think, pair.marks.end)
    contexts = [draft.context(pair) for draft, _ in to_llm]
    heat = [draft.temperature for draft, _ in to_llm]
    for (draft, text), ids in zip(to_llm, write(pair.llm, contexts, stops, 64, heat, generator) if to_llm else []):
        better = pair.tokenizer.decode(ids, skip_special_tokens=False).removesuffix(task.STEP_END)
        draft.add(better, "llm", wrong_draft=text)


def draft_all(pair, problems, seed, keep_wrong, llm_share):
    rng, generator = random.Random(f"drafts/{seed}"), torch.Generator().manual_seed(seed)
    drafts = [Draft(problem, TEMPERATURE if number % 2 else 0) for number, problem in enumerate(problems)]
    while waiting := [draft for draft in drafts if draft.open]:
        advance(pair, waiting, rng, generator, keep_wrong, llm_share)
    return [draft.record() for draft in drafts]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--split", choices=task.SPLITS)
    source.add_argument("--problems", help="JSONL as task.py writes it, instead of a split")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--keep-wrong", type=float, default=0.15)
    parser.add_argument("--llm-share", type=float, default=0.25)
    parser.add_argument("--chunk", type=int, default=1000, help="problems per piece of work; each is drawn by itself")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pair = Pair()
    problems = (read_problems(arguments.problems, arguments.count) if arguments.problems else
                task.distinct_problems(arguments.split, arguments.count, arguments.seed))
    with open(arguments.out, "w", encoding="utf-8") as file:
        for start in range(0, len(problems), arguments.chunk):
            for record in draft_all(pair, problems[start:start + arguments.chunk], arguments.seed + start,
                                    arguments.keep_wrong, arguments.llm_share):
                file.write(json.dumps(record, separators=(",", ":")) + "\n")
            file.flush()
            print(f"{min(start + arguments.chunk, len(problems))} of {len(problems)} problems", flush=True)


if __name__ == "__main__":
    main()
