"""Qwen3 in PyTorch, as small as it can be: what training and evaluation need, nothing else.

Parameter names are those of Hugging Face's `Qwen3ForCausalLM`, so a state dict is a checkpoint.
Not a program: imported by train.py, export.py and evaluate.py.
"""
import json
import os
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn


@dataclass(frozen=True)
class Shape:
    """Sizes of a Qwen3 decoder with tied embeddings."""
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    rope_theta: float = 10_000.0
    norm_eps: float = 1e-6


# The small one is wide and has a thin feed-forward part: that is enough for the routine (copying, columns)
# and too little to estimate a quotient digit well.
SHAPES = {
    "slm": Shape(hidden=64, layers=2, heads=4, kv_heads=1, head_dim=16, inner=32),
    "llm": Shape(hidden=128, layers=4, heads=4, kv_heads=2, head_dim=32, inner=352),
}



def rotate(x, cos, sin):
    """Rotary position embedding, halves convention. x: batch, heads, positions, head_dim."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class Cache:
    """Keys and values of one layer, in buffers that double when they are full."""

    def __init__(self):
        self.length, self.buffers = 0, None

    def append(self, key, value):
        """All keys and values so far. key, value: batch, KV heads, new positions, head_dim."""
        start, self.length = self.length, self.length + key.shape[2]
        if self.buffers is None or self.length > self.buffers[0].shape[2]:
            grown = [torch.empty(*new.shape[:2], 2 * self.length, new.shape[3]) for new in (key, value)]
            for buffer, old in zip(grown, self.buffers or ()):
                buffer[:, :, :start] = old[:, :, :start]
            self.buffers = grown
        for buffer, new in zip(self.buffers, (key, value)):
            buffer[:, :, start:self.length] = new
        return [buffer[:, :, :self.length] for buffer in self.buffers]


class Attention(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(shape.hidden, shape.heads * shape.head_dim, bias=False)
        self.k_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head_dim, bias=False)
        self.v_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head_dim, bias=False)
        self.o_proj = nn.Linear(shape.heads * shape.head_dim, shape.hidden, bias=False)
        self.q_norm = nn.RMSNorm(shape.head_dim, eps=shape.norm_eps)
        self.k_norm = nn.RMSNorm(shape.head_dim, eps=shape.norm_eps)

    def forward(self, x, cos, sin, past):
        batch, positions, _ = x.shape
        split = lambda y, heads: y.view(batch, positions, heads, self.shape.head_dim)
        query = rotate(self.q_norm(split(self.q_proj(x), self.shape.heads)).transpose(1, 2), cos, sin)
        key = rotate(self.k_norm(split(self.k_proj(x), self.shape.kv_heads)).transpose(1, 2), cos, sin)
        value = split(self.v_proj(x), self.shape.kv_heads).transpose(1, 2)
        if past is not None:
            key, value = past.append(key, value)
        if positions == 1:      # the heads that share a KV head are queries of it: nothing need be repeated
            query = query.view(batch, self.shape.kv_heads, -1, self.shape.head_dim)
            mixed = F.scaled_dot_product_attention(query, key, value)
            return self.o_proj(mixed.reshape(batch, 1, -1))
        repeats = self.shape.heads // self.shape.kv_heads
        mixed = F.scaled_dot_product_attention(
            query, key.repeat_interleave(repeats, dim=1), value.repeat_interleave(repeats, dim=1), is_causal=True)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, positions, -1))


class FeedForward(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.inner, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.inner, bias=False)
        self.down_proj = nn.Linear(shape.inner, shape.hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.input_layernorm = nn.RMSNorm(shape.hidden, eps=shape.norm_eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = nn.RMSNorm(shape.hidden, eps=shape.norm_eps)
        self.mlp = FeedForward(shape)

    def forward(self, x, cos, sin, past):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, past)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, shape, vocab):
        super().__init__()
        self.embed_tokens = nn.Embedding(vocab, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.hidden, eps=shape.norm_eps)


class Qwen3(nn.Module):
    def __init__(self, shape, vocab):
        super().__init__()
        self.shape = shape
        self.model = Body(shape, vocab)

    def initialise(self, generator):
        """Small embeddings (tied ones of unit size start at a loss of 14), and residual branches that
        start as zero."""
        for name, weight in self.named_parameters():
            if weight.dim() < 2:
                nn.init.ones_(weight)
            elif name.endswith(("o_proj.weight", "down_proj.weight")):
                nn.init.zeros_(weight)
            else:
                std = 0.02 if "embed" in name else weight.shape[1] ** -0.5
                nn.init.normal_(weight, std=std, generator=generator)
        return self

    def new_cache(self):
        return [Cache() for _ in self.model.layers]

    def forward(self, ids, cache=None, keep=None):
        """Logits. ids: batch, positions; all rows follow the same number of cached positions, which is
        none when there is more than one new position. `keep` selects the positions whose logits are
        wanted (a mask like ids, or None)."""
        start = cache[0].length if cache else 0
        assert start == 0 or ids.shape[1] == 1
        frequency = self.shape.rope_theta ** -(torch.arange(0, self.shape.head_dim, 2) / self.shape.head_dim)
        angle = torch.arange(start, start + ids.shape[1])[:, None] * frequency
        cos, sin = angle.cos(), angle.sin()
        x = self.model.embed_tokens(ids)
        for number, layer in enumerate(self.model.layers):
            x = layer(x, cos, sin, cache and cache[number])
        x = self.model.norm(x if keep is None else x[keep])
        return F.linear(x, self.model.embed_tokens.weight)

    def parameter_count(self):
        return sum(weight.numel() for weight in self.parameters())


def load_checkpoint(path):
    """The model of a training checkpoint, and the checkpoint's own record."""
    record = torch.load(path, map_location="cpu", weights_only=True)
    model = Qwen3(Shape(**record["shape"]), record["vocab"])
    model.load_state_dict(record["weights"])
    return model.eval(), record


def load_folder(folder):
    """The model of an exported folder: its bf16 weights, computed in f32."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    shape = Shape(config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"],
                  config["num_key_value_heads"], config["head_dim"], config["intermediate_size"],
                  config["rope_theta"], config["rms_norm_eps"])
    model = Qwen3(shape, config["vocab_size"])
    model.load_state_dict(load_file(os.path.join(folder, "model.safetensors")))
    return model.eval()


def shape_record(shape):
    return asdict(shape)
