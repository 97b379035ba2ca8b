#!/usr/bin/env python3
"""Trains R-Stitch+'s router for the demo pair by reinforcement, with the paper's reward.

usage: train_stitch.py --latency latency.json --seed 1 --out RUNS/stitch --iterations 80
       train_stitch.py --latency latency.json --seed 1 --out RUNS/stitch-paper --penalty 5e-6 --iterations 40
       train_stitch.py --measure RUNS/stitch/best.pt --latency latency.json --head demo-stitch --json stitch.json

The router reads the SLM's hidden state at tokens whose normalised entropy exceeds tau and gives the chance that the
LLM should write this position. Reward of a rollout: R = right - penalty * right * L, L the estimated latency in ms: the
sum over all passes of T(new, cached) = a new^2 + b new cached + c new + d with the coefficients of the model that made
the pass. The paper's penalty, 5e-6, is made for traces of minutes; the default here is so large that a right answer
written by the LLM alone gets 1 - 0.46, as a trace of 92 s would with the paper's.

As in DAPO: groups of rollouts of one problem, advantages normalised within the group, every decision of the batch
weighs the same, the ratio is clipped more loosely upwards (0.2 / 0.28), groups that are all right or all wrong teach
nothing (DAPO draws others instead; here the batch gets smaller). The router begins near R-Stitch: it switches at
uncertain tokens with a chance of --start.
The run resumes from OUT/latest.pt; OUT/best.pt is the checkpoint with the best reward on validation problems.
"""
import argparse
import json
import math
import os
import random
import time

import torch

import pair  # noqa: F401  (puts Ops/demo-pair on the import path)
import task
from export_head import save_head
from figures import write_figures
from heads import Head, HeadShape
from intervals import wilson
from pair import Pair, fingerprint, read_problems
from sampling import TEMPERATURE
from stitching import LLM, SLM, Latency, Stitcher

TAU = 0.02
PAPER_PENALTY = 5e-6
FULL_PENALTY = 0.46         # what the paper's penalty takes from a trace of 92 s
CLIP_LOW, CLIP_HIGH = 0.2, 0.28
SPREAD = 1e-4               # added to a group's deviation
SWITCH_AT = 0.5
POLICIES = {"R-Stitch (always switch)": lambda hidden: torch.ones(len(hidden), dtype=torch.bool),
            "never switch": lambda hidden: torch.zeros(len(hidden), dtype=torch.bool)}


def read_latencies(path):
    """The coefficients that `glimpq bench latency --output` wrote, in ms: (SLM, LLM)."""
    with open(path, encoding="utf-8") as file:
        models = json.load(file)["models"]
    out = []
    for name in ("demo-slm", "demo-llm"):
        if models[name]["unit"] != "s":
            raise SystemExit(f"{path}: models.{name}.unit: expected 's', got {models[name]['unit']!r}")
        out.append(Latency(**{key: 1000 * float(models[name][key]) for key in "abcd"}))
    return out


def is_right(pair, text, problem):
    return pair.tokenizer.decode(text, skip_special_tokens=False).endswith(
        task.END_THINK + task.STEP_END + task.answer(*problem) + task.END)


