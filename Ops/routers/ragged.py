"""A decoder over rows of unequal lengths: each row has its own cached positions and advances by its own
number of tokens. Not a program.

The weights and layers are those of Ops/demo-pair/model.py; only the attention is written anew, because
there all rows of a batch stand at the same position. Hidden states are those after the final norm, which
transformers gives as hidden_states[-1].
"""
import torch
import torch.nn.functional as F

import pair  # noqa: F401  (puts Ops/demo-pair on the import path)
from model import rotate


def angles(shape, positions):
    """cos and sin for positions (rows, tokens), ready for (rows, heads, tokens, head_dim / 2)."""
    frequency = shape.rope_theta ** -(torch.arange(0, shape.head_dim, 2) / shape.head_dim)
    angle = positions[:, None, :, None] * frequency
    return angle.cos(), angle.sin()


def queries_keys_values(attention, x, cos, sin):
    rows, tokens, _ = x.shape
    shape = attention.shape
    split = lambda y, heads: y.view(rows, tokens, heads, shape.head_dim)
    query = rotate(attention.q_norm(split(attention.q_proj(x), shape.heads)).transpose(1, 2), cos, sin)
    key = rotate(attention.k_norm(split(attention.k_proj(x), shape.kv_heads)).transpose(1, 2), cos, sin)
    return query, key, split(attention.v_proj(x), shape.kv_heads).transpose(1, 2)


def mix(attention, query, key, value, allowed):
    """allowed: rows, 1, query tokens, key tokens; true where a query may look."""
    shape = attention.shape
    rows, _, tokens, _ = query.shape
    groups = shape.heads // shape.kv_heads
    query = query.reshape(rows, shape.kv_heads, groups * tokens, shape.head_dim)
    mask = allowed.expand(rows, groups, *allowed.shape[2:]).reshape(rows, 1, groups * tokens, -1)
    if tokens == 1:     # for one query two products are several times faster than the fused kernel
        scores = (query @ key.transpose(-1, -2)).mul_(shape.head_dim ** -0.5).masked_fill_(~mask, -torch.inf)
        mixed = torch.softmax(scores, dim=-1) @ value
    else:
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    mixed = mixed.view(rows, shape.heads, tokens, shape.head_dim)
    return attention.o_proj(mixed.transpose(1, 2).reshape(rows, tokens, -1))


def hidden_states(model, ids, positions, allowed):
    """One pass without a cache. ids, positions: rows, tokens; allowed: rows, tokens, tokens."""
    cos, sin = angles(model.shape, positions)
    x = model.model.embed_tokens(ids)
    for layer in model.model.layers:
        query, key, value = queries_keys_values(layer.self_attn, layer.input_layernorm(x), cos, sin)
        x = x + mix(layer.self_attn, query, key, value, allowed[:, None])
        x = x + layer.mlp(layer.post_attention_layernorm(x))
    return model.model.norm(x)


def logits_of(model, hidden):
    return F.linear(hidden, model.model.embed_tokens.weight)


class RaggedDecoder:
    """Keys and values of `rows` texts of up to `capacity` tokens each."""

    def __init__(self, model, rows, capacity):
        shape = model.shape
        self.model, self.capacity = model, capacity
        self.lengths = torch.zeros(rows, dtype=torch.long)
        size = (rows, shape.kv_heads, capacity, shape.head_dim)
        self.keys = [torch.zeros(size) for _ in model.model.layers]
        self.values = [torch.zeros(size) for _ in model.model.layers]

    @torch.no_grad()
    def feed(self, rows, ids, counts):
        """Appends counts[n] tokens of ids[n] to row rows[n]; the hidden states of all positions of ids (those
        past counts[n] mean nothing). rows, counts: n; ids: n, tokens."""
        tokens = ids.shape[1]
        start = self.lengths[rows]
        positions = (start[:, None] + torch.arange(tokens)).clamp_(max=self.capacity - 1)
        longest = int((start + counts).max())
        allowed = torch.arange(longest)[None, None, None] <= positions[:, None, :, None]
        cos, sin = angles(self.model.shape, positions)
        x = self.model.model.embed_tokens(ids)
        everyone = len(rows) == len(self.lengths) and bool((rows == torch.arange(len(rows))).all())
        for number, layer in enumerate(self.model.model.layers):
            query, key, value = queries_keys_values(layer.self_attn, layer.input_layernorm(x), cos, sin)
            self.keys[number][rows[:, None], :, positions] = key.transpose(1, 2)
            self.values[number][rows[:, None], :, positions] = value.transpose(1, 2)
            key, value = self.keys[number][:, :, :longest], self.values[number][:, :, :longest]
            key, value = (key, value) if everyone else (key[rows], value[rows])
            x = x + mix(layer.self_attn, query, key, value, allowed)
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        self.lengths[rows] = start + counts
        return self.model.model.norm(x)

    def keep(self, rows):
        """Forgets all other rows; row rows[n] becomes row n."""
        self.lengths = self.lengths[rows]
        self.keys = [keys[rows] for keys in self.keys]
        self.values = [values[rows] for values in self.values]
