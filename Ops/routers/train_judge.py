#!/usr/bin/env python3
"""Fine-tunes a copy of the demo LLM into a judge of steps, and a reward head on the same copy.

usage: train_judge.py --drafts RUNS/drafts-train.jsonl --seed 1 --out RUNS/judge

Three losses at once, each a mean over its items: the next token of right steps (so that arithmetic is not
forgotten), the grade after the judge's question, and the reward head's value at a draft's last token (binary
cross-entropy with the checker's label).

The first --practice steps use right solutions made on the fly, with every quotient step beside the two that are off
by one: most of what is graded is wrong there, for a comparison that the SLM's rare mistakes teach slowly.
The other steps use the drafts, whose mistakes are as frequent as in use. Grades are hard at first (9
right, 0 wrong); in the last --soft-share of the drafts they are soft: 9 times the reward head's own value v, as a
mixture of the two digits around it. So the most likely digit is about 9 v, and a threshold on it means a probability.

Batch n depends on (seed, n) alone; the run resumes from OUT/latest.pt, also with other arguments, and ends with
OUT/final.pt.
"""
import argparse
import json
import os
import random
import time

import torch
import torch.nn.functional as F

import pair  # noqa: F401  (puts Ops/demo-pair on the import path)
import task
from grading import DIGITS, batch_of, digit_ids, follow_up_ids, practice_tree, tree_of
from heads import Head, HeadShape
from model import shape_record
from muon import Muon
from pair import Pair
from ragged import logits_of

POOL = 16       # batches whose documents are sorted by length together, so that little is padded


def soft_grades(values):
    """Rows of probabilities over the digits with the mean 9 v."""
    grade = values * (DIGITS - 1)
    low = grade.floor().clamp(max=DIGITS - 2).long()
    rest = (grade - low)[:, None]
    return F.one_hot(low, DIGITS) * (1 - rest) + F.one_hot(low + 1, DIGITS) * rest


def losses(model, head, batch, digits, hard):
    hidden = batch.hidden(model)
    language = F.cross_entropy(logits_of(model, hidden[:, :-1][batch.taught[:, :-1]]),
                               batch.ids[:, 1:][batch.taught[:, :-1]])
    z = head(hidden[batch.values])
    value = F.binary_cross_entropy_with_logits(z, batch.labels)
    targets = soft_grades(batch.labels if hard else torch.sigmoid(z.detach()))
    # over the whole vocabulary: the judge must not want to write anything but a digit
    log_p = torch.log_softmax(logits_of(model, hidden[batch.grades]), dim=-1)[:, digits]
    grade = -(targets * log_p).sum(dim=-1).mean()
    return language, value, grade


class Practice:
    """Batch n of right solutions with spoilt quotient steps; all of a batch have the same number of digits."""

    def __init__(self, pair, follow_up, documents, seed):
        self.pair, self.follow_up, self.documents, self.seed = pair, follow_up, documents, seed

    def batch(self, number):
        rng = random.Random(f"practice/{self.seed}/{number}")
        digits = rng.choice(task.QUOTIENT_DIGITS)
        problems = [task.draw_problem(rng, "train", digits) for _ in range(self.documents)]
        return batch_of([practice_tree(problem, self.pair, self.follow_up) for problem in problems])


class Order:
    """Which documents of the drafts batch n holds."""

    def __init__(self, trees, documents, seed):
        self.trees, self.documents, self.seed = trees, documents, seed
        self.per_pass = len(trees) // documents

    def batch(self, number):
        done, place = divmod(number, self.per_pass)
        rng = random.Random(f"judge/{self.seed}/{done}")
        order = rng.sample(range(len(self.trees)), len(self.trees))
        pool = self.documents * POOL
        order = [n for start in range(0, len(order), pool)
                 for n in sorted(order[start:start + pool], key=lambda n: len(self.trees[n].ids))]
        places = rng.sample(range(self.per_pass), self.per_pass)
        start = places[place] * self.documents
        return batch_of([self.trees[n] for n in order[start:start + self.documents]])


