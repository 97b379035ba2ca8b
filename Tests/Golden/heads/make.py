#!/usr/bin/env python3
"""Small random heads in the format of `head.json` and what PyTorch computes from them (float32).

usage: make.py      writes NAME/{head.json,head.safetensors} for every case and expected.json beside itself

expected.json: {NAME: {"rows": [{"hidden", "embedding", "logits"}], "values": [..]}, "r2r-default": {"parameters"}}; the
inputs that a head does not read are empty.
Needs safetensors and torch.
"""
import json, os

import torch
from safetensors.torch import save_file
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
R2R = dict(inputs=["hidden", "embedding", "logits"], hidden_size=1536, top_logits=100, logits_width=1536, width=1024,
           input_layers=2, blocks=6, expansion=4)
CASES = {
    "linear-probe": dict(inputs=["hidden"], hidden_size=24, width=24, input_layers=1, blocks=0, output="linear"),
    "reward": dict(inputs=["hidden", "embedding"], hidden_size=20, width=12, input_layers=1, blocks=1, expansion=3,
                   output="sigmoid", threshold=0.7, purpose="reward"),
    "router": dict(inputs=["hidden", "embedding", "logits"], hidden_size=16, top_logits=10, logits_width=9, width=33,
                   input_layers=2, blocks=2, expansion=2, output="sigmoid", threshold=0.4, purpose="r2r"),
}


class Block(nn.Module):
    def __init__(self, width, expansion):
        super().__init__()
        self.norm, self.up = nn.LayerNorm(width), nn.Linear(width, expansion * width)
        self.down = nn.Linear(expansion * width, width)

    def forward(self, x):
        return x + self.down(nn.functional.gelu(self.up(self.norm(x))))


class Head(nn.Module):
    def __init__(self, c):
        super().__init__()
        inputs = c["hidden_size"] * sum(k in c["inputs"] for k in ("hidden", "embedding"))
        if "logits" in c["inputs"]:
            self.logits = nn.Linear(c["top_logits"], c["logits_width"])
            inputs += c["logits_width"]
        w = c["width"]
        self.input = nn.ModuleList([nn.Linear(inputs if i == 0 else w, w) for i in range(c["input_layers"])])
        self.blocks = nn.ModuleList([Block(w, c["expansion"]) for _ in range(c["blocks"])])
        self.norm, self.output = nn.LayerNorm(w), nn.Linear(w, 1)

    def forward(self, hidden, embedding, logits):
        parts = [hidden] + ([embedding] if embedding is not None else [])
        x = torch.cat(parts + ([self.logits(logits)] if logits is not None else []), -1)
        for layer in self.input:
            x = layer(x)
        for block in self.blocks:
            x = block(x)
        return self.output(self.norm(x))[..., 0]


def rounded(row):
    return [float(f"{x:.8g}") for x in row]


expected = {"r2r-default": {"parameters": sum(p.numel() for p in Head(R2R).parameters())}}
for number, (name, case) in enumerate(CASES.items()):
    torch.manual_seed(number)
    head = Head(case)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.copy_(torch.randn_like(parameter) * (0.3 if parameter.dim() == 1 else parameter.shape[1] ** -0.5))
    os.makedirs(f"{HERE}/{name}", exist_ok=True)
    with open(f"{HERE}/{name}/head.json", "w") as f:
        json.dump(dict(format="glimpq-head-1", activation="gelu", **case), f, indent=2)
        f.write("\n")
    save_file({k: v.contiguous() for k, v in head.state_dict().items()}, f"{HERE}/{name}/head.safetensors")
    rows, values = [], []
    for _ in range(20):
        hidden = torch.randn(case["hidden_size"]) * 2
        embedding = torch.randn(case["hidden_size"]) if "embedding" in case["inputs"] else None
        logits = torch.sort(torch.randn(case["top_logits"]) * 5 + 10, descending=True).values \
            if "logits" in case["inputs"] else None
        with torch.inference_mode():
            z = head(hidden, embedding, logits)
            values.append(float(torch.sigmoid(z) if case["output"] == "sigmoid" else z))
        rows.append({k: rounded(v.tolist()) if v is not None else []
                     for k, v in (("hidden", hidden), ("embedding", embedding), ("logits", logits))})
    expected[name] = dict(rows=rows, values=values)
    print(name, sum(p.numel() for p in head.parameters()), [round(v, 3) for v in values[:6]])
with open(f"{HERE}/expected.json", "w") as f:
    f.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in expected.items()) + "\n}\n")
