#!/usr/bin/env python3
"""Measures the demo pair on held-out problems: alone, under GlimpRouter, and under controls.

usage: evaluate.py --slm slm --llm llm --split test --count 1000 --seed 777 --json evaluation.json --markdown report.md
       evaluate.py --slm slm --llm llm --split validation --count 300 --thresholds 0.1 --draws 1

All decoding is greedy, with the bf16 weights of the folders computed in f32. Except in `SLM alone` the
LLM writes the final answer. Prints the report as Markdown. Needs torch, safetensors, tokenizers, numpy.
"""
import argparse
import json
import random
import sys
import time

import torch
from tokenizers import Tokenizer

import report
import task
from intervals import auroc_with_interval, paired_difference, wilson
from model import load_folder
from sessions import LLM, SLM, Classroom
from stepping import Marks, Step, Writer

SIGNALS = {"H_init": "first_entropy", "H_step": "mean_entropy", "PPL_step": "perplexity"}
HISTOGRAM_WIDTH = 0.2


def owner_if(to_llm):
    return LLM if to_llm else SLM


def uniform(*key):
    """A draw that depends on its key alone, so that every rule sees the same coins."""
    return random.Random("/".join(map(str, key))).random()


class Evaluation:
    def __init__(self, classroom, problems):
        self.classroom, self.problems, self.alone = classroom, problems, None

    def row(self, name, *runs):
        """The figures of one rule. Several runs are draws of a random rule: their figures are averaged,
        the accuracy's interval is that of one draw, and the gap to the LLM alone is taken per problem."""
        sessions = [session for run in runs for session in run]
        steps = sum(len(s.owners) for s in sessions)
        llm_steps = sum(s.owners.count(LLM) for s in sessions)
        tokens = {model: sum(s.tokens[model] for s in sessions) for model in (SLM, LLM)}
        share_right = [sum(s.is_correct for s in same) / len(runs) for same in zip(*runs)]
        low, high = wilson(sum(share_right), len(share_right))
        out = dict(name=name, draws=len(runs), problems=len(share_right), accuracy=sum(share_right) / len(share_right),
                   low=low, high=high, steps=steps, llm_steps=llm_steps, llm_step_share=llm_steps / steps,
                   slm_tokens=tokens[SLM], llm_tokens=tokens[LLM], discarded=sum(s.discarded for s in sessions),
                   llm_token_share=tokens[LLM] / sum(tokens.values()))
        if self.alone:
            out["llm_tokens_of_alone"] = tokens[LLM] / len(runs) / sum(s.tokens[LLM] for s in self.alone)
            gap, gap_low, gap_high = paired_difference(share_right, [s.is_correct for s in self.alone])
            out["minus_llm_alone"] = dict(mean=gap, low=gap_low, high=gap_high)
        return out

    def run(self, name, *choosers, **options):
        return self.row(name, *(self.classroom.run(self.problems, choose, **options) for choose in choosers))

    def signals(self):
        """One record per step of the right solutions: what the SLM would write there, is it right, and
        what did its signals say."""
        contexts, facts = [], []
        for number, problem in enumerate(self.problems):
            session = self.classroom.session(number, *problem)
            for right in session.right:
                contexts.append(session.context)
                facts.append((number, right, self.kind_of(session, right)))
                self.classroom.append(session, SLM, Step(right, 0, 0, 0))
        steps = self.classroom.writers[SLM].steps(contexts)
        return [dict(problem=number, kind=kind, wrong=step.ids != right, first_wrong=step.ids[0] != right[0],
                     **{name: getattr(step, field) for name, field in SIGNALS.items()})
                for (number, right, kind), step in zip(facts, steps)]

    def kind_of(self, session, right):
        if not session.owners:
            return "first step"
        quotient = self.classroom.is_quotient_step(session)
        return "quotient" if quotient else self.classroom.tokenizer.decode(right[:1], skip_special_tokens=False)

    def at_threshold(self, threshold, records, draws):
        """GlimpRouter at one threshold and every control at its share of LLM steps."""
        name = f"tau {threshold:g}"
        glimp = self.run(f"GlimpRouter, {name}", lambda s, draft: owner_if(draft.first_entropy > threshold))
        share = glimp["llm_step_share"]
        quotient = sum(r["kind"] == "quotient" for r in records) / len(records)
        random_rule = lambda draw: lambda s, _: owner_if(uniform("all", draw, s.number, len(s.owners)) < share)
        quotient_rule = lambda draw: lambda s, _: owner_if(
            self.classroom.is_quotient_step(s) and uniform("quotient", draw, s.number, len(s.owners)) < share / quotient)
        rows = [glimp] + [self.run(f"{kind}, as {name}", *(rule(draw) for draw in range(draws)), needs_slm=False)
                          for kind, rule in (("random", random_rule), ("random among quotient steps", quotient_rule))]
        for signal, field in list(SIGNALS.items())[1:]:
            values = sorted(r[signal] for r in records)
            cut = values[min(len(values) - 1, round((1 - share) * len(values)))]
            rows.append(self.run(f"{signal}, as {name}", self.whole_step_rule(field, cut)))
        return [dict(row, threshold=threshold) for row in rows]

    @staticmethod
    def whole_step_rule(field, cut):
        def choose(session, draft):
            to_llm = getattr(draft, field) >= cut
            session.discarded += len(draft.ids) if to_llm else 0
            return owner_if(to_llm)
        return choose

    def all_rows(self, thresholds, records, draws):
        slm = self.row("SLM alone", self.classroom.run(self.problems, lambda s, _: SLM, answerer=SLM, needs_slm=False))
        self.alone = self.classroom.run(self.problems, lambda s, _: LLM, needs_slm=False)
        rows = [slm, self.row("LLM alone", self.alone),
                self.run("SLM steps, LLM answer", lambda s, _: SLM, needs_slm=False),
                self.run("all quotient steps by LLM", lambda s, _: owner_if(self.classroom.is_quotient_step(s)), needs_slm=False)]
        for threshold in thresholds:
            rows += self.at_threshold(threshold, records, draws)
            print(f"tau {threshold:g} done", file=sys.stderr, flush=True)
        right = lambda s, draft: s.expected() is not None and draft.ids == s.expected()
        return rows + [self.run("oracle (LLM where the SLM is wrong)", lambda s, draft: owner_if(not right(s, draft)))]


