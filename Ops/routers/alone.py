#!/usr/bin/env python3
"""How many problems of a file each model of the pair solves alone, greedily and at T = 0.6.

usage: alone.py ../demo-pair/problems/hard-1000.jsonl --count 300
"""
import argparse

import torch

import pair  # noqa: F401  (puts Ops/demo-pair on the import path)
import task
from intervals import wilson
from pair import Pair, read_problems
from sampling import TEMPERATURE, write

LIMIT = 450     # the longest right solution has about 330 tokens


def solved(pair, model, problems, temperature, seed):
    stops = (pair.marks.end,)
    written = write(model, pair.prompts(problems), stops, LIMIT, [temperature] * len(problems),
                    torch.Generator().manual_seed(seed))
    answers = [pair.tokenizer.decode(ids, skip_special_tokens=False).split(task.END_THINK + task.STEP_END)[-1]
               for ids in written]
    return sum(answer == task.answer(*problem) + task.END for answer, problem in zip(answers, problems))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", help="JSONL as task.py writes it")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pair = Pair()
    problems = read_problems(arguments.problems, arguments.count)
    for name, model in (("SLM", pair.slm), ("LLM", pair.llm)):
        for temperature in (0, TEMPERATURE):
            right = solved(pair, model, problems, temperature, arguments.seed)
            low, high = wilson(right, len(problems))
            print(f"{name} alone, T = {temperature}: {right} of {len(problems)}, {100 * right / len(problems):.1f} % "
                  f"[{100 * low:.1f}, {100 * high:.1f}]", flush=True)


if __name__ == "__main__":
    main()
