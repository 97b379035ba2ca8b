#!/usr/bin/env python3
"""Writes blocks of random bytes and what gguf.quants.dequantize makes of them.

usage: make.py [--out DIR] [--blocks N] [--seed S]

Writes DIR/blocks.json: per format the blocks and the float32 elements as hexadecimal, little-endian. Scales are any
finite half-precision numbers, subnormals included.
Needs: pip install gguf==0.19.0
"""
import argparse, json, pathlib
import numpy as np
from gguf import GGMLQuantizationType, quants

# offsets of the half-precision numbers in a block
FORMATS = {"q8_0": ("Q8_0", [0], 24), "q4_0": ("Q4_0", [0], 24), "q4_K": ("Q4_K", [0, 2], 3), "q6_K": ("Q6_K", [208], 3),
           "q4_1": ("Q4_1", [0, 2], 24), "q5_0": ("Q5_0", [0], 24), "q5_1": ("Q5_1", [0, 2], 24),
           "q5_K": ("Q5_K", [0, 2], 3)}


def make(name, count, random):
    kind, halves, default = FORMATS[name]
    kind = GGMLQuantizationType[kind]
    size = quants._type_traits[kind].type_size
    blocks = random.integers(0, 256, (count or default, size), dtype=np.uint8)
    for at in halves:
        scales = random.integers(0, 0x7C00, len(blocks), dtype=np.uint16)
        scales[0] &= 0x3FF
        scales |= random.integers(0, 2, len(blocks), dtype=np.uint16) << 15
        blocks[:, at : at + 2] = scales.astype("<u2").view(np.uint8).reshape(-1, 2)
    floats = quants.dequantize(blocks, kind).astype("<f4")
    return {"blocks": blocks.tobytes().hex(), "floats": floats.tobytes().hex()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    parser.add_argument("--blocks", type=int, default=0, help="blocks per format")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    golden = {name: make(name, arguments.blocks, random) for name in FORMATS}
    (arguments.out / "blocks.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
