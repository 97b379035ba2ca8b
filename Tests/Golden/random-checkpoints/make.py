#!/usr/bin/env python3
"""Small random checkpoints with awkward shapes, and what Hugging Face transformers computes from them (float32, eager).

usage: make.py [NAME...]      writes NAME/{config.json,generation_config.json,model*.safetensors,expected.json} beside itself

expected.json: {"prompts": [{"ids", "logits" (last position), "entropy" (nats), "logSumExp", "argmax" (every position),
"greedy" (64 ids), "margin" (smallest gap of the two largest logits while decoding)}]}.
Weights are drawn per tensor name and rounded to bfloat16, so every element type holds the same numbers exactly.
Needs numpy, torch, transformers.
"""
import hashlib, json, os, struct, sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import numpy as np
import torch
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
GREEDY = 64
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
YARN = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=64)

CASES = {
    # Every bias, head_dim unlike hidden / heads, Llama 3 rope, float32, spelling of transformers 4.
    "llama-biases": dict(type="F32", shards=1, config=dict(
        model_type="llama", architectures=["LlamaForCausalLM"], hidden_size=28, num_attention_heads=4,
        num_key_value_heads=2, head_dim=10, intermediate_size=36, num_hidden_layers=3, vocab_size=67,
        max_position_embeddings=512, rms_norm_eps=1e-5, rope_theta=500.0, rope_scaling=LLAMA3, hidden_act="silu",
        attention_bias=True, mlp_bias=True, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2,
        torch_dtype="float32"), generation=dict(eos_token_id=[2, 5])),
    # Biases that the file does not announce, one KV head, implicit head_dim, linear rope with its old key, tied, bfloat16.
    "qwen2-tied": dict(type="BF16", shards=1, config=dict(
        model_type="qwen2", architectures=["Qwen2ForCausalLM"], hidden_size=48, num_attention_heads=3,
        num_key_value_heads=1, intermediate_size=50, num_hidden_layers=3, vocab_size=90,
        max_position_embeddings=256, rms_norm_eps=1e-6, rope_theta=10000.0,
        rope_scaling=dict(type="linear", factor=2.5), hidden_act="silu", use_sliding_window=False,
        sliding_window=128, max_window_layers=3, tie_word_embeddings=True, bos_token_id=1, eos_token_id=3,
        torch_dtype="bfloat16"), generation=None),
    # Head norms, YaRN, three shards, spelling of transformers 5.
    "qwen3-sharded": dict(type="BF16", shards=3, config=dict(
        model_type="qwen3", architectures=["Qwen3ForCausalLM"], hidden_size=32, num_attention_heads=6,
        num_key_value_heads=2, head_dim=20, intermediate_size=70, num_hidden_layers=3, vocab_size=130,
        max_position_embeddings=256, rms_norm_eps=1e-6, rope_parameters=YARN, hidden_act="silu",
        attention_bias=False, use_sliding_window=False, sliding_window=None,
        layer_types=["full_attention"] * 3, tie_word_embeddings=False, bos_token_id=None,
        eos_token_id=[7, 4], dtype="bfloat16"), generation=dict(do_sample=False)),
    # A head per KV head, head_dim above a vector, float16, biases after attention.
    "qwen3-half": dict(type="F16", shards=1, config=dict(
        model_type="qwen3", architectures=["Qwen3ForCausalLM"], hidden_size=36, num_attention_heads=4,
        num_key_value_heads=4, head_dim=34, intermediate_size=33, num_hidden_layers=3, vocab_size=96,
        max_position_embeddings=512, rms_norm_eps=1e-6, rope_theta=1000000.0, rope_scaling=None, hidden_act="silu",
        attention_bias=True, use_sliding_window=False, sliding_window=None, tie_word_embeddings=False,
        bos_token_id=0, eos_token_id=0, torch_dtype="float16"), generation=dict(eos_token_id=9)),
}


