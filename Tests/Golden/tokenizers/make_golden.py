#!/usr/bin/env python3
"""Trains three small tokenizers with Hugging Face tokenizers and writes what they make of many strings.

usage: make_golden.py [--out DIR] [--count N] [--seed S] [--keep-tokenizers]

Writes DIR/<family>.json (tokenizer.json of qwen, llama, demo), DIR/<family>.gguf (qwen and llama in the metadata of a
GGUF file around a model of no consequence; without the token that is matched after normalisation, which the format
cannot tell), DIR/strings.json (the strings) and DIR/<family>.ids
(per string one line of ids with added tokens matched; after a blank line, for the strings that spell an added token,
one line "index: ids" with matching off, taken from a copy of the tokenizer that has no added tokens).
More strings than the committed ones, from another seed:
  make_golden.py --out DIR --count 100000 --seed 2 && GLIMPQ_TOKENIZER_GOLDEN=DIR swift test --filter 'GoldenTests|EmbeddedTokenizer'
Needs: pip install tokenizers==0.23.3 gguf==0.19.0
"""
import argparse, json, os, random, unicodedata
import pydoc_data.topics as topics
import gguf
import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|NUMBERS| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
# (content, special, normalized)
ADDED = {
    "qwen": [("<|endoftext|>", True, False), ("<|im_start|>", True, False), ("<|im_end|>", True, False),
             ("<think>", False, False), ("</think>", False, False), ("<think", False, False),
             ("<caf\u0065\u0301>", False, True)],
    "llama": [("<|begin_of_text|>", True, False), ("<|end_of_text|>", True, False),
              ("<|start_header_id|>", True, False), ("<|end_header_id|>", True, False), ("<|eot_id|>", True, False)],
    "demo": [("<|endoftext|>", True, False), ("<|User|>", True, False), ("<|Assistant|>", True, False),
             ("<think>", False, False), ("</think>", False, False)],
}
NUMBERS = {"qwen": r"\p{N}", "llama": r"\p{N}{1,3}", "demo": r" ?\p{N}"}
SIZE = {"qwen": 2200, "llama": 2200, "demo": 400}
SENTENCES = [
    "Ärger über Größe: naïve café — “quoted” … 12345 67 €", "深度学习模型 语言 处理 数据,语言模型很大。", "日本語のテキストを、ひらがなとカタカナで。",
    "한국어 문장도 하나 있습니다. 값은 42입니다.", "Привет, мир! Сколько будет 2+2?", "שלום עולם, מה שלומך?", "مرحبا بالعالم، كيف حالك؟",
    "नमस्ते दुनिया, यह हिन्दी है।", "Γειά σου Κόσμε", "ภาษาไทยไม่มีช่องว่าง", "Tiếng Việt có nhiều dấu thanh", "İstanbul'da ılık rüzgâr",
    "import numpy as np\n\tdef f(x):\n\t\treturn x ** 2  # square\n", "for (int i = 0; i < n; ++i) { a[i] += b[i]; }\r\n",
    "SELECT id FROM job WHERE state = 'ready' FOR UPDATE SKIP LOCKED;", "∑_{k=1}^n k = n(n+1)/2, ∀ε>0 ∃δ>0", r"\frac{a}{b} \boxed{42}",
    "I'm sure they'll say it's what we've done; he'd know, you're right, don't.", "I'M SURE THEY'LL SAY IT'S",
    "Subtract 228 - 205 , ones 8 - 5 = 3 , tens 2 - 0 = 2 , left 23\n\n5 times 41 is 205\n\n", "👍🏽 👩‍👩‍👧‍👦 🇩🇪 🎉🎉 ❤️",
]
SPACES = [" ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r", "\v", "\f", "\x85", "\u00a0", "\u1680", "\u2003", "\u2028", "\u2029",
          "\u202f", "\u205f", "\u3000", "\u200b", "\ufeff", "\x1c", "\x1f", "\u180e"]
