#!/usr/bin/env python3
"""Writes the tokenizer that both models share: tokenizer.json and tokenizer_config.json.

usage: make_tokenizer.py --out slm llm

Byte-level BPE in the form of Qwen3: the same normaliser, the same split expression, the same kinds of
added tokens, so that any program that reads Qwen3 tokenizers reads this one. Merges are not learned but
listed: they spell the words of the task, each from its first letter on, and the blank line. A digit is
always one token. Steps end in a digit or a word, so that no token joins the blank line with other text.

Needs tokenizers.
"""
import argparse
import json
import os

import task

QWEN_SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
              r"|\s*[\r\n]+|\s+(?!\S)|\s+")
WORDS = ["\n\n", "What", " is", " /", " ?", " digits", " make", " then", " none", "Subtract", " ones", " borrow",
         " tens", " left", "Bring", " down", " to", " r"]
ADDED = [(task.END, True), (task.USER, True), (task.ASSISTANT, True), (task.THINK, False), (task.END_THINK, False)]
CONTEXT = 2048
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{%- if message['role'] == 'user' %}{{- '<|User|>' + message['content'] }}"
    "{%- elif message['role'] == 'assistant' %}{{- '<|Assistant|>' + message['content'] + '<|endoftext|>' }}"
    "{%- else %}{{- message['content'] }}{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|Assistant|><think>\\n' }}{%- endif %}")


def byte_alphabet():
    """The printable stand-in of every byte, in byte order, as in GPT-2."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(spare)) for byte in range(256)]


def vocabulary():
    """(token -> id, merges): the 256 bytes, then every prefix of every word in order."""
    alphabet = byte_alphabet()
    vocab = {letter: number for number, letter in enumerate(alphabet)}
    merges = []
    for word in WORDS:
        letters = [alphabet[byte] for byte in word.encode()]
        for end in range(1, len(letters)):
            left, right = "".join(letters[:end]), letters[end]
            if left + right not in vocab:
                vocab[left + right] = len(vocab)
                merges.append((left, right))
    return vocab, merges


def build():
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    vocab, merges = vocabulary()
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    for text, special in ADDED:
        token = AddedToken(text, special=special, normalized=False)
        (tokenizer.add_special_tokens if special else tokenizer.add_tokens)([token])
    for word in WORDS:
        assert len(tokenizer.encode(word).ids) == 1, f"{word!r} is not one token"
    return tokenizer


def write(folder):
    os.makedirs(folder, exist_ok=True)
    tokenizer = build()
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    settings = dict(
        tokenizer_class="PreTrainedTokenizerFast", bos_token=None, eos_token=task.END, pad_token=task.END,
        unk_token=None, add_bos_token=False, model_max_length=CONTEXT, clean_up_tokenization_spaces=False,
        added_tokens_decoder={str(tokenizer.token_to_id(text)): dict(
            content=text, lstrip=False, normalized=False, rstrip=False, single_word=False, special=special)
            for text, special in ADDED},
        chat_template=CHAT_TEMPLATE)
    with open(os.path.join(folder, "tokenizer_config.json"), "w", encoding="utf-8") as file:
        json.dump(settings, file, indent=2)
        file.write("\n")
    return tokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", nargs="+", required=True, help="folders to write to")
    for folder in parser.parse_args().out:
        print(f"{folder}: {write(folder).get_vocab_size()} tokens")


if __name__ == "__main__":
    main()