def tensors(c):
    """(name, shape, kind, scale) in file order."""
    h, inter = c["hidden_size"], c["intermediate_size"]
    d = c.get("head_dim", h // c["num_attention_heads"])
    q, k = c["num_attention_heads"] * d, c["num_key_value_heads"] * d
    arch = c["model_type"]
    qkv_bias = arch == "qwen2" or c.get("attention_bias")
    o_bias = arch != "qwen2" and c.get("attention_bias")
    yield "model.embed_tokens.weight", (c["vocab_size"], h), "w", 0.4
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        yield p + "input_layernorm.weight", (h,), "n", 0.1
        for name, rows in (("q", q), ("k", k), ("v", k)):
            yield p + f"self_attn.{name}_proj.weight", (rows, h), "w", 1.6 / np.sqrt(h)
            if qkv_bias:
                yield p + f"self_attn.{name}_proj.bias", (rows,), "b", 0.5
        if arch == "qwen3":
            yield p + "self_attn.q_norm.weight", (d,), "n", 0.1
            yield p + "self_attn.k_norm.weight", (d,), "n", 0.1
        yield p + "self_attn.o_proj.weight", (h, q), "w", 5 / np.sqrt(q)
        if o_bias:
            yield p + "self_attn.o_proj.bias", (h,), "b", 0.3
        yield p + "post_attention_layernorm.weight", (h,), "n", 0.1
        for name, rows, cols, scale in (("gate", inter, h, 1.0), ("up", inter, h, 1.0), ("down", h, inter, 4.0)):
            yield p + f"mlp.{name}_proj.weight", (rows, cols), "w", scale / np.sqrt(cols)
            if c.get("mlp_bias"):
                yield p + f"mlp.{name}_proj.bias", (rows,), "b", 0.3
    yield "model.norm.weight", (h,), "n", 0.1
    if not c["tie_word_embeddings"]:
        yield "lm_head.weight", (c["vocab_size"], h), "w", 3.0 / np.sqrt(h)


def draw(case, name, shape, kind, scale):
    """float32 values that bfloat16 holds exactly."""
    key = int.from_bytes(hashlib.sha256(f"{case}/{name}".encode()).digest()[:8], "little")
    x = np.random.Generator(np.random.Philox(key)).standard_normal(shape, dtype=np.float32) * np.float32(scale)
    x = x + np.float32(1) if kind == "n" else x
    bits = np.ascontiguousarray(x, dtype=np.float32).view(np.uint32)
    return ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16 << 16).view(np.float32)


def encode(x, element):
    if element == "F32":
        return x.astype("<f4").tobytes()
    if element == "F16":
        half = x.astype("<f2")
        return half.tobytes()
    return (x.view(np.uint32) >> 16).astype("<u2").tobytes()


def dump(path, value):
    with open(path, "w") as f:
        json.dump(value, f, indent=2)
        f.write("\n")


def write(case, folder):
    spec = CASES[case]
    os.makedirs(folder, exist_ok=True)
    dump(f"{folder}/config.json", spec["config"])
    if spec["generation"]:
        dump(f"{folder}/generation_config.json", spec["generation"])
    every = list(tensors(spec["config"]))
    shards, weight_map, total = spec["shards"], {}, 0
    for index in range(shards):
        name = "model.safetensors" if shards == 1 else f"model-{index + 1:05d}-of-{shards:05d}.safetensors"
        header, data = {"__metadata__": {"format": "pt"}}, b""
        for tensor, shape, kind, scale in every[index::shards]:
            raw = encode(draw(case, tensor, shape, kind, scale), spec["type"])
            header[tensor] = dict(dtype=spec["type"], shape=list(shape), data_offsets=[len(data), len(data) + len(raw)])
            weight_map[tensor] = name
            data += raw
        text = json.dumps(header, separators=(",", ":")).encode()
        # Data starts at an odd multiple of 2 bytes: readers must not count on alignment.
        text += b" " * ((2 - len(text)) % 8)
        with open(f"{folder}/{name}", "wb") as f:
            f.write(struct.pack("<Q", len(text)) + text + data)
        total += len(data)
    if shards > 1:
        dump(f"{folder}/model.safetensors.index.json", dict(metadata=dict(total_size=total), weight_map=weight_map))


def expect(folder, config, case):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager",
                                                 local_files_only=True).eval()
    rng = np.random.Generator(np.random.Philox(int.from_bytes(hashlib.sha256(case.encode()).digest()[:8], "little")))
    prompts = []
    with torch.inference_mode():
        for length in (1, 5, 17, 70):
            for _ in range(50):
                ids = rng.integers(0, config["vocab_size"], length).tolist()
                out = model(input_ids=torch.tensor([ids]), use_cache=True)
                last = out.logits[0, -1]
                past, current, greedy, margin = out.past_key_values, last, [], float("inf")
                for _ in range(GREEDY):
                    top = torch.topk(current, 2).values
                    margin = min(margin, float(top[0] - top[1]))
                    greedy.append(int(current.argmax()))
                    step = model(input_ids=torch.tensor([[greedy[-1]]]), past_key_values=past, use_cache=True)
                    past, current = step.past_key_values, step.logits[0, -1]
                if margin > 2e-3 and len(set(greedy)) > 3:
                    break
            else:
                raise SystemExit(f"{case}: no prompt of {length} tokens decodes without near ties")
            exact = torch.log_softmax(last.double(), -1)
            prompts.append(dict(
                ids=ids, logits=[float(f"{float(x):.8g}") for x in last], entropy=float(-(exact.exp() * exact).sum()),
                logSumExp=float(torch.logsumexp(last.double(), -1)), argmax=out.logits[0].argmax(-1).tolist(),
                greedy=greedy, margin=margin))
    with open(f"{folder}/expected.json", "w") as f:
        f.write('{"prompts": [\n' + ",\n".join(json.dumps(p) for p in prompts) + "\n]}\n")
    print(case, [round(p["margin"], 4) for p in prompts], [len(set(p["greedy"])) for p in prompts],
          sum(os.path.getsize(f"{folder}/{n}") for n in os.listdir(folder)) // 1024, "KiB")


for case in sys.argv[1:] or CASES:
    target = os.path.join(HERE, case)
    write(case, target)
    expect(target, CASES[case]["config"], case)
