#!/usr/bin/env python3
"""Trains R2R's router for the demo pair and chooses its threshold.

usage: train_r2r.py --train RUNS/r2r-train.jsonl --validation RUNS/r2r-validation.jsonl --seed 1 --out demo-r2r

Input: the SLM's hidden state, its embedding of the token it drew, its 100 greatest logits (descending). Network and
training as in the paper, sizes scaled to the pair: binary cross-entropy with the positive weight n_neg / n_pos,
AdamW with weight decay, early stop on validation. Threshold: of linspace(0.01, 0.99, 100) the one with the lowest
positive rate whose validation recall is at least 0.95; if there is none, the one with the highest recall.

Half of the validation answers stop the training and choose the threshold, the other half is measured.
"""
import argparse
import copy
import json

import numpy as np
import torch
import torch.nn.functional as F

from pair import Pair, fingerprint
from export_head import save_head
from figures import rounded, write_figures
from heads import Head, HeadShape
from intervals import auroc_with_interval, wilson
from r2r_labels import DIVERGENT, IDENTICAL, NEUTRAL, shares
from ragged import RaggedDecoder, logits_of
from sampling import padded

TOP_LOGITS = 100
GRID = np.linspace(0.01, 0.99, 100)
RECALL = 0.95


class Positions:
    """One row per token of the answers: what the router reads, the label, the number of the answer."""

    def __init__(self, slm, records, batch=128):
        self.embeddings = slm.model.embed_tokens.weight.detach()
        hidden, drawn, labels, answers = [], [], [], []
        for first in range(0, len(records), batch):
            part = records[first:first + batch]
            ids, counts = padded([record["ids"] for record in part])
            states = RaggedDecoder(slm, len(part), ids.shape[1]).feed(torch.arange(len(part)), ids, counts)
            for row, record in enumerate(part):
                hidden.append(states[row, record["start"] - 1:len(record["ids"]) - 1].clone())
                drawn += record["drawn"]
                labels += record["labels"]
                answers += [first + row] * len(record["labels"])
        self.slm, self.hidden = slm, torch.cat(hidden)
        self.drawn, self.labels, self.answers = torch.tensor(drawn), torch.tensor(labels), np.array(answers)

    def __len__(self):
        return len(self.labels)

    def inputs(self, chosen):
        hidden = self.hidden[chosen]
        top = logits_of(self.slm, hidden).detach().topk(TOP_LOGITS, dim=-1).values
        return hidden, self.embeddings[self.drawn[chosen]], top

    def entropies(self):
        log_p = torch.log_softmax(logits_of(self.slm, self.hidden).detach(), dim=-1)
        return -(log_p.exp() * log_p).sum(dim=-1)


@torch.no_grad()
def chances(head, positions, batch=16384):
    head.eval()
    parts = [head(*positions.inputs(part)) for part in torch.arange(len(positions)).split(batch)]
    return torch.sigmoid(torch.cat(parts))


def choose_threshold(chance, divergent):
    """(threshold, its record). The grid is of values of the sigmoid; compared with >=."""
    rows = [(t, float((chance >= t).mean()), float((chance[divergent] >= t).mean())) for t in GRID]
    enough = [row for row in rows if row[2] >= RECALL]
    best = min(enough, key=lambda row: row[1]) if enough else max(rows, key=lambda row: row[2])
    return best[0]


def measure(chance, positions, threshold, rounds):
    divergent = (positions.labels == DIVERGENT).numpy()
    flagged = chance >= threshold
    hits = int((flagged & divergent).sum())
    share = lambda count, of: dict(share=count / max(1, of), interval=wilson(count, of) if of else None, count=count, of=of)
    return dict(
        tokens=len(positions), answers=int(positions.answers.max()) + 1,
        identical=share(int((positions.labels == IDENTICAL).sum()), len(positions)),
        neutral=share(int((positions.labels == NEUTRAL).sum()), len(positions)),
        divergent=share(int(divergent.sum()), len(positions)),
        recall=share(hits, int(divergent.sum())), precision=share(hits, int(flagged.sum())),
        positive_rate=share(int(flagged.sum()), len(positions)),
        auroc=auroc_with_interval(chance, divergent, positions.answers, rounds, 1))


def train(head, data, validation, arguments):
    divergent = data.labels == DIVERGENT
    positive_weight = (~divergent).sum() / divergent.sum()
    optimizer = torch.optim.AdamW(head.parameters(), lr=arguments.rate, weight_decay=5e-4)
    generator = torch.Generator().manual_seed(arguments.seed)
    truth = validation.labels == DIVERGENT
    weights = torch.where(truth, positive_weight, torch.tensor(1.0))
    best, kept, waited = float("inf"), None, 0
    for epoch in range(arguments.epochs):
        head.train()
        for part in torch.randperm(len(data), generator=generator).split(arguments.batch):
            loss = F.binary_cross_entropy_with_logits(head(*data.inputs(part)), divergent[part].float(),
                                                      pos_weight=positive_weight)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()
        score = F.binary_cross_entropy(chances(head, validation).clamp(1e-6, 1 - 1e-6), truth.float(), weights).item()
        print(f"epoch {epoch + 1} validation loss {score:.4f}", flush=True)
        best, kept, waited = (score, copy.deepcopy(head.state_dict()), 0) if score < best else (best, kept, waited + 1)
        if waited == arguments.patience:
            break
    head.load_state_dict(kept)
    return float(positive_weight)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True)
    parser.add_argument("--validation", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", required=True, help="head folder to write")
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--patience", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--json", help="file for all figures")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    slm = Pair().slm
    read = lambda path: [json.loads(line) for line in open(path, encoding="utf-8")]
    training, held = read(arguments.train), read(arguments.validation)
    print("training:", shares(training), flush=True)
    data = Positions(slm, training)
    chosen, measured = Positions(slm, held[::2]), Positions(slm, held[1::2])
    head = Head(HeadShape(slm.shape.hidden, ("hidden", "embedding", "logits"), arguments.width, input_layers=2,
                          blocks=arguments.blocks, top_logits=TOP_LOGITS, logits_width=arguments.width), dropout=0.1)
    positive_weight = train(head, data, chosen, arguments)
    threshold = choose_threshold(chances(head, chosen).numpy(), (chosen.labels == DIVERGENT).numpy())
    save_head(arguments.out, head.eval(), "sigmoid", float(threshold),
              dict(name="demo-slm", fingerprint=fingerprint("slm")), "r2r")
    entropies = measured.entropies().numpy()
    out = dict(parameters=sum(w.numel() for w in head.parameters()), positive_weight=positive_weight,
               training=shares(training), threshold=float(threshold),
               held_out=measure(chances(head, measured).numpy(), measured, threshold, arguments.rounds),
               entropy_at_paper=measure(entropies, measured, 0.45, arguments.rounds))
    cut = choose_cut(chosen.entropies().numpy(), (chosen.labels == DIVERGENT).numpy())
    out["entropy_at_recall"] = dict(cut=cut, **measure(entropies, measured, cut, arguments.rounds))
    print(json.dumps(rounded(out), indent=1))
    if arguments.json:
        write_figures(arguments.json, out)


def choose_cut(entropies, divergent):
    """The entropy at which the same recall is reached without a router."""
    return float(np.quantile(entropies[divergent], 1 - RECALL))


if __name__ == "__main__":
    main()
