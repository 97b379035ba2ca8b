#!/usr/bin/env python3
"""Exports a run of train_judge.py and measures it: the judge as a checkpoint folder, the reward head as a head folder.

usage: measure_judge.py RUNS/judge/final.pt --validation RUNS/drafts-validation.jsonl --test RUNS/drafts-test.jsonl \
           --hard RUNS/drafts-hard.jsonl --judge demo-judge --head demo-prm --json grades.json

The weights are rounded to bf16 first; the reward head is then calibrated (scale and offset of its z, maximum
likelihood) on the validation drafts, and everything is measured on the others. Without --judge nothing is written.
"""
import argparse
import json

import numpy as np
import torch
import torch.nn.functional as F

from pair import Pair, fingerprint, folder
import export
from figures import rounded, write_figures
from grading import DIGITS, batch_of, digit_ids, follow_up_ids, tree_of
from export_head import save_head
from heads import Head, HeadShape
from intervals import auroc_with_interval, wilson
from model import load_folder
from ragged import logits_of


class Measured:
    """Per graded draft: label, problem, kind, reward z, probabilities of the digits and of anything else."""

    def __init__(self, model, head, pair, path, batch=24):
        with open(path, encoding="utf-8") as file:
            trees = [tree_of(json.loads(line), pair, follow_up_ids(pair)) for line in file]
        order = sorted(range(len(trees)), key=lambda n: len(trees[n].ids))
        z, digits, labels, problems, self.kinds = [], [], [], [], []
        for start in range(0, len(order), batch):
            part = order[start:start + batch]
            data = batch_of([trees[n] for n in part])
            with torch.no_grad():
                hidden = data.hidden(model)
                z.append(head(hidden[data.values]))
                digits.append(torch.softmax(logits_of(model, hidden[data.grades]), dim=-1)[:, digit_ids(pair)])
            labels.append(data.labels)
            problems += [part[row] for row in data.rows]
            self.kinds += data.kinds
        self.z, self.digits, self.labels = torch.cat(z), torch.cat(digits), torch.cat(labels)
        self.problems = np.array(problems)

    def average(self):
        """The mean digit, as METHODS' `average` score takes it: over the digits' share of the probability."""
        return (self.digits @ torch.arange(DIGITS).float()) / self.digits.sum(dim=-1)


def fit_calibration(z, labels):
    """(scale, offset) of greatest likelihood."""
    scale, offset = torch.ones(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([scale, offset], max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(scale * z + offset, labels)
        loss.backward()
        return loss
    optimizer.step(closure)
    return scale.item(), offset.item()


def reliability(chance, right):
    """Per decile of width: drafts, mean chance given, share right with its interval; and the expected gap."""
    rows, gap = [], 0.0
    for low in np.arange(10) / 10:
        chosen = (chance >= low) & ((chance < low + 0.1) | (low == 0.9))
        if count := int(chosen.sum()):
            share = float(right[chosen].mean())
            rows.append(dict(from_=round(float(low), 1), drafts=count, chance=float(chance[chosen].mean()), right=share,
                             interval=wilson(int(right[chosen].sum()), count)))
            gap += count / len(chance) * abs(share - float(chance[chosen].mean()))
    return rows, gap


def at_threshold(accepted, right):
    """What a threshold does to right and wrong drafts."""
    wrong = ~right
    kept, rejected = int((accepted & right).sum()), int((~accepted & wrong).sum())
    return dict(accepted=float(accepted.mean()),
                right_accepted=kept / int(right.sum()), right_accepted_interval=wilson(kept, int(right.sum())),
                wrong_rejected=rejected / int(wrong.sum()), wrong_rejected_interval=wilson(rejected, int(wrong.sum())),
                right_among_accepted=kept / max(1, int(accepted.sum())))


def figures(measured, rounds):
    right = measured.labels.numpy() > 0.5
    value, average = torch.sigmoid(measured.z).numpy(), measured.average().numpy()
    greedy = measured.digits.argmax(dim=-1).numpy()
    area = lambda signal, chosen: auroc_with_interval(-signal[chosen], ~right[chosen], measured.problems[chosen], rounds, 1)
    every = np.ones(len(right), bool)
    quotient = np.array([kind == "quotient" for kind in measured.kinds])
    out = dict(drafts=len(right), wrong=int((~right).sum()), quotient_drafts=int(quotient.sum()),
               digit_mass_least=float(measured.digits.sum(dim=-1).min()))
    for name, signal, chance in (("judge", average, average / (DIGITS - 1)), ("reward", value, value)):
        rows, gap = reliability(chance, right)
        out[name] = dict(auroc=area(signal, every), auroc_quotient=area(signal, quotient), calibration_gap=gap,
                         brier=float(((chance - right) ** 2).mean()), reliability=rows)
    out["judge"]["greedy"] = {theta: at_threshold(greedy >= theta, right) for theta in (3, 5, 7, 9)}
    out["judge"]["average"] = {theta: at_threshold(average >= theta, right) for theta in (3, 5, 7, 8)}
    out["reward"]["delta"] = {delta: at_threshold(value >= delta, right) for delta in (0.3, 0.5, 0.7, 0.9)}
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--validation", required=True, help="drafts for calibration")
    parser.add_argument("--test", required=True)
    parser.add_argument("--hard")
    parser.add_argument("--judge", required=True, help="checkpoint folder to write")
    parser.add_argument("--head", required=True, help="head folder to write")
    parser.add_argument("--rounds", type=int, default=500, help="rounds of the bootstrap")
    parser.add_argument("--json", help="file for all figures")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    export.export(arguments.checkpoint, arguments.judge)
    pair, model = Pair(), load_folder(folder(arguments.judge))
    head = Head(HeadShape(model.shape.hidden, width=64)).eval()
    head.load_state_dict(torch.load(arguments.checkpoint, weights_only=True)["head"])
    validation = Measured(model, head, pair, arguments.validation)
    scale, offset = fit_calibration(validation.z, validation.labels)
    head.calibrate(scale, offset)
    base = dict(name="demo-judge", fingerprint=fingerprint(arguments.judge))
    save_head(arguments.head, head, "sigmoid", 0.7, base, "reward")
    out = dict(calibration=dict(scale=scale, offset=offset))
    for name, path in (("test", arguments.test), ("hard", arguments.hard)):
        if path:
            out[name] = figures(Measured(model, head, pair, path), arguments.rounds)
    print(json.dumps(rounded(out), indent=1))
    if arguments.json:
        write_figures(arguments.json, out)


if __name__ == "__main__":
    main()