MARKS = ["\u0301", "\u0308", "\u0323", "\u0344", "\u0327", "\u0338", "\u0345", "\u3099", "\u1161", "\u11a8", "\u094d", "\u09be", "\u200d"]
ODD = ["\u017f", "'\u017f", "'\u212a", "ﬆ", "'ſt", "ß", "Å", "\u212b", "\u1112\u1161\u11ab", "\u0958", "\u2126", "Ⅷ", "½", "²", "٣", "๓", "𝟘", "𝒜",
       "\u01c5", "\u02b0", "ª", "_", "\x00", "\x01", "\x7f", "\u0600", "\ufffd", "\U0010ffff", "\ue000", "\U000105d2\u0307", "\u1c89",
       "\U00010940", "\ua7ce", "\U00010041\u0323", "e\u07fd\u0323\u0301", "e\u0898\u0323", "\u0f71\u0f72\u0f74", "\u0f73\u0323", "\u0f81",
       "\uac00\u11a8\u11a8", "\u1100\u1161\u0323\u11a8", "\u2adc", "\ufb1d\u05b7", "\U0002f800", "'", "''", "'S", "'LL", "'Ve", "'r", "'rE", "’s"]


def corpus():
    return list(topics.topics.values()) + SENTENCES * 3


def train(family):
    t = Tokenizer(models.BPE(byte_fallback=False, ignore_merges=family == "llama"))
    if family != "llama":
        t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT.replace("NUMBERS", NUMBERS[family])), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(corpus(), trainers.BpeTrainer(
        vocab_size=SIZE[family], show_progress=False, min_frequency=1,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), special_tokens=[]))
    for content, special, normalized in ADDED[family]:
        token = AddedToken(content, special=special, normalized=normalized)
        (t.add_special_tokens if special else t.add_tokens)([token])
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    document = json.loads(t.to_str())
    if family == "llama":  # the older spelling, and words that only ignore_merges reaches
        merges = [m if isinstance(m, str) else " ".join(m) for m in document["model"]["merges"]]
        document["model"]["merges"] = [m for i, m in enumerate(merges) if i % 10 or i < 300]
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def strings(count, seed):
    rng = random.Random(seed)
    added = sorted({c for family in ADDED.values() for c, _, _ in family})
    words = [w for s in corpus() for w in s.split()]
    out = [""] + SPACES + MARKS + ODD + added + SENTENCES

    def scalar():
        while True:
            c = rng.choice([0x80, 0x300, 0x3000, 0x10000, 0x20000, 0x110000])
            c = rng.randrange(c)
            if not 0xD800 <= c < 0xE000:
                return chr(c)

    makers = [
        lambda: rng.choice(words), lambda: rng.choice(words) + " ", lambda: rng.choice(SPACES), lambda: rng.choice(SPACES) * rng.randrange(4),
        lambda: rng.choice(MARKS), lambda: rng.choice(ODD), lambda: rng.choice(added), lambda: scalar(),
        lambda: str(rng.randrange(10 ** rng.randrange(1, 9))), lambda: " " + str(rng.randrange(100)),
        lambda: rng.choice("+-*/=<>()[]{}.,;:!?'\"_|\\#$%&@^~`") * rng.randrange(1, 4),
        lambda: rng.choice(words).upper(), lambda: bytes(rng.randrange(256) for _ in range(6)).decode("utf-8", "replace"),
        lambda: (lambda s: s[:rng.randrange(len(s) + 1)])(rng.choice(SENTENCES)),
        lambda: unicodedata.normalize(rng.choice(["NFD", "NFKD", "NFC"]), rng.choice(SENTENCES))[:20],
        lambda: rng.choice(added)[:rng.randrange(1, 12)],
        lambda: rng.choice(SPACES + ODD + list("aZ7.'<é数\u0301")) * rng.randrange(1, 70),
        lambda: bytes(rng.randrange(256) for _ in range(rng.randrange(60))).decode("utf-8", "replace"),
        lambda: rng.choice("eoaᄀ가अ\u0f71ß") + "".join(rng.choice(MARKS) for _ in range(rng.randrange(1, 9))),
        lambda: "".join(scalar() for _ in range(rng.randrange(20))),
    ]
    while len(out) < count:
        out.append("".join(rng.choice(makers)() for _ in range(rng.randrange(1, 6))))
    return out[:count]


