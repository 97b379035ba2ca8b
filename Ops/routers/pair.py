"""The demo pair as the routers see it: its models, its tokenizer, the ids that give a solution its form.
Not a program."""
import hashlib
import os
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


def weights_digest(name):
    """SHA-256 of a model's weights file, as model cards name their base."""
    with open(os.path.join(folder(name), "model.safetensors"), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
