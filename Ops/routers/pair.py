"""The demo pair as the routers see it: its models, its tokenizer, the ids that give a solution its form.
Not a program."""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PAIR = os.path.join(HERE, "..", "demo-pair")
if PAIR not in sys.path:
    sys.path.insert(0, PAIR)

import task  # noqa: E402
from model import load_folder  # noqa: E402
from stepping import Marks  # noqa: E402


class Pair:
    """Both models (bf16 weights computed in f32), their tokenizer and its marks."""

    def __init__(self, slm="slm", llm="llm"):
        from tokenizers import Tokenizer
        self.tokenizer = Tokenizer.from_file(os.path.join(folder(slm), "tokenizer.json"))
        self.marks = Marks(self.tokenizer)
        self.slm, self.llm = load_folder(folder(slm)), load_folder(folder(llm))

    def encode(self, text):
        return self.tokenizer.encode(text).ids

    def prompts(self, problems):
        return [text.ids for text in self.tokenizer.encode_batch([task.prompt(*p) for p in problems])]


def folder(name):
    """A folder of the demo pair, of the routers, or any path."""
    for parent in (PAIR, HERE):
        if os.path.isdir(os.path.join(parent, name)):
            return os.path.join(parent, name)
    return name


def read_problems(path, count=None):
    """(dividend, divisor) of the lines of a file that task.py wrote."""
    with open(path, encoding="utf-8") as file:
        prompts = [json.loads(line)["prompt"] for line in file]
    return [tuple(map(int, re.findall(r"\d+", prompt))) for prompt in prompts[:count]]


def fingerprint(name):
    """What glimpq calls a checkpoint's fingerprint: FNV-1a with 64 bits over config.json, the header of the
    weights file and its length. It tells shapes apart, not weights."""
    with open(os.path.join(folder(name), "config.json"), "rb") as file:
        config = file.read()
    with open(os.path.join(folder(name), "model.safetensors"), "rb") as file:
        weights = file.read()
    header = weights[8:8 + int.from_bytes(weights[:8], "little")]
    state = 0xCBF29CE484222325
    for byte in config + header + len(weights).to_bytes(8, "little"):
        state = (state ^ byte) * 0x100000001B3 % 2 ** 64
    return f"{state:016x}"
