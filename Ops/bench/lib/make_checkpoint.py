#!/usr/bin/env python3
"""Checkpoints with random weights of real shapes: a folder in the layout of Hugging Face, and GGUF files of the same.

usage: make_checkpoint.py PRESET FOLDER [--gguf bf16 q8_0 q4_0] [--seed N]

Writes FOLDER/hf (config.json, tokenizer.json, bfloat16 weights …) and FOLDER/TYPE.gguf. The vocabulary has real size
too, so that loading costs what it costs with a real model; its merges are made up. A tensor depends on the seed and
its name alone. Logits spread widely (standard deviation about 4) and no weight is neutral, so that an engine that
leaves something out gives other answers. Needs numpy.
"""
import argparse
import hashlib
import json
import struct
from pathlib import Path

import numpy as np

from gguf_file import FILE_TYPES, to_bfloat16
from to_gguf import convert

SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
ADDED = {
    "llama": ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    "qwen": ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"],
}
LLAMA3_ROPE = {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
               "original_max_position_embeddings": 8192}


def shape(arch, hidden, intermediate, layers, heads, kv_heads, head_dim, vocabulary, theta, epsilon, context,
          scaling=None):
    return {
        "model_type": arch, "hidden_size": hidden, "intermediate_size": intermediate, "num_hidden_layers": layers,
        "num_attention_heads": heads, "num_key_value_heads": kv_heads, "head_dim": head_dim, "hidden_act": "silu",
        "vocab_size": vocabulary, "max_position_embeddings": context, "rms_norm_eps": epsilon, "rope_theta": theta,
        "rope_scaling": scaling, "tie_word_embeddings": True, "torch_dtype": "bfloat16",
    }


PRESETS = {
    "tiny": shape("qwen3", 256, 768, 6, 8, 4, 64, 4096, 1e6, 1e-6, 4096),
    "qwen3-0.6b": shape("qwen3", 1024, 3072, 28, 16, 8, 128, 151936, 1e6, 1e-6, 40960),
    "qwen2-1.5b": shape("qwen2", 1536, 8960, 28, 12, 2, 128, 151936, 1e6, 1e-6, 32768),
    "llama-1b": shape("llama", 2048, 8192, 16, 32, 8, 64, 128256, 5e5, 1e-5, 131072, LLAMA3_ROPE),
}
CLASSES = {"qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM", "llama": "LlamaForCausalLM"}


def byte_alphabet():
    """The printable stand-in of every byte."""
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in own]
    return [chr(byte if byte in own else 256 + others.index(byte)) for byte in range(256)]


def vocabulary(size):
    """`size` texts: all bytes, then what merging them pair by pair gives; and these merges."""
    texts = byte_alphabet()
    known, merges = set(texts), []
    for end in range(len(texts), size):
        for left in texts[:end]:
            for right in texts[:64]:
                if len(texts) == size:
                    return texts, merges
                if left + right not in known:
                    known.add(left + right)
                    texts.append(left + right)
                    merges.append(f"{left} {right}")
    return texts, merges


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1))


def write_tokenizer(folder, config):
    llama = config["model_type"] == "llama"
    added = ADDED["llama" if llama else "qwen"]
    texts, merges = vocabulary(config["vocab_size"] - len(added) - 8)
    split = SPLIT.replace(r"|\p{N}| ?", r"|\p{N}{1,3}| ?") if llama else SPLIT
    entries = [{"id": len(texts) + i, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
                "normalized": False, "special": "think" not in text} for i, text in enumerate(added)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    write_json(folder / "tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": entries,
        "normalizer": None if llama else {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": split}, "behavior": "Isolated", "invert": False}, byte_level]},
        "post_processor": byte_level, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": llama,
                  "vocab": {text: i for i, text in enumerate(texts)}, "merges": merges}})
    end = len(texts) + (4 if llama else 2)
    write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": added[0] if llama else None,
        "eos_token": added[end - len(texts)], "pad_token": added[1 if llama else 0], "add_bos_token": False})
    write_json(folder / "generation_config.json", {"eos_token_id": [end]})
    return end


def tensors(config):
    """name, shape, centre and spread of every tensor."""
    hidden, heads, kv_heads = config["hidden_size"], config["num_attention_heads"], config["num_key_value_heads"]
    query, key, inner = heads * config["head_dim"], kv_heads * config["head_dim"], config["intermediate_size"]
    yield "model.embed_tokens.weight", (config["vocab_size"], hidden), 0, 4 / hidden ** 0.5
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        yield prefix + "input_layernorm.weight", (hidden,), 1, 0.1
        for name, rows in (("q", query), ("k", key), ("v", key)):
            yield f"{prefix}self_attn.{name}_proj.weight", (rows, hidden), 0, hidden ** -0.5
            if config["model_type"] == "qwen2":
                yield f"{prefix}self_attn.{name}_proj.bias", (rows,), 0, 0.5
        if config["model_type"] == "qwen3":
            yield prefix + "self_attn.q_norm.weight", (config["head_dim"],), 1, 0.1
            yield prefix + "self_attn.k_norm.weight", (config["head_dim"],), 1, 0.1
        yield prefix + "self_attn.o_proj.weight", (hidden, query), 0, query ** -0.5
        yield prefix + "post_attention_layernorm.weight", (hidden,), 1, 0.1
        yield prefix + "mlp.gate_proj.weight", (inner, hidden), 0, hidden ** -0.5
        yield prefix + "mlp.up_proj.weight", (inner, hidden), 0, hidden ** -0.5
        yield prefix + "mlp.down_proj.weight", (hidden, inner), 0, 1.5 * inner ** -0.5
    yield "model.norm.weight", (hidden,), 1, 0.1


def draw(seed, name, extents, centre, spread):
    key = int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "little")
    values = np.random.Generator(np.random.Philox(key)).standard_normal(extents, dtype=np.float32)
    return to_bfloat16(values * np.float32(spread) + np.float32(centre))


def write_weights(path, config, seed):
    header, offset = {}, 0
    for name, extents, *_ in tensors(config):
        size = int(np.prod(extents)) * 2
        header[name] = {"dtype": "BF16", "shape": list(extents), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, extents, centre, spread in tensors(config):
            file.write(draw(seed, name, extents, centre, spread).tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", choices=PRESETS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gguf", nargs="*", choices=FILE_TYPES, default=[])
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    config = dict(PRESETS[arguments.preset])
    folder = arguments.folder / "hf"
    folder.mkdir(parents=True, exist_ok=True)
    config.update(architectures=[CLASSES[config["model_type"]]], eos_token_id=write_tokenizer(folder, config))
    if config["model_type"] == "qwen2":
        del config["head_dim"]
    write_json(folder / "config.json", config)
    config["head_dim"] = PRESETS[arguments.preset]["head_dim"]
    if not (folder / "model.safetensors").exists():
        write_weights(folder / "model.partial", config, arguments.seed)
        (folder / "model.partial").rename(folder / "model.safetensors")
    for type_name in arguments.gguf:
        path = arguments.folder / f"{type_name}.gguf"
        if not path.exists():
            convert(folder, path.with_suffix(".partial"), type_name)
            path.with_suffix(".partial").rename(path)


if __name__ == "__main__":
    main()
