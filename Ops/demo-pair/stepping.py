"""Greedy steps of a model, batched and remembered: what evaluate.py asks its two models for.

Not a program. A greedy step depends on its context alone, and most routes through a problem share most
of their contexts. So every step is written once and looked up afterwards, which makes a sweep over many
thresholds and controls cost little more than the two models alone.
"""
from collections import defaultdict
from dataclasses import dataclass

import torch

import task

STEP_LIMIT = 64     # the longest right step has 33 tokens
ANSWER_LIMIT = 24
BATCH = 256


@dataclass(frozen=True)
class Step:
    """ids: as written, with the token that ended the step. Entropies in nats over the full vocabulary at
    temperature 1: of the first token, and the mean over all; perplexity of the tokens written."""
    ids: tuple
    first_entropy: float
    mean_entropy: float
    perplexity: float


class Marks:
    """The token ids that give a solution its form."""

    def __init__(self, tokenizer):
        self.blank = tokenizer.token_to_id("ĊĊ")
        self.end_think = tokenizer.token_to_id(task.END_THINK)
        self.end = tokenizer.token_to_id(task.END)


class Writer:
    def __init__(self, model, marks):
        self.model, self.marks, self.known = model, marks, {}

    def steps(self, contexts):
        return self.write(contexts, (self.marks.blank, self.marks.end_think, self.marks.end), STEP_LIMIT)

    def answers(self, contexts):
        return self.write(contexts, (self.marks.end,), ANSWER_LIMIT)

    def write(self, contexts, stops, limit):
        """One Step per context (a tuple of ids). Contexts of equal length share a batch, so that nothing
        is ever padded."""
        missing = defaultdict(list)
        for context in dict.fromkeys(contexts):
            if (context, stops) not in self.known:
                missing[len(context)].append(context)
        for same_length in missing.values():
            for start in range(0, len(same_length), BATCH):
                batch = same_length[start:start + BATCH]
                for context, step in zip(batch, self.decode(batch, stops, limit)):
                    self.known[context, stops] = step
        return [self.known[context, stops] for context in contexts]

    @torch.inference_mode()
    def decode(self, contexts, stops, limit):
        logits, cache = self.model(torch.tensor(contexts))
        written, entropies, losses = [], [], []
        open_rows = torch.ones(len(contexts), dtype=torch.bool)
        stop_ids = torch.tensor(stops)
        while open_rows.any() and len(written) < limit:
            log_p = torch.log_softmax(logits[:, -1], dim=-1)
            entropies.append(-(log_p.exp() * log_p).sum(dim=-1))
            loss, chosen = log_p.max(dim=-1)
            written.append(chosen)
            losses.append(-loss)
            open_rows &= ~torch.isin(chosen, stop_ids)
            if open_rows.any() and len(written) < limit:
                logits, cache = self.model(chosen[:, None], past=cache)
        ids, entropies, losses = (torch.stack(rows, dim=1) for rows in (written, entropies, losses))
        stopped = torch.isin(ids, stop_ids)
        steps = []
        for row in range(len(contexts)):
            ends = stopped[row].nonzero()
            length = int(ends[0]) + 1 if len(ends) else ids.shape[1]
            steps.append(Step(tuple(ids[row, :length].tolist()), float(entropies[row, 0]),
                              float(entropies[row, :length].mean()), float(losses[row, :length].mean().exp())))
        return steps
