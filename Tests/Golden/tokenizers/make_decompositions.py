#!/usr/bin/env python3
"""Writes Sources/Tokenization/CanonicalDecompositionTable.swift: the canonical decompositions that Hugging Face
tokenizers know (those of Unicode 9), and which of them compose again.

usage: make_decompositions.py FILE.swift        Needs: pip install tokenizers==0.23.3
"""
import sys, unicodedata
from tokenizers import normalizers

NFC, NFD = normalizers.NFC(), normalizers.NFD()
entries = []
for point in range(0x110000):
    if 0xD800 <= point < 0xE000 or 0xAC00 <= point < 0xD7A4:
        continue
    character = chr(point)
    mapping = unicodedata.decomposition(character)
    if not mapping or mapping.startswith("<") or NFD.normalize_str(character) == character:
        continue
    composes = NFC.normalize_str(character) == character
    parts = [point] + [int(part, 16) for part in mapping.split()]
    entries.append(("" if composes else "!") + " ".join(format(part, "X") for part in parts))
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write('''/// Canonical decompositions of Unicode 9: a scalar and the one or two it is made of, in hexadecimal, separated by
/// semicolons. A scalar behind an exclamation mark is taken apart but never put together again.
///
/// Source: the Unicode Character Database. Written by Tests/Golden/tokenizers/make_decompositions.py.
let canonicalDecompositionTable = """
''')
    line = "    "
    for entry in entries:
        if len(line) + len(entry) + 1 > 118:
            file.write(line + "\\\n")
            line = "    "
        line += entry + ";"
    file.write(line + '\n    """\n')
