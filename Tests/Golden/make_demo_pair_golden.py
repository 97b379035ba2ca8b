#!/usr/bin/env python3
"""Writes the golden values of the demo pair: what transformers and tokenizers make of it.

usage: make_demo_pair_golden.py                      (all files, about three minutes on one core)
       make_demo_pair_golden.py --only tokenizer logits

Files, all under Tests/Golden/demo-pair:
  logits.json              per model: prompts as ids, the full last-position logits in f32, entropy in
                           nats and logsumexp (both computed in f64 from the f32 logits)
  greedy-{slm,llm}.jsonl   per problem of problems/test-500.jsonl: prompt ids, greedy ids up to and with
                           <|endoftext|>, the smallest gap between the two best logits on the way, and
                           whether the final answer is the right one
  tokenizer.jsonl          strings, their ids (added tokens matched, none prepended) and the ids' text

Models run in f32 with eager attention from the stored bf16 weights. Greedy decoding batches problems whose
prompts have the same length, so that nothing is padded. Needs torch, transformers and tokenizers, in the
versions of Ops/demo-pair/requirements.txt.
"""
import argparse
import json
import os
import random
import unicodedata

os.environ.setdefault("HF_HUB_OFFLINE", "1")
HERE = os.path.dirname(os.path.abspath(__file__))
PAIR = os.path.join(HERE, "..", "..", "Ops", "demo-pair")
OUT = os.path.join(HERE, "demo-pair")
MODELS = ("slm", "llm")
NEW_TOKENS = 512


def path(*parts):
    return os.path.join(PAIR, *parts)


def tokenizer():
    from tokenizers import Tokenizer
    return Tokenizer.from_file(path("llm", "tokenizer.json"))


def load_model(name):
    import torch
    from transformers import AutoModelForCausalLM
    torch.set_num_threads(1)
    return AutoModelForCausalLM.from_pretrained(path(name), dtype=torch.float32, attn_implementation="eager").eval()


