#!/usr/bin/env python3
"""Writes math_pairs.json: what math-verify says about the pairs of reference and answer in math_pairs.txt.

usage: math_pairs.py [FILE.txt] > math_pairs.json

Each line of the file is a reference, a tab, and an answer, which is put into a box unless it has one or is a sentence.
Both are read as math-verify reads gold and prediction. Needs math-verify 0.9.0 (with latex2sympy2_extended).
"""
import json
import os
import sys

from math_verify import parse, verify


def boxed(text):
    isSentence = "boxed" in text or "answer" in text.lower()
    return text if isSentence else "\\boxed{" + text + "}"


path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "math_pairs.txt")
pairs = []
for line in open(path, encoding="utf-8"):
    reference, answer = line.rstrip("\n").split("\t")
    answer = boxed(answer)
    verdict = bool(verify(parse(boxed(reference)), parse(answer)))
    pairs.append({"reference": reference, "answer": answer, "expected": verdict})
print("[\n" + ",\n".join(json.dumps(pair, ensure_ascii=False) for pair in pairs) + "\n]")