def signal_table(records, rounds):
    """AUROC of every signal for step errors, over all steps and within quotient steps."""
    table = []
    for scope, chosen in (("all steps", records), ("quotient steps", [r for r in records if r["kind"] == "quotient"])):
        column = lambda key: [r[key] for r in chosen]
        for signal in SIGNALS:
            interval = auroc_with_interval(column(signal), column("wrong"), column("problem"), rounds, seed=1)
            table.append(dict(scope=scope, signal=signal, steps=len(chosen), errors=sum(column("wrong")), **interval))
    return table


def errors_by_kind(records):
    kinds = dict.fromkeys(r["kind"] for r in records)
    chosen = {kind: [r for r in records if r["kind"] == kind] for kind in kinds}
    return [dict(kind=kind, steps=len(rows), wrong=sum(r["wrong"] for r in rows),
                 wrong_first_token=sum(r["first_wrong"] for r in rows)) for kind, rows in chosen.items()]


def histogram(records):
    bins = {}
    for record in records:
        place = int(record["H_init"] / HISTOGRAM_WIDTH)
        count, wrong = bins.get(place, (0, 0))
        bins[place] = count + 1, wrong + record["wrong"]
    return [dict(start=round(place * HISTOGRAM_WIDTH, 6), steps=count, wrong=wrong)
            for place, (count, wrong) in sorted(bins.items())]


def evaluate(arguments):
    started = time.process_time()
    torch.set_num_threads(arguments.threads)
    tokenizer = Tokenizer.from_file(f"{arguments.llm}/tokenizer.json")
    marks = Marks(tokenizer)
    models = {SLM: load_folder(arguments.slm), LLM: load_folder(arguments.llm)}
    classroom = Classroom(tokenizer, marks, {owner: Writer(model, marks) for owner, model in models.items()})
    problems = task.distinct_problems(arguments.split, arguments.count, arguments.seed)
    evaluation = Evaluation(classroom, problems)
    for writer in classroom.writers.values():
        writer.read_ahead([classroom.session(0, *problem).context for problem in problems])
    records = evaluation.signals()
    return dict(
        split=arguments.split, count=arguments.count, seed=arguments.seed, draws=arguments.draws,
        parameters={owner: model.parameter_count() for owner, model in models.items()},
        rows=evaluation.all_rows(arguments.thresholds, records, arguments.draws),
        signals=signal_table(records, arguments.bootstrap), errors_by_kind=errors_by_kind(records),
        histogram=histogram(records), cpu_seconds=round(time.process_time() - started, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slm", required=True, help="folder of the small model")
    parser.add_argument("--llm", required=True, help="folder of the large model")
    parser.add_argument("--split", choices=task.SPLITS, default="test")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=777)
    parser.add_argument("--thresholds", type=float, nargs="*", default=[0.01, 0.05, 0.1, 0.2, 0.4, 0.8])
    parser.add_argument("--draws", type=int, default=3, help="draws of each random control")
    parser.add_argument("--bootstrap", type=int, default=1000, help="rounds of the AUROC bootstrap")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", help="file for all figures")
    parser.add_argument("--markdown", help="file for the report (default: standard output)")
    arguments = parser.parse_args()
    figures = evaluate(arguments)
    text = report.markdown(figures)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
            file.write("\n")
    if arguments.markdown:
        with open(arguments.markdown, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