def save(path, model, head, optimizers, step, seconds):
    record = dict(shape=shape_record(model.shape), vocab=model.model.embed_tokens.num_embeddings, tokens=0,
                  weights=model.state_dict(), head=head.state_dict(), step=step, seconds=seconds,
                  optimizers=[optimizer.state_dict() for optimizer in optimizers])
    torch.save(record, path + ".part")
    os.replace(path + ".part", path)


def train(arguments):
    pair = Pair()
    torch.manual_seed(arguments.seed)
    model, head = pair.llm.train(), Head(HeadShape(pair.llm.shape.hidden, width=64))
    matrices = [w for n, w in model.named_parameters() if w.dim() == 2 and "embed" not in n]
    others = [w for n, w in model.named_parameters() if w.dim() < 2 or "embed" in n] + list(head.parameters())
    peaks = [arguments.muon_rate, arguments.adam_rate]
    optimizers = [Muon(matrices, lr=peaks[0]), torch.optim.AdamW(others, lr=peaks[1], betas=(0.9, 0.98), weight_decay=0)]
    follow_up, digits = follow_up_ids(pair), torch.tensor(digit_ids(pair))
    with open(arguments.drafts, encoding="utf-8") as file:
        order = Order([tree_of(json.loads(line), pair, follow_up) for line in file], arguments.documents, arguments.seed)
    practice = Practice(pair, follow_up, arguments.documents, arguments.seed)
    steps, step, seconds = arguments.practice + int(order.per_pass * arguments.passes), 0, 0.0
    soft_from = steps - arguments.soft_share * (steps - arguments.practice)
    latest = os.path.join(arguments.out, "latest.pt")
    os.makedirs(arguments.out, exist_ok=True)
    if os.path.exists(latest):
        record = torch.load(latest, weights_only=True)
        model.load_state_dict(record["weights"])
        head.load_state_dict(record["head"])
        for optimizer, state in zip(optimizers, record["optimizers"]):
            optimizer.load_state_dict(state)
        step, seconds = record["step"], record["seconds"]
    print(f"{len(order.trees)} problems, {steps} steps of {arguments.documents}, from step {step}", flush=True)
    mark, sums = time.process_time(), torch.zeros(3)
    while step < min(steps, arguments.stop or steps):
        warm = min(1, (step + 1) / arguments.warm_steps)
        share = warm * (1 - step / steps)
        batch = practice.batch(step) if step < arguments.practice else order.batch(step - arguments.practice)
        parts = losses(model, head, batch, digits, hard=step < soft_from)
        sum(parts).backward()
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        for optimizer, peak in zip(optimizers, peaks):
            for group in optimizer.param_groups:
                group["lr"] = peak * share
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        step += 1
        sums += torch.stack([part.detach() for part in parts])
        if step % arguments.log_steps == 0 or step == steps:
            now = time.process_time()
            seconds, mark = seconds + now - mark, now
            language, value, grade = (sums / arguments.log_steps).tolist()
            print(f"step {step} cpu {seconds:.0f}s language {language:.4f} value {value:.4f} grade {grade:.4f}", flush=True)
            sums.zero_()
            save(latest, model, head, optimizers, step, seconds)
    save(os.path.join(arguments.out, "final.pt"), model, head, optimizers, step, seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drafts", required=True)
    parser.add_argument("--out", required=True, help="folder of the run, outside the checkout")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--documents", type=int, default=24)
    parser.add_argument("--passes", type=float, default=1)
    parser.add_argument("--practice", type=int, default=400, help="steps on right solutions with spoilt quotient steps")
    parser.add_argument("--stop", type=int, help="end at this step, for a run that goes on with other arguments")
    parser.add_argument("--soft-share", type=float, default=0.5)
    parser.add_argument("--muon-rate", type=float, default=0.015)
    parser.add_argument("--adam-rate", type=float, default=2e-3)
    parser.add_argument("--warm-steps", type=int, default=20)
    parser.add_argument("--log-steps", type=int, default=20)
    torch.set_num_threads(1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