class Trainer:
    def __init__(self, arguments):
        self.arguments, self.pair = arguments, Pair()
        self.latencies = read_latencies(arguments.latency)
        self.stitcher = Stitcher(self.pair, self.latencies, arguments.tau)
        self.penalty = arguments.penalty if arguments.penalty is not None else FULL_PENALTY / self.llm_alone()

    def llm_alone(self):
        """Mean latency of the right solutions, written by the LLM alone."""
        total, problems = 0.0, task.distinct_problems("validation", 200, seed=1)
        for problem, prompt in zip(problems, self.pair.prompts(problems)):
            written = len(self.pair.encode(task.solution(*problem)))
            total += self.latencies[LLM].of(len(prompt), 0)
            total += sum(self.latencies[LLM].of(1, len(prompt) + n) for n in range(written - 1))
        return total / len(problems)

    def rollouts(self, problems, switch, seed):
        generator = torch.Generator().manual_seed(seed)
        result = self.stitcher.run(self.pair.prompts(problems), TEMPERATURE, generator, switch)
        right = torch.tensor([float(is_right(self.pair, *both)) for both in zip(result.texts, problems)])
        return result, right, right * (1 - self.penalty * result.latency)

    def improve(self, head, optimizer, number):
        """One iteration: rollouts of fresh problems, then a few passes over their decisions."""
        options = self.arguments
        rng = random.Random(f"stitch/{options.seed}/{number}")
        problems = [task.draw_problem(rng, "train") for _ in range(options.problems)]
        repeated = [problem for problem in problems for _ in range(options.group)]
        coins = torch.Generator().manual_seed(options.seed * 100_003 + number)
        switch = lambda hidden: torch.rand(len(hidden), generator=coins) < torch.sigmoid(head(hidden))
        result, right, reward = self.rollouts(repeated, switch, options.seed * 1_000_003 + number)
        groups, solved = (values.view(options.problems, options.group) for values in (reward, right))
        advantage = (groups - groups.mean(dim=1, keepdim=True)) / (groups.std(dim=1, keepdim=True) + SPREAD)
        mixed = (solved.sum(dim=1) > 0) & (solved.sum(dim=1) < options.group)
        advantage = (advantage * mixed[:, None]).flatten()[result.rows]
        weight = mixed.repeat_interleave(options.group)[result.rows].float()
        weight = weight / weight.sum().clamp(min=1)
        action = result.switched.float()
        log_chance = lambda: -torch.nn.functional.binary_cross_entropy_with_logits(
            head(result.hidden), action, reduction="none")
        with torch.no_grad():
            before = log_chance()
        for _ in range(options.passes):
            ratio = (log_chance() - before).exp()
            clipped = ratio.clamp(1 - CLIP_LOW, 1 + CLIP_HIGH)
            loss = -(torch.minimum(ratio * advantage, clipped * advantage) * weight).sum()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()
        return dict(iteration=number + 1, right=right.mean().item(), reward=reward.mean().item(),
                    latency_ms=result.latency.mean().item(), llm_tokens=result.tokens[:, LLM].mean().item(),
                    decisions=len(action) / len(repeated), switched=action.mean().item(),
                    mixed_groups=mixed.sum().item())

    def measure(self, problems, switch, seed=0, repeats=1):
        result, right, reward = self.rollouts(problems * repeats, switch, seed)
        low, high = wilson(right.sum().item(), len(right))
        decided = max(1, len(result.switched))
        return dict(problems=len(problems), seeds=repeats, right=right.mean().item(), interval=(low, high),
                    reward=reward.mean().item(), latency_ms=result.latency.mean().item(),
                    slm_tokens=result.tokens[:, SLM].mean().item(), llm_tokens=result.tokens[:, LLM].mean().item(),
                    llm_token_share=(result.tokens[:, LLM].sum() / result.tokens.sum()).item(),
                    decisions=decided / len(right), switched=result.switched.float().sum().item() / decided,
                    discarded=result.discarded.mean().item())


def new_head(pair, seed, start=0.5):
    torch.manual_seed(seed)
    head = Head(HeadShape(pair.slm.shape.hidden, width=32, input_layers=1, blocks=1, expansion=2))
    with torch.no_grad():
        head.output.bias.fill_(math.log(start / (1 - start)))
    return head


def chosen_by(head):
    return lambda hidden: torch.sigmoid(head(hidden)) >= SWITCH_AT


