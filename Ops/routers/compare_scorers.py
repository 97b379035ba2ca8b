#!/usr/bin/env python3
"""What else could score a step: the LLM's mean log-probability of the draft, and a head on the frozen LLM.

usage: compare_scorers.py --train RUNS/drafts-train.jsonl --count 1000 --test RUNS/drafts-test.jsonl

Prints the AUROC of each against wrong drafts of the test file, for the reward head's model card.
"""
import argparse
import json

import numpy as np
import torch
import torch.nn.functional as F

import pair  # noqa: F401  (puts Ops/demo-pair on the import path)
from grading import batch_of, follow_up_ids, tree_of
from heads import Head, HeadShape
from intervals import auroc_with_interval
from pair import Pair
from ragged import logits_of


@torch.no_grad()
def read(model, models, path, count, batch=24):
    """(hidden states at the drafts' ends, mean log-probabilities, labels, problems, kinds)."""
    with open(path, encoding="utf-8") as file:
        trees = [tree_of(json.loads(line), models, follow_up_ids(models)) for _, line in zip(range(count), file)]
    trees.sort(key=lambda tree: len(tree.ids))
    hidden, means, labels, problems, kinds = [], [], [], [], []
    for start in range(0, len(trees), batch):
        part = trees[start:start + batch]
        data = batch_of(part)
        states = data.hidden(model)
        hidden.append(states[data.values])
        for row, tree in enumerate(part):
            log_p = torch.log_softmax(logits_of(model, states[row]), dim=-1)
            means += [log_p[span[:-1], data.ids[row, span[1:]]].mean().item() for span in tree.spans]
        labels.append(data.labels)
        kinds += data.kinds
        problems += [start + row for row in data.rows]
    return torch.cat(hidden), np.array(means), torch.cat(labels), np.array(problems), np.array(kinds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--count", type=int, default=1000, help="problems to train the head on")
    parser.add_argument("--passes", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    models = Pair()
    hidden, _, labels, _, _ = read(models.llm, models, arguments.train, arguments.count)
    head = Head(HeadShape(models.llm.shape.hidden, width=64, blocks=1))
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=1e-2)
    for _ in range(arguments.passes):
        for part in torch.randperm(len(labels)).split(256):
            loss = F.binary_cross_entropy_with_logits(head(hidden[part]), labels[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    hidden, means, labels, problems, kinds = read(models.llm, models, arguments.test, 10 ** 9)
    wrong = labels.numpy() < 0.5
    with torch.no_grad():
        values = head(hidden).numpy()
    for scope, chosen in (("all steps", np.ones(len(wrong), bool)), ("quotient steps", kinds == "quotient")):
        for name, signal in (("LLM's mean log-probability", -means), ("head on the frozen LLM", -values)):
            area = auroc_with_interval(signal[chosen], wrong[chosen], problems[chosen], 300, 1)
            print(f"{scope}: {name}: AUROC {area['auroc']:.3f} [{area['low']:.3f}, {area['high']:.3f}]")


if __name__ == "__main__":
    main()
