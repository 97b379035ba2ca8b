"""Greedy steps of a model, batched and remembered: what evaluate.py asks its two models for.

Not a program. A greedy step depends on its context alone, and most routes through a problem share most
of their contexts. So every step is written once and looked up afterwards, which makes a sweep over many
thresholds and controls cost little more than the two models alone.
"""
import math
from collections import defaultdict
from dataclasses import dataclass

import torch

import task

STEP_LIMIT = 64     # the longest right step has 33 tokens
ANSWER_LIMIT = 24
SOLUTION_LIMIT = 400  # the longest right solution has about 330 tokens
BATCH = 256


@dataclass(frozen=True)
class Step:
    """ids: as written, with the token that ended the step. Entropies in nats over the full vocabulary at
    temperature 1: of the first token, and the mean over all; perplexity of the tokens written."""
    ids: tuple
    first_entropy: float
    mean_entropy: float
    perplexity: float


@dataclass(frozen=True)
class Written:
    """Tokens as written, each with the entropy it was drawn from and its negative log-probability."""
    ids: tuple
    entropies: tuple
    losses: tuple

    def cut(self, length):
        parts = (self.ids, self.entropies, self.losses)
        return Written(*(part[:length] for part in parts)), Written(*(part[length:] for part in parts))

    def step(self):
        count = len(self.ids)
        return Step(self.ids, self.entropies[0], sum(self.entropies) / count, math.exp(sum(self.losses) / count))


def batches(contexts):
    """Contexts of equal length together, so that nothing is ever padded."""
    by_length = defaultdict(list)
    for context in contexts:
        by_length[len(context)].append(context)
    for same_length in by_length.values():
        for start in range(0, len(same_length), BATCH):
            yield same_length[start:start + BATCH]


class Marks:
    """The token ids that give a solution its form."""

    def __init__(self, tokenizer):
        self.blank = tokenizer.token_to_id("ĊĊ")
        self.end_think = tokenizer.token_to_id(task.END_THINK)
        self.end = tokenizer.token_to_id(task.END)


class Writer:
    def __init__(self, model, marks):
        self.model, self.marks, self.known = model, marks, {}

        self.step_stops = (marks.blank, marks.end_think, marks.end)

    def steps(self, contexts):
        """The next step after each context (a tuple of ids)."""
        self.look_up_or_write(contexts, self.step_stops, STEP_LIMIT)
        return [self.known[context, self.step_stops] for context in contexts]

    def answers(self, contexts):
        """The final answer after each context."""
        stops = (self.marks.end,)
        self.look_up_or_write(contexts, stops, ANSWER_LIMIT)
        return [self.known[context, stops] for context in contexts]

    def read_ahead(self, prompts):
        """Writes whole solutions in one go and remembers their steps: much cheaper than step by step."""
        for batch in batches(prompts):
            for context, written in zip(batch, self.decode(batch, (self.marks.end,), SOLUTION_LIMIT)):
                while written.ids:
                    length = next((n for n, token in enumerate(written.ids, 1) if token in self.step_stops), None)
                    if length is None or length > STEP_LIMIT:
                        break
                    step, written = written.cut(length)
                    self.known[context, self.step_stops] = step.step()
                    context += step.ids

    def look_up_or_write(self, contexts, stops, limit):
        missing = [context for context in dict.fromkeys(contexts) if (context, stops) not in self.known]
        for batch in batches(missing):
            for context, written in zip(batch, self.decode(batch, stops, limit)):
                self.known[context, stops] = written.step()

    @torch.inference_mode()
    def decode(self, contexts, stops, limit):
        """One Written per context; the contexts have equal lengths."""
        cache = self.model.new_cache()
        logits = self.model(torch.tensor(contexts), cache)[:, -1]
        written, entropies, losses = [], [], []
        open_rows = torch.ones(len(contexts), dtype=torch.bool)
        stop_ids = torch.tensor(stops)
        while open_rows.any() and len(written) < limit:
            log_p = torch.log_softmax(logits, dim=-1)
            entropies.append(-(log_p.exp() * log_p).sum(dim=-1))
            loss, chosen = log_p.max(dim=-1)
            written.append(chosen)
            losses.append(-loss)
            open_rows &= ~torch.isin(chosen, stop_ids)
            if open_rows.any() and len(written) < limit:
                logits = self.model(chosen[:, None], cache)[:, -1]
        ids, entropies, losses = (torch.stack(rows, dim=1) for rows in (written, entropies, losses))
        stopped = torch.isin(ids, stop_ids)
        texts = []
        for row in range(len(contexts)):
            ends = stopped[row].nonzero()
            length = int(ends[0]) + 1 if len(ends) else ids.shape[1]
            texts.append(Written(*(tuple(values[row, :length].tolist()) for values in (ids, entropies, losses))))
        return texts