def problems():
    with open(path("problems", "test-500.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def render(question):
    return f"<|User|>{question}<|Assistant|><think>\n"


def write_lines(name, records):
    with open(os.path.join(OUT, name), "w", encoding="ascii") as file:
        for record in records:
            file.write(json.dumps(record, separators=(",", ":")) + "\n")


def short(number):
    """A decimal that reads back as the same f32."""
    return float(f"{number:.9g}")


def logit_prompts():
    """Probes at the start, at every kind of step, in the middle of one, at the answer, and off the task."""
    start = render("What is 22819 / 41 ?")
    solved = (start + "3 digits make 228, then 19\n\n5*41=5+200=205\n\nSubtract 228-205, ones 8-5=3, tens 2-0=2, left 23"
              "\n\nBring down 1 to 231, then 9\n\n5*41=5+200=205\n\n")
    return [start, solved[:solved.index("5*41")], solved[:solved.index("Subtract")], solved[:solved.index("Bring")],
            solved, solved + "Subtract 231-205, ones 1-", render("What is 1900 / 19 ?") + "</think>\n\n",
            "Größe 数 \x00", "?"]


def write_logits():
    import torch
    encoder, out = tokenizer(), {}
    for name in MODELS:
        model, out[name] = load_model(name), []
        for text in logit_prompts():
            ids = encoder.encode(text, add_special_tokens=False).ids
            with torch.inference_mode():
                logits = model(torch.tensor([ids])).logits[0, -1]
            log_p = torch.log_softmax(logits.double(), dim=-1)
            out[name].append(dict(text=text, ids=ids, entropy=float(-(log_p.exp() * log_p).sum()),
                                  logsumexp=float(torch.logsumexp(logits.double(), -1)),
                                  logits=[short(x) for x in logits.tolist()]))
    with open(os.path.join(OUT, "logits.json"), "w", encoding="ascii") as file:
        json.dump(out, file, separators=(",", ":"))
        file.write("\n")


def greedy(model, prompts, end):
    """Per prompt (all of one length): ids, smallest gap between the best and the second best logit."""
    import torch
    written, gaps, cache, feed = [], [], None, torch.tensor(prompts)
    finished = torch.zeros(len(prompts), dtype=torch.bool)
    while len(written) < NEW_TOKENS and not finished.all():
        with torch.inference_mode():
            output = model(feed, past_key_values=cache, use_cache=True)
        logits, cache = output.logits[:, -1], output.past_key_values
        best = logits.topk(2).values
        written.append(logits.argmax(dim=-1))
        gaps.append(best[:, 0] - best[:, 1])
        finished |= written[-1] == end
        feed = written[-1][:, None]
    for ids, steps in zip(torch.stack(written, dim=1).tolist(), torch.stack(gaps, dim=1).tolist()):
        length = ids.index(end) + 1 if end in ids else len(ids)
        yield ids[:length], min(steps[:length])


def write_greedy(name):
    encoder = tokenizer()
    end = encoder.token_to_id("<|endoftext|>")
    model, records, by_length = load_model(name), [], {}
    for problem in problems():
        prompt = encoder.encode(render(problem["prompt"]), add_special_tokens=False).ids
        by_length.setdefault(len(prompt), []).append((problem, prompt))
    for group in by_length.values():
        for (problem, prompt), (ids, gap) in zip(group, greedy(model, [prompt for _, prompt in group], end)):
            text = encoder.decode(ids, skip_special_tokens=False)
            right = text.endswith(f"</think>\n\n{problem['reference_answer']}<|endoftext|>")
            records.append(dict(custom_id=problem["custom_id"], prompt_ids=prompt, ids=ids, smallest_gap=short(gap), right=right))
    records.sort(key=lambda record: record["custom_id"])
    write_lines(f"greedy-{name}.jsonl", records)
    gaps = sorted(record["smallest_gap"] for record in records)
    print(f"{name}: {sum(record['right'] for record in records)} of {len(records)} right; smallest gaps {gaps[:3]}")


ODD = ["", " ", "  ", "\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", " \n\n ", "\t", "\x00", "\x1b[0m", "\x7f", "\x85", "\xa0",
       "\u2028", "\u3000x", "\ufeff", "\u200d", "e\u0301", "\u00e9", "\u212b", "\ufb01", "İ", "ſ", "'ſ it'S we'LL", "ß", "Ω", "½", "²",
       "٣", "१२", "Ⅳ", "𝟙𝟚", "😀", "👩‍👩‍👧‍👦", "🇩🇪", "한국어", "日本語 テスト", "ภาษาไทย", "עברית", "नमस्ते", "\U0010ffff", "\ue000",
       "What", " What", "what", "WhatWhat", "Whatis", "Subtract", "Sub", "Substract", " borrowed", "lefty", "Bringing",
       "12 345", "a1b2", "1,000.5", "5*41=5+200=205.\n\n", "x.\n\ny", "?\n", " ?\n\n", "...\r\n\n", "don't", "DON'T", "'s't're've'm'll'd",
       "<|endoftext|>", "<|User|>", "<|Assistant|>", "<think>", "</think>", "<|user|>", "<|User|", "<think", "</think>>",
       "<<think>>", "<think></think>", "a<|endoftext|>b", "</think>\n\n", "\n\n</think>\n\n5", " <think> ", "<|User|><|User|>",
       "<|im_start|>user", "e<think>\u0301", "<|Assistant|><think>\n2 digits", "\u0301</think>\u0301"]


def task_texts():
    for problem in problems()[:60]:
        yield problem["prompt"]
        yield render(problem["prompt"])
    encoder = tokenizer()
    with open(os.path.join(OUT, "greedy-llm.jsonl"), encoding="ascii") as file:
        for _, line in zip(range(20), file):
            yield encoder.decode(json.loads(line)["ids"], skip_special_tokens=False)


def random_texts(count):
    """Random mixtures of odd pieces, task words, added tokens and code points of every plane."""
    rng = random.Random("tokenizer golden")
    pieces = ODD + ["5", "41", "=", "+", ", ones ", "left ", "\n\n", " ", "to", " then"]
    for _ in range(count):
        parts = []
        for _ in range(rng.randrange(1, 12)):
            code = rng.choice([rng.randrange(0x20), rng.randrange(0x80, 0x800), rng.randrange(0x800, 0xd800),
                               rng.randrange(0xe000, 0x10000), rng.randrange(0x10000, 0x20000)])
            parts.append(rng.choice(pieces) if rng.random() < 0.7 or unicodedata.category(chr(code)) == "Cn" else chr(code))
        yield "".join(parts)


def write_tokenizer():
    encoder, records = tokenizer(), []
    for text in dict.fromkeys([*ODD, *task_texts(), *random_texts(120)]):
        ids = encoder.encode(text, add_special_tokens=False).ids
        records.append(dict(text=text, ids=ids, decoded=encoder.decode(ids, skip_special_tokens=False)))
    write_lines("tokenizer.jsonl", records)
    print(f"{len(records)} strings")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    writers = {"logits": write_logits, "greedy-slm": lambda: write_greedy("slm"),
               "greedy-llm": lambda: write_greedy("llm"), "tokenizer": write_tokenizer}
    parser.add_argument("--only", nargs="+", choices=writers, default=list(writers), help="parts to write")
    os.makedirs(OUT, exist_ok=True)
    for part in parser.parse_args().only:
        writers[part]()


if __name__ == "__main__":
    main()
