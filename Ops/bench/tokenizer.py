#!/usr/bin/env python3
"""Makes texts and a large vocabulary, times Hugging Face tokenizers on one thread, compares. See Ops/bench/tokenizer.

usage: tokenizer.py make FOLDER MEGABYTES
       tokenizer.py compare FOLDER ROUNDS TIMING-PROGRAM MACHINE
"""
import json, os, random, subprocess, sys, time
import pydoc_data.topics as topics

os.environ["TOKENIZERS_PARALLELISM"] = "false"
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
SIZE = 151_643  # of Qwen's vocabulary
FOREIGN = ["Ärger über Größe: naïve café — “quoted” … 12345 67 €. ", "深度学习模型 语言 处理 数据,语言模型很大。", "Привет, мир! Сколько будет 2+2? ",
           "한국어 문장도 하나 있습니다. 값은 42입니다. ", "नमस्ते दुनिया, यह हिन्दी है। ", "Tiếng Việt có nhiều dấu thanh. ", "cafe\u0301 de\u0301ja\u0300 "]


def repeated(parts, size, rng):
    """Parts in random order until there are so many bytes."""
    out, length = [], 0
    while length < size:
        part = rng.choice(parts)
        out.append(part)
        length += len(part.encode())
    return "".join(out)


def texts(size):
    rng = random.Random(1)
    prose = [p + "\n\n" for t in topics.topics.values() for p in t.split("\n\n")]
    letters = [rng.choice("etaoinshrdlu") for _ in range(size)]
    yield "prose", repeated(prose, size, rng)
    yield "foreign", repeated(FOREIGN, size, rng)
    yield "no-spaces", "".join(letters)
    yield "spaces", " " * size
    yield "one-letter", "a" * size
    yield "digits", "7" * size
    yield "newlines", "\n" * size
    yield "angles", "<|" * (size // 2)


def tokenizer(numbers):
    """Trained merges first, then made-up ones until the vocabulary is as large as a real one."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    t = Tokenizer(models.BPE(byte_fallback=False))
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT.replace(r"|\p{N}|", f"|{numbers}|")), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    corpus = list(topics.topics.values()) + FOREIGN * 3 + ["a" * 64, " " * 64, "<|" * 32]
    t.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=30_000, show_progress=False, min_frequency=1,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), special_tokens=[]))
    document = json.loads(t.to_str())
    vocabulary, merges = document["model"]["vocab"], document["model"]["merges"]
    rng, words = random.Random(2), list(vocabulary)
    while len(vocabulary) < SIZE:
        left, right = rng.choice(words), rng.choice(words)
        if left + right not in vocabulary and len(left + right) < 24:
            vocabulary[left + right] = len(vocabulary)
            merges.append([left, right])
    t = Tokenizer.from_str(json.dumps(document))
    t.add_special_tokens([AddedToken(f"<|{name}|>", normalized=False) for name in
                          ["endoftext", "im_start", "im_end"] + [f"reserved_{i}" for i in range(20)]])
    return t


def make(folder, megabytes):
    for name, text in texts(megabytes << 20):
        with open(os.path.join(folder, name + ".txt"), "w", encoding="utf-8", newline="") as file:
            file.write(text)
    for name, numbers in (("qwen", r"\p{N}"), ("llama", r"\p{N}{1,3}")):
        tokenizer(numbers).save(os.path.join(folder, name + ".json"))


def fastest(rounds, body):
    seconds = []
    for _ in range(rounds):
        begin = time.perf_counter()
        result = body()
        seconds.append(time.perf_counter() - begin)
    return min(seconds), result


def checksum(ids):
    value = 0xCBF29CE484222325
    for i in ids:
        value = (value ^ i) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def compare(folder, rounds, program, machine):
    from tokenizers import Tokenizer
    names = sorted(f[:-4] for f in os.listdir(folder) if f.endswith(".txt"))
    paths = [os.path.join(folder, name + ".txt") for name in names]
    status = 0

    def figure(name, ours, peer, unit, ratio):
        print(json.dumps({"bench": "tokenizer", "figure": name, "ours": round(ours, 3), "peer": round(peer, 3),
                          "ratio": round(ratio, 3), "unit": unit, "machine": machine}), flush=True)

    for family in ("qwen", "llama"):
        path = os.path.join(folder, family + ".json")
        lines = subprocess.run([program, path, str(rounds), *paths], check=True, capture_output=True, text=True).stdout.split("\n")
        load, peer = fastest(rounds, lambda: Tokenizer.from_file(path))
        ours = float(lines[0])
        figure(f"tokenizer-load-{family}", 1e3 * ours, 1e3 * load, "ms", load / ours)
        for name, text_path, line in zip(names, paths, lines[1:]):
            with open(text_path, encoding="utf-8", newline="") as file:
                text = file.read()
            seconds, count, ids_checksum = line.split()
            theirs, encoding = fastest(rounds, lambda: peer.encode(text, add_special_tokens=False))
            size = len(text.encode()) / 1e6
            figure(f"tokenizer-encode-{family}-{name}", size / float(seconds), size / theirs, "MB/s", theirs / float(seconds))
            ids = encoding.ids
            if int(count) != len(ids) or int(ids_checksum) != checksum(ids):
                print(f"{family}, {name}: other ids than Hugging Face tokenizers", file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(compare(sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]))
