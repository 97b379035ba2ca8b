#!/usr/bin/env python3
"""Small random checkpoints with awkward shapes, and what Hugging Face transformers computes from them (float32, eager).

usage: make.py [NAME...]      writes NAME/{config.json,generation_config.json,model*.safetensors,expected.json} and the
                              same weights as NAME/model*.gguf beside itself; of quantised cases only GGUF and expected.json

expected.json: {"prompts": [{"ids", "logits" and "hidden" (hidden_states[-1], both of the last position), "entropy"
(nats), "logSumExp", "argmax" (every position),
"greedy" (64 ids), "margin" (smallest gap of the two largest logits while decoding)}]}.
Weights are drawn per tensor name and rounded to bfloat16, so every element type holds the same numbers exactly. Of
quantised cases transformers computes the dequantised weights; blocks of K formats are drawn bit by bit.
Needs gguf, numpy, torch, transformers.
"""
import glob, hashlib, json, os, struct, sys, tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import gguf
import numpy as np
import torch
from gguf import quants
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
    # Permuted rows of blocks, Llama 3 rope, one KV head, four heads of 32 on 64, untied.
    "llama-q8_0": dict(type="Q8_0", config=dict(
        model_type="llama", architectures=["LlamaForCausalLM"], hidden_size=64, num_attention_heads=4,
        num_key_value_heads=1, head_dim=32, intermediate_size=160, num_hidden_layers=2, vocab_size=83,
        max_position_embeddings=512, rms_norm_eps=1e-5, rope_theta=500.0, rope_scaling=LLAMA3, hidden_act="silu",
        attention_bias=False, mlp_bias=False, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2)),
    # Biases beside blocks, tied embedding in another format than the rest, neighbours in unlike formats.
    "qwen2-q4_0": dict(type="Q4_0", types={"token_embd.weight": "Q8_0", "blk.0.attn_k.weight": "Q8_0",
                                           "blk.1.attn_v.weight": "F16", "blk.0.ffn_up.weight": "Q8_0",
                                           "blk.1.ffn_gate.weight": "F16", "blk.1.attn_output.weight": "Q4_1",
                                           "blk.0.ffn_down.weight": "Q5_0", "blk.1.ffn_down.weight": "Q5_1"}, config=dict(
        model_type="qwen2", architectures=["Qwen2ForCausalLM"], hidden_size=96, num_attention_heads=3,
        num_key_value_heads=1, intermediate_size=128, num_hidden_layers=2, vocab_size=90,
        max_position_embeddings=256, rms_norm_eps=1e-6, rope_theta=10000.0, rope_scaling=None, hidden_act="silu",
        use_sliding_window=False, tie_word_embeddings=True, bos_token_id=1, eos_token_id=3)),
    # The mix of a Q4_K_M file: some values, some feed-forward outputs and the head in six bits; YaRN.
    "qwen3-q4_k_m": dict(type="Q4_K", types={"blk.0.attn_v.weight": "Q6_K", "blk.1.ffn_down.weight": "Q6_K",
                                             "blk.1.attn_v.weight": "Q5_K", "output.weight": "Q6_K"}, config=dict(
        model_type="qwen3", architectures=["Qwen3ForCausalLM"], hidden_size=256, num_attention_heads=4,
        num_key_value_heads=1, head_dim=64, intermediate_size=256, num_hidden_layers=2, vocab_size=61,
        max_position_embeddings=256, rms_norm_eps=1e-6, rope_parameters=YARN, hidden_act="silu",
        attention_bias=False, use_sliding_window=False, tie_word_embeddings=False, bos_token_id=None, eos_token_id=4)),
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


GGUF_NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
              "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
              "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
              "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
              "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def gguf_name(name):
    stem, kind = name.rsplit(".", 1)
    if stem.startswith("model.layers."):
        _, _, layer, part = stem.split(".", 3)
        return f"blk.{layer}.{GGUF_NAMES[part]}.{kind}"
    return f"{GGUF_NAMES[stem]}.{kind}"