def write_ids(family, path_json, path_ids, texts):
    matching = Tokenizer.from_file(path_json)
    plain_document = json.load(open(path_json, encoding="utf-8"))
    plain_document["added_tokens"] = []
    plain = Tokenizer.from_str(json.dumps(plain_document))
    contents = [unicodedata.normalize("NFC", c) for c, _, _ in ADDED[family]]
    with open(path_ids, "w", encoding="utf-8") as f:
        for ids in (e.ids for e in matching.encode_batch(texts, add_special_tokens=False)):
            f.write(" ".join(map(str, ids)) + "\n")
        f.write("\n")
        for index, text in enumerate(texts):
            if any(c in unicodedata.normalize("NFC", text) for c in contents):
                f.write(f"{index}: " + " ".join(map(str, plain.encode(text, add_special_tokens=False).ids)) + "\n")


def write_gguf(family, path_json, path_gguf):
    document = json.load(open(path_json, encoding="utf-8"))
    spelled = {token: (content, 1) for content, token in document["model"]["vocab"].items()}
    for token in document["added_tokens"]:
        kind = 5 if token["normalized"] else 3 if token["special"] else 4
        spelled[token["id"]] = (token["content"], kind)
    rows = max(spelled) + 4  # the embedding is padded
    arch = "llama" if family == "llama" else "qwen2"
    w = gguf.GGUFWriter(path_gguf, arch)
    w.add_context_length(64)
    w.add_embedding_length(2)
    w.add_block_count(1)
    w.add_feed_forward_length(1)
    w.add_head_count(1)
    w.add_layer_norm_rms_eps(1e-6)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("llama-bpe" if family == "llama" else "qwen2")
    w.add_token_list([spelled.get(i, (f"[PAD{i}]", 5))[0] for i in range(rows)])
    w.add_token_types([spelled.get(i, ("", 5))[1] for i in range(rows)])
    w.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in document["model"]["merges"]])
    shapes = {"token_embd.weight": (rows, 2), "output_norm.weight": (2,), "blk.0.attn_norm.weight": (2,),
              "blk.0.ffn_norm.weight": (2,), "blk.0.ffn_gate.weight": (1, 2), "blk.0.ffn_up.weight": (1, 2),
              "blk.0.ffn_down.weight": (2, 1)}
    for part in ("q", "k", "v", "output"):
        shapes[f"blk.0.attn_{part}.weight"] = (2, 2)
        if arch == "qwen2" and part != "output":
            shapes[f"blk.0.attn_{part}.bias"] = (2,)
    for name, shape in shapes.items():
        w.add_tensor(name, np.zeros(shape, np.float16 if len(shape) > 1 else np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep-tokenizers", action="store_true", help="use the tokenizers that lie in DIR")
    args = parser.parse_args()
    texts = strings(args.count, args.seed)
    with open(os.path.join(args.out, "strings.json"), "w", encoding="utf-8") as f:
        json.dump(texts, f, ensure_ascii=True, separators=(",\n", ":"))
    for family in ADDED:
        path = os.path.join(args.out, family + ".json")
        if not args.keep_tokenizers:
            with open(path, "w", encoding="utf-8") as f:
                f.write(train(family))
        write_ids(family, path, os.path.join(args.out, family + ".ids"), texts)
        if family != "demo":
            write_gguf(family, path, os.path.join(args.out, family + ".gguf"))


if __name__ == "__main__":
    main()