def train(trainer, arguments):
    os.makedirs(arguments.out, exist_ok=True)
    latest, best = (os.path.join(arguments.out, name) for name in ("latest.pt", "best.pt"))
    head = new_head(trainer.pair, arguments.seed, arguments.start)
    optimizer = torch.optim.Adam(head.parameters(), lr=arguments.rate)
    state = dict(number=0, best=-1.0, curve=[], seconds=0.0)
    if os.path.exists(latest):
        record = torch.load(latest, weights_only=True)
        head.load_state_dict(record["weights"])
        optimizer.load_state_dict(record["optimizer"])
        state = record["state"]
    validation = task.distinct_problems("validation", arguments.validation, seed=4)
    print(f"penalty {trainer.penalty:.3g} per ms, from iteration {state['number']}", flush=True)
    mark = time.process_time()
    while state["number"] < arguments.iterations:
        row = trainer.improve(head, optimizer, state["number"])
        state["number"] += 1
        if state["number"] % arguments.check == 0 or state["number"] == arguments.iterations:
            held = trainer.measure(validation, chosen_by(head))
            row["validation"] = {key: held[key] for key in ("right", "reward", "latency_ms", "llm_tokens", "switched")}
            if held["reward"] > state["best"]:
                state["best"] = held["reward"]
                torch.save(dict(weights=head.state_dict(), iteration=state["number"], penalty=trainer.penalty), best)
        now = time.process_time()
        state["seconds"], mark = state["seconds"] + now - mark, now
        state["curve"].append(row)
        print(f"cpu {state['seconds']:.0f}s", json.dumps(row), flush=True)
        torch.save(dict(weights=head.state_dict(), optimizer=optimizer.state_dict(), state=state), latest + ".part")
        os.replace(latest + ".part", latest)


def report(trainer, arguments):
    """Writes the head folder and measures it beside its controls."""
    record = torch.load(arguments.measure, weights_only=True)
    head = new_head(trainer.pair, 0)
    head.load_state_dict(record["weights"])
    save_head(arguments.head, head.eval(), "sigmoid", SWITCH_AT,
              dict(name="demo-slm", fingerprint=fingerprint("slm")), "r-stitch-plus")
    curve = torch.load(os.path.join(os.path.dirname(arguments.measure), "latest.pt"), weights_only=True)["state"]
    out = dict(penalty=record["penalty"], paper_penalty=PAPER_PENALTY, iteration=record["iteration"],
               llm_alone_ms=trainer.llm_alone(), cpu_seconds=curve["seconds"], curve=curve["curve"], results={})
    problems = os.path.join(pair.PAIR, "problems")
    for name in ("test-1000", "hard-1000"):
        some = read_problems(os.path.join(problems, name + ".jsonl"), arguments.count)
        with torch.no_grad():
            rows = {policy: trainer.measure(some, switch, seed=7) for policy, switch in
                    {"R-Stitch+": chosen_by(head), **POLICIES}.items()}
            share = rows["R-Stitch+"]["switched"]
            coins = torch.Generator().manual_seed(8)
            rows["random at the same share"] = trainer.measure(
                some, lambda hidden: torch.rand(len(hidden), generator=coins) < share, seed=7)
        out["results"][name] = rows
        for policy, row in rows.items():
            print(name, policy, json.dumps(row), flush=True)
    if arguments.json:
        write_figures(arguments.json, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", required=True, help="coefficients of both models, as `glimpq bench latency POOL --output` writes them")
    parser.add_argument("--out", help="folder of the run, outside the checkout")
    parser.add_argument("--measure", help="checkpoint to export and measure instead of training")
    parser.add_argument("--head", help="head folder to write, with --measure")
    parser.add_argument("--json", help="file for all figures, with --measure")
    parser.add_argument("--count", type=int, default=500, help="problems of each file to measure on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tau", type=float, default=TAU)
    parser.add_argument("--penalty", type=float, help="lambda per ms (default: scaled, see above)")
    parser.add_argument("--iterations", type=int, default=80)
    parser.add_argument("--problems", type=int, default=32)
    parser.add_argument("--group", type=int, default=8)
    parser.add_argument("--passes", type=int, default=4)
    parser.add_argument("--start", type=float, default=0.85)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--check", type=int, default=10, help="iterations between two looks at validation problems")
    parser.add_argument("--validation", type=int, default=200)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    trainer = Trainer(arguments)
    report(trainer, arguments) if arguments.measure else train(trainer, arguments)


if __name__ == "__main__":
    main()