def rotated_pairs(x, heads):
    """Rows of queries and keys in the order that llama.cpp wants of Llama models: the halves of a head take turns."""
    return x.reshape(heads, 2, x.shape[0] // heads // 2, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape)


def random_blocks(case, name, shape, type, scale):
    """Blocks of a K format with every bit drawn but the exponents of their scales."""
    elements, size = gguf.GGML_QUANT_SIZES[type]
    key = int.from_bytes(hashlib.sha256(f"{case}/{name}/blocks".encode()).digest()[:8], "little")
    rng = np.random.Generator(np.random.Philox(key))
    blocks = rng.integers(0, 256, (shape[0], shape[1] // elements, size), dtype=np.uint8)
    d = scale * rng.uniform(0.5, 1.5, blocks.shape[:2])
    if type != gguf.GGMLQuantizationType.Q6_K:  # standard deviation about 258 d where the minima balance the values
        steps = 1 if type == gguf.GGMLQuantizationType.Q4_K else 2
        pair = np.stack([d / 258 / steps, 7.5 * d / 258], -1).astype("<f2")
        blocks[..., :4] = pair.view(np.uint8)
    else:  # about 1367 d
        blocks[..., 208:] = (d / 1367).astype("<f2")[..., None].view(np.uint8)
    return blocks.reshape(shape[0], -1)


def stored(case, spec, name, shape, kind, scale):
    """A tensor as its GGUF file holds it, in the order of rows of Hugging Face: (array, type)."""
    x = draw(case, name, shape, kind, scale)
    type = gguf.GGMLQuantizationType[spec.get("types", {}).get(gguf_name(name), spec["type"])]
    if len(shape) == 1:
        return x, gguf.GGMLQuantizationType.F32
    if type.name.endswith("_K"):
        return random_blocks(case, name, shape, type, scale), type
    return quants.quantize(x, type), type


def llama3_divisors(rope, theta, head_dim):
    """By how much Llama 3 divides each frequency, as llama.cpp's conversion writes it."""
    wavelengths = 2 * np.pi * theta ** (np.arange(0, head_dim, 2) / head_dim)
    low, high, context = rope["low_freq_factor"], rope["high_freq_factor"], rope["original_max_position_embeddings"]
    smooth = np.clip((context / wavelengths - low) / (high - low), 0, 1)
    return (1 / ((1 - smooth) / rope["factor"] + smooth)).astype(np.float32)


def write_gguf(case, folder):
    spec = CASES[case]
    c, split = spec["config"], spec.get("shards", 1) > 1
    arch, h, heads, kv = c["model_type"], c["hidden_size"], c["num_attention_heads"], c["num_key_value_heads"]
    rope = c.get("rope_parameters") or c.get("rope_scaling") or {}
    theta = rope.get("rope_theta") or c["rope_theta"]
    for old in glob.glob(f"{folder}/*.gguf"):
        os.remove(old)
    w = gguf.GGUFWriter(f"{folder}/model.gguf", arch, split_max_tensors=20 if split else 0)
    w.add_context_length(c["max_position_embeddings"])
    w.add_embedding_length(h)
    w.add_block_count(c["num_hidden_layers"])
    w.add_feed_forward_length(c["intermediate_size"])
    w.add_head_count(heads)
    w.add_head_count_kv(kv)
    w.add_layer_norm_rms_eps(c["rms_norm_eps"])
    w.add_rope_freq_base(theta)
    if "head_dim" in c:
        w.add_key_length(c["head_dim"])
        w.add_value_length(c["head_dim"])
    kind = rope.get("rope_type", rope.get("type"))
    if kind in ("linear", "yarn"):
        w.add_rope_scaling_type(gguf.RopeScalingType(kind))
        w.add_rope_scaling_factor(rope["factor"])
    if kind == "yarn":
        w.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if kind == "llama3":
        w.add_tensor("rope_freqs.weight", llama3_divisors(rope, theta, c["head_dim"]))
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("llama-bpe" if arch == "llama" else "qwen2")
    w.add_token_list([f"t{i}" for i in range(c["vocab_size"])])
    w.add_token_types([gguf.TokenType.NORMAL] * c["vocab_size"])
    w.add_token_merges([])
    eos = c["eos_token_id"]
    w.add_eos_token_id(eos[0] if isinstance(eos, list) else eos)
    for name, shape, kind, scale in tensors(c):
        array, type = stored(case, spec, name, shape, kind, scale)
        if arch == "llama" and ("q_proj" in name or "k_proj" in name):
            array = rotated_pairs(array, heads if "q_proj" in name else kv)
        w.add_tensor(gguf_name(name), np.ascontiguousarray(array), raw_dtype=type)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def write_dequantised(case, folder):
    """The folder that transformers reads for a quantised case."""
    spec = CASES[case]
    dump(f"{folder}/config.json", dict(spec["config"], torch_dtype="float32"))
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, shape, kind, scale in tensors(spec["config"]):
        raw = quants.dequantize(*stored(case, spec, name, shape, kind, scale)).astype("<f4").tobytes()
        header[name] = dict(dtype="F32", shape=list(shape), data_offsets=[len(data), len(data) + len(raw)])
        data += raw
    text = json.dumps(header).encode()
    with open(f"{folder}/model.safetensors", "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def expect(folder, target, config, case):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager",
                                                 local_files_only=True).eval()
    rng = np.random.Generator(np.random.Philox(int.from_bytes(hashlib.sha256(case.encode()).digest()[:8], "little")))
    prompts = []
    with torch.inference_mode():
        for length in (1, 5, 17, 70):
            for _ in range(50):
                ids = rng.integers(0, config["vocab_size"], length).tolist()
                out = model(input_ids=torch.tensor([ids]), use_cache=True, output_hidden_states=True)
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
                ids=ids, logits=[float(f"{float(x):.8g}") for x in last],
                hidden=[float(f"{float(x):.8g}") for x in out.hidden_states[-1][0, -1]], entropy=float(-(exact.exp() * exact).sum()),
                logSumExp=float(torch.logsumexp(last.double(), -1)), argmax=out.logits[0].argmax(-1).tolist(),
                greedy=greedy, margin=margin))
    with open(f"{target}/expected.json", "w") as f:
        f.write('{"prompts": [\n' + ",\n".join(json.dumps(p) for p in prompts) + "\n]}\n")
    print(case, [round(p["margin"], 4) for p in prompts], [len(set(p["greedy"])) for p in prompts],
          sum(os.path.getsize(f"{target}/{n}") for n in os.listdir(target)) // 1024, "KiB")


for case in sys.argv[1:] or CASES:
    target = os.path.join(HERE, case)
    os.makedirs(target, exist_ok=True)
    write_gguf(case, target)
    if CASES[case]["type"] in ("F32", "F16", "BF16"):
        write(case, target)
        expect(target, target, CASES[case]["config"], case)
    else:
        with tempfile.TemporaryDirectory() as folder:
            write_dequantised(case, folder)
            expect(folder, target, CASES[case]["config"], case)
