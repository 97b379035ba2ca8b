#!/usr/bin/env python3
"""Converts a Llama, Qwen2 or Qwen3 folder with bfloat16 weights to GGUF.

usage: to_gguf.py FOLDER FILE.gguf [--type bf16|f32|f16|q8_0|q4_0]

Every matrix, the embedding included, gets the type; norms and biases stay float32. Needs numpy.
"""
import argparse
import json
import struct
from pathlib import Path

import numpy as np

from gguf_file import FILE_TYPES, GGUFWriter, encode, from_bfloat16

PARTS = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}
WHOLE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
         "lm_head.weight": "output.weight"}
NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5


def read_safetensors(path):
    """name -> bfloat16 bits, mapped."""
    mapped = np.memmap(path, dtype=np.uint8, mode="r")
    length = struct.unpack("<Q", mapped[:8].tobytes())[0]
    header = json.loads(mapped[8:8 + length].tobytes())
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "BF16":
            raise SystemExit(f"{path}: tensor {name}: expected BF16, got {entry['dtype']}")
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = mapped[begin:end].view(np.uint16).reshape(entry["shape"])
    return tensors


def gguf_name(name):
    if name in WHOLE:
        return WHOLE[name]
    _, _, layer, part, kind = name.replace("self_attn.", "self_attn/").replace("mlp.", "mlp/").split(".", 4)
    return f"blk.{layer}.{PARTS[part.replace('/', '.')]}.{kind}"


def interleaved(rows, heads):
    """Rows of a head from (first half, second half) to the alternating order that the GGUF of Llama uses."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def llama3_divisors(scaling, theta, head_dim):
    """What GGUF stores of the rope scaling of Llama 3: by how much each inverse frequency is divided."""
    waves = 2 * np.pi * theta ** (np.arange(0, head_dim, 2, dtype=np.float64) / head_dim)
    original = scaling["original_max_position_embeddings"]
    low, high, factor = (scaling[k] for k in ("low_freq_factor", "high_freq_factor", "factor"))
    smooth = ((original / waves - low) / (high - low)).clip(0, 1)
    return (1 / ((1 - smooth) / factor + smooth)).astype(np.float32)


def add_metadata(writer, name, config, type_name):
    arch, heads = config["model_type"], config["num_attention_heads"]
    writer.add("general.architecture", arch)
    writer.add("general.name", name)
    writer.add("general.file_type", FILE_TYPES[type_name])
    writer.add("general.quantization_version", 2)
    for key, value in {
        "context_length": config["max_position_embeddings"], "embedding_length": config["hidden_size"],
        "block_count": config["num_hidden_layers"], "feed_forward_length": config["intermediate_size"],
        "attention.head_count": heads, "attention.head_count_kv": config["num_key_value_heads"],
        "attention.layer_norm_rms_epsilon": float(config["rms_norm_eps"]),
        "rope.freq_base": float(config["rope_theta"]), "vocab_size": config["vocab_size"],
    }.items():
        writer.add(f"{arch}.{key}", value)
    head_dim = config.get("head_dim", config["hidden_size"] // heads)
    if arch != "qwen2":
        writer.add(f"{arch}.attention.key_length", head_dim)
        writer.add(f"{arch}.attention.value_length", head_dim)
    writer.add(f"{arch}.rope.dimension_count", head_dim)
    return head_dim


def add_tokenizer(writer, folder, config):
    """The byte-level BPE vocabulary of tokenizer.json; ids beyond it are filled up as unused."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    names = [f"[unused{i}]" for i in range(config["vocab_size"])]
    kinds = [UNUSED] * len(names)
    for text, token in tokenizer["model"]["vocab"].items():
        names[token], kinds[token] = text, NORMAL
    added = {entry["content"]: entry for entry in tokenizer["added_tokens"]}
    for text, entry in added.items():
        names[entry["id"]], kinds[entry["id"]] = text, CONTROL if entry["special"] else USER_DEFINED
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
    writer.add("tokenizer.ggml.model", "gpt2")
    writer.add("tokenizer.ggml.pre", "llama-bpe" if config["model_type"] == "llama" else "qwen2")
    writer.add("tokenizer.ggml.tokens", names)
    writer.add("tokenizer.ggml.token_type", kinds)
    writer.add("tokenizer.ggml.merges", merges)
    writer.add("tokenizer.ggml.add_bos_token", bool(settings.get("add_bos_token")))
    for key, role in (("bos", "bos_token"), ("eos", "eos_token"), ("padding", "pad_token")):
        if settings.get(role):
            writer.add(f"tokenizer.ggml.{key}_token_id", added[settings[role]]["id"])
    if settings.get("chat_template"):
        writer.add("tokenizer.chat_template", settings["chat_template"])


def convert(folder, path, type_name):
    folder = Path(folder)
    config = json.loads((folder / "config.json").read_text())
    writer = GGUFWriter()
    head_dim = add_metadata(writer, folder.name, config, type_name)
    add_tokenizer(writer, folder, config)
    if config.get("rope_scaling"):
        divisors = llama3_divisors(config["rope_scaling"], config["rope_theta"], head_dim)
        writer.add_tensor("rope_freqs.weight", divisors.shape, "f32", divisors.tobytes)
    for name, bits in read_safetensors(folder / "model.safetensors").items():
        if config["model_type"] == "llama" and ".q_proj." in name:
            bits = interleaved(bits, config["num_attention_heads"])
        if config["model_type"] == "llama" and ".k_proj." in name:
            bits = interleaved(bits, config["num_key_value_heads"])
        if bits.ndim == 1:
            writer.add_tensor(gguf_name(name), bits.shape, "f32", lambda bits=bits: from_bfloat16(bits).tobytes())
        else:
            writer.add_tensor(gguf_name(name), bits.shape, type_name, lambda bits=bits: encode(bits, type_name))
    writer.write(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("file")
    parser.add_argument("--type", choices=FILE_TYPES, default="bf16")
    arguments = parser.parse_args()
    convert(arguments.folder, arguments.file, arguments.type)


if __name__ == "__main__":
    main()
