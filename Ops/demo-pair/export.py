#!/usr/bin/env python3
"""Turns a training checkpoint into a Hugging Face folder with bf16 weights, and checks it.

usage: export.py RUN/final.pt --out slm

Writes config.json, generation_config.json, tokenizer.json, tokenizer_config.json and model.safetensors.
The check loads the folder with transformers, compares its logits with model.py's and lets it solve a
problem through the chat template. Needs torch, safetensors, tokenizers and transformers.
"""
import argparse
import json
import os

import torch
from safetensors.torch import save_file

import make_tokenizer
import task
from model import Shape, load_checkpoint, load_folder

os.environ.setdefault("HF_HUB_OFFLINE", "1")


def write_json(folder, name, content):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")


def config(shape, vocab, end):
    return dict(
        architectures=["Qwen3ForCausalLM"], model_type="qwen3", hidden_size=shape.hidden,
        intermediate_size=shape.inner, num_hidden_layers=shape.layers, num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads, head_dim=shape.head_dim, hidden_act="silu", vocab_size=vocab,
        max_position_embeddings=make_tokenizer.CONTEXT, rms_norm_eps=shape.norm_eps, rope_theta=shape.rope_theta,
        rope_scaling=None, tie_word_embeddings=True, attention_bias=False, attention_dropout=0.0,
        use_sliding_window=False, sliding_window=None, max_window_layers=shape.layers, initializer_range=0.02,
        use_cache=True, bos_token_id=None, eos_token_id=end, pad_token_id=end, torch_dtype="bfloat16")


def export(checkpoint, folder):
    model, record = load_checkpoint(checkpoint)
    tokenizer = make_tokenizer.write(folder)
    end = tokenizer.token_to_id(task.END)
    assert record["vocab"] == tokenizer.get_vocab_size(), "the checkpoint was trained with another tokenizer"
    write_json(folder, "config.json", config(Shape(**record["shape"]), record["vocab"], end))
    write_json(folder, "generation_config.json", dict(eos_token_id=[end], pad_token_id=end, do_sample=False))
    weights = {name: weight.to(torch.bfloat16).contiguous() for name, weight in model.state_dict().items()}
    save_file(weights, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    size = sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))
    print(f"{folder}: {model.parameter_count()} parameters after {record['tokens']} tokens, {size} bytes")


def check(folder):
    from transformers import AutoModelForCausalLM, AutoTokenizer
    reference = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    dividend, divisor = task.distinct_problems("validation", 1, seed=1)[0]
    message = [dict(role="user", content=task.question(dividend, divisor))]
    rendered = tokenizer.apply_chat_template(message, add_generation_prompt=True, tokenize=False)
    assert rendered == task.prompt(dividend, divisor), rendered
    prompt = tokenizer(rendered, add_special_tokens=False, return_tensors="pt").input_ids
    text = rendered + task.solution(dividend, divisor)
    ids = tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
    assert tokenizer.decode(ids[0]) == text
    with torch.inference_mode():
        difference = (reference(ids).logits - load_folder(folder)(ids)).abs().max().item()
        written = tokenizer.decode(reference.generate(prompt, max_new_tokens=512)[0, prompt.shape[1]:])
    assert difference < 1e-4, difference
    print(f"{folder}: logits differ from transformers by at most {difference:.1e}; asked {dividend} / {divisor} "
          f"(right: {task.answer(dividend, divisor)}), wrote:\n{written}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--out", required=True, help="folder to write")
    arguments = parser.parse_args()
    export(arguments.checkpoint, arguments.out)
    check(arguments.out)


if __name__ == "__main__":
    main()
