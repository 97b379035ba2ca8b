#!/usr/bin/env python3
"""Evaluates shipped heads in numpy on hidden states of transformers, and compares with torch on those of model.py.

usage: check_head.py demo-prm=demo-judge demo-r2r=slm demo-stitch=slm
       check_head.py ... --judge demo-judge --golden ../../Tests/Golden/demo-pair/heads.json

Each argument is a head folder and the folder of its decoder. The numpy side shares no code with heads.py: it reads
head.json and head.safetensors itself and computes in float64. --golden writes what it gives for some texts: per head
a list of {"ids", "drawn", "value"}, where the value is that at the last of the ids, with `drawn`, the likeliest token,
as the drawn one. With --judge also a list of {"ids", "digits"}: what the judge gives the ten digits (natural-log
probabilities) after these steps and the question.
"""
import argparse
import json
import math
import os

import numpy as np
import torch
from safetensors.numpy import load_file

import pair  # noqa: F401  (puts Ops/demo-pair on the import path)
import task
from export_head import load_head
from grading import digit_ids, follow_up_ids
from model import load_folder
from pair import Pair, folder

os.environ.setdefault("HF_HUB_OFFLINE", "1")
TOLERANCE = 1e-4


class NumpyHead:
    def __init__(self, path):
        with open(os.path.join(path, "head.json"), encoding="utf-8") as file:
            self.record = json.load(file)
        self.tensors = {name: w.astype(np.float64) for name, w in load_file(os.path.join(path, "head.safetensors")).items()}

    def linear(self, name, x):
        return self.tensors[f"{name}.weight"] @ x + self.tensors[f"{name}.bias"]

    def norm(self, name, x):
        scaled = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
        return scaled * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def value(self, hidden, embedding, logits):
        parts = dict(hidden=hidden, embedding=embedding)
        if "logits" in self.record["inputs"]:
            parts["logits"] = self.linear("logits", np.sort(logits)[::-1][:self.record["top_logits"]])
        x = np.concatenate([parts[name] for name in self.record["inputs"]])
        for layer in range(self.record["input_layers"]):
            x = self.linear(f"input.{layer}", x)
        for block in range(self.record["blocks"]):
            inner = self.linear(f"blocks.{block}.up", self.norm(f"blocks.{block}.norm", x))
            inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
            x = x + self.linear(f"blocks.{block}.down", inner)
        z = self.linear("output", self.norm("norm", x))[0]
        return 1 / (1 + math.exp(-z)) if self.record["output"] == "sigmoid" else z


def contexts(tokenizer, count):
    """Ids of solutions, right and spoilt, cut behind steps and within them."""
    out = []
    for number, problem in enumerate(task.distinct_problems("validation", count, seed=12)):
        steps = task.steps(*problem)
        kept = (1, 3, 2)[number % 3]     # before a quotient, after a subtraction, after a spoilt quotient
        if number % 3 == 2:
            steps[1] = task.multiply((int(steps[1][0]) + 1) % 10, problem[1])
        ids = tokenizer.encode(task.prompt(*problem) + task.STEP_END.join(steps[:kept]) + task.STEP_END).ids
        out.append(ids[:-(number % 4)] if number % 4 else ids)
    return out


def reference(decoder_folder):
    from transformers import AutoModelForCausalLM
    return AutoModelForCausalLM.from_pretrained(decoder_folder, dtype=torch.float32, attn_implementation="eager").eval()


@torch.no_grad()
def grades(decoder_folder, texts, pair):
    """What the judge says after the texts that end with a step."""
    judge, out = reference(decoder_folder), []
    for ids in texts:
        if ids[-1] == pair.marks.blank:
            log_p = torch.log_softmax(judge(torch.tensor([ids + follow_up_ids(pair)])).logits[0, -1].double(), dim=-1)
            out.append(dict(ids=ids, digits=log_p[digit_ids(pair)].tolist()))
    return out


@torch.no_grad()
def check(head_folder, decoder_folder, texts):
    """Largest difference between the two ways, and numpy's values: {"ids", "drawn", "value"}."""
    theirs = reference(decoder_folder)
    ours, (head, record), plain = load_folder(decoder_folder), load_head(head_folder), NumpyHead(head_folder)
    embeddings = ours.model.embed_tokens.weight
    worst, values = 0.0, []
    for ids in texts:
        out = theirs(torch.tensor([ids]), output_hidden_states=True)
        drawn = int(out.logits[0, -1].argmax())
        value = plain.value(out.hidden_states[-1][0, -1].double().numpy(), embeddings[drawn].double().numpy(),
                            out.logits[0, -1].double().numpy())
        cache = ours.new_cache()
        captured = []
        hook = ours.model.norm.register_forward_hook(lambda _, __, output: captured.append(output[0, -1]))
        logits = ours(torch.tensor([ids]), cache)[0, -1]
        hook.remove()
        top = logits.topk(record["top_logits"]).values[None] if "logits" in record["inputs"] else None
        z = head(captured[0][None], embeddings[drawn][None], top)[0]
        torch_value = (torch.sigmoid(z) if record["output"] == "sigmoid" else z).item()
        worst = max(worst, abs(value - torch_value))
        values.append(dict(ids=ids, drawn=drawn, value=value))
    return worst, values


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heads", nargs="+", metavar="HEAD=DECODER")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--judge", help="folder of the judge, for the golden values")
    parser.add_argument("--golden")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    models = Pair()
    texts, golden = contexts(models.tokenizer, arguments.count), dict(made_by="Ops/routers/check_head.py", heads={})
    for argument in arguments.heads:
        name, _, decoder = argument.partition("=")
        worst, values = check(folder(name), folder(decoder), texts)
        numbers = [value["value"] for value in values]
        print(f"{name} on {decoder}: {len(numbers)} values from {min(numbers):.4f} to {max(numbers):.4f}, "
              f"numpy and torch differ by at most {worst:.1e}")
        assert worst < TOLERANCE, worst
        golden["heads"][os.path.basename(name)] = values
    if arguments.judge:
        golden["judge"] = grades(folder(arguments.judge), texts, models)
    if arguments.golden:
        with open(arguments.golden, "w", encoding="utf-8") as file:
            json.dump(golden, file, separators=(",", ":"))
            file.write("\n")


if __name__ == "__main__":
    main()
