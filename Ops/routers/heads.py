"""Heads on a decoder's last hidden state: R2R's network, of which a reward head and a linear probe are small cases.
export_head.py writes them for glimpq. Not a program.

Value: sigmoid(z) or z of

    x = concatenation of hidden state, embedding of the drawn token, Linear(top logits, descending)
    x = input.n(... input.0(x))                                     no activation between them
    x = x + down(gelu(up(norm(x))))                                 per block
    z = output(norm(x))

The hidden state is the one after the final norm (transformers: hidden_states[-1]).
"""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class HeadShape:
    hidden_size: int
    inputs: tuple = ("hidden",)
    width: int = 64
    input_layers: int = 1
    blocks: int = 0
    expansion: int = 4
    top_logits: int = 0
    logits_width: int = 0

    def input_width(self):
        return sum({"hidden": self.hidden_size, "embedding": self.hidden_size, "logits": self.logits_width}[part]
                   for part in self.inputs)


class Block(nn.Module):
    def __init__(self, shape, dropout):
        super().__init__()
        self.norm = nn.LayerNorm(shape.width)
        self.up = nn.Linear(shape.width, shape.expansion * shape.width)
        self.down = nn.Linear(shape.expansion * shape.width, shape.width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return x + self.dropout(self.down(self.dropout(F.gelu(self.up(self.norm(x))))))


class Head(nn.Module):
    def __init__(self, shape, dropout=0.0):
        super().__init__()
        self.shape = shape
        if "logits" in shape.inputs:
            self.logits = nn.Linear(shape.top_logits, shape.logits_width)
        widths = [shape.input_width()] + [shape.width] * shape.input_layers
        self.input = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.blocks = nn.ModuleList(Block(shape, dropout) for _ in range(shape.blocks))
        self.norm = nn.LayerNorm(shape.width)
        self.output = nn.Linear(shape.width, 1)

    def forward(self, hidden, embedding=None, top_logits=None):
        """z, one per row. hidden, embedding: rows, hidden_size; top_logits: rows, top_logits, descending."""
        parts = [hidden]
        if "embedding" in self.shape.inputs:
            parts.append(embedding)
        if "logits" in self.shape.inputs:
            parts.append(self.logits(top_logits))
        x = torch.cat(parts, dim=-1)
        for layer in self.input:
            x = layer(x)
        for block in self.blocks:
            x = block(x)
        return self.output(self.norm(x))[..., 0]

    def calibrate(self, scale, offset):
        """From now on z is scale * z + offset."""
        with torch.no_grad():
            self.output.weight.mul_(scale)
            self.output.bias.mul_(scale).add_(offset)
