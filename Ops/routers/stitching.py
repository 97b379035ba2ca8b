"""Token-level collaboration of the pair, many rows at a time, with a router on uncertain SLM tokens. Not a program.

R-Stitch: the SLM begins. Its token with a normalised entropy above tau is uncertain: it is thrown away and the LLM
writes this position. A token of the LLM with a normalised entropy of tau or less is kept and hands back to the SLM.
R-Stitch+: at an uncertain token a router on the SLM's hidden state says whether to switch or to keep the token.
"""
import math
from dataclasses import dataclass

import torch

from ragged import RaggedDecoder, logits_of
from sampling import draw

CAPACITY = 420      # the longest right solution has about 330 tokens after a prompt of 15
SLM, LLM = 0, 1


@dataclass(frozen=True)
class Latency:
    """Time of one pass of a model over `new` tokens behind `cached` ones: a new^2 + b new cached + c new + d."""
    a: float
    b: float
    c: float
    d: float

    def of(self, new, cached):
        return self.a * new * new + self.b * new * cached + self.c * new + self.d


@dataclass
class Rollouts:
    """One entry per row. texts: prompt and what was written; tokens: rows x models; decisions: one row of
    (row of the batch, hidden state, switched) per uncertain SLM token."""
    texts: list
    latency: torch.Tensor
    tokens: torch.Tensor
    discarded: torch.Tensor
    rows: torch.Tensor
    hidden: torch.Tensor
    switched: torch.Tensor


class Stitcher:
    def __init__(self, pair, latencies, tau):
        self.pair, self.latencies = pair, latencies
        self.models = (pair.slm, pair.llm)
        self.cut = tau * math.log(pair.slm.model.embed_tokens.num_embeddings)     # nats

    @torch.no_grad()
    def run(self, prompts, temperature, generator, switch):
        """switch(hidden) gives true for the uncertain tokens that go to the LLM."""
        count = len(prompts)
        self.text = torch.zeros(count, CAPACITY + 1, dtype=torch.long)
        self.length = torch.tensor([len(prompt) for prompt in prompts])
        for row, prompt in enumerate(prompts):
            self.text[row, :len(prompt)] = torch.tensor(prompt)
        self.decoders = [RaggedDecoder(model, count, CAPACITY + 1) for model in self.models]
        self.latency, self.tokens = torch.zeros(count), torch.zeros(count, 2)
        self.discarded = torch.zeros(count)
        owner = torch.full((count,), SLM)
        is_open = torch.ones(count, dtype=torch.bool)
        seen = ([], [], [])
        while is_open.any():
            rows = (is_open & (owner == SLM)).nonzero()[:, 0]
            if len(rows):
                hidden = self.advance(SLM, rows)
                logits = logits_of(self.pair.slm, hidden)
                chosen = draw(logits, torch.full((len(rows),), temperature), generator)
                unsure = (self.entropies(logits) > self.cut).nonzero()[:, 0]
                gives_up = torch.zeros(len(rows), dtype=torch.bool)
                if len(unsure):
                    gives_up[unsure] = switch(hidden[unsure])
                    for part, values in zip(seen, (rows[unsure], hidden[unsure], gives_up[unsure])):
                        part.append(values)
                self.append(SLM, rows[~gives_up], chosen[~gives_up])
                self.discarded[rows[gives_up]] += 1
                owner[rows[gives_up]] = LLM
            rows = (is_open & (owner == LLM)).nonzero()[:, 0]
            if len(rows):
                logits = logits_of(self.pair.llm, self.advance(LLM, rows))
                self.append(LLM, rows, draw(logits, torch.full((len(rows),), temperature), generator))
                owner[rows[self.entropies(logits) <= self.cut]] = SLM
            last = self.text[torch.arange(count), self.length - 1]
            is_open &= (last != self.pair.marks.end) & (self.length < CAPACITY)
        texts = [row[:length].tolist() for row, length in zip(self.text, self.length.tolist())]
        return Rollouts(texts, self.latency, self.tokens, self.discarded, *map(torch.cat, seen))

    @staticmethod
    def entropies(logits):
        log_p = torch.log_softmax(logits, dim=-1)
        return -(log_p.exp() * log_p).sum(dim=-1)

    def append(self, model, rows, chosen):
        self.text[rows, self.length[rows]] = chosen
        self.length[rows] += 1
        self.tokens[rows, model] += 1

    def advance(self, model, rows):
        """The hidden state behind everything written, after the model has read what it has not seen yet."""
        decoder = self.decoders[model]
        pending = self.length[rows] - decoder.lengths[rows]
        self.latency[rows] += self.latencies[model].of(pending.float(), decoder.lengths[rows].float())
        out = torch.empty(len(rows), self.models[model].shape.hidden)
        # Like lengths together: one row that has much to read must not make all others wait for it.
        for low, high in ((1, 1), (2, 24), (25, CAPACITY)):
            part = ((pending >= low) & (pending <= high)).nonzero()[:, 0]
            if len(part):
                behind, counts = decoder.lengths[rows[part]], pending[part]
                places = (behind[:, None] + torch.arange(int(counts.max()))).clamp(max=CAPACITY)
                hidden = decoder.feed(rows[part], self.text[rows[part][:, None], places], counts)
                out[part] = hidden[torch.arange(len(part)), counts - 1]
        return out
