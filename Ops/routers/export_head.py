#!/usr/bin/env python3
"""Writes a head for glimpq: a folder with head.json and head.safetensors (format glimpq-head-1).

usage: export_head.py head.pt --out FOLDER --purpose reward --threshold 0.7 --base demo-llm --base-folder llm

head.pt holds {"shape": the fields of heads.HeadShape, "weights": the state dict of a heads.Head}. The training
programs call save_head themselves; the program is for heads trained elsewhere.
"""
import argparse
import json
import os
from dataclasses import asdict

import torch
from safetensors.torch import load_file, save_file

from heads import Head, HeadShape
from pair import fingerprint

FORMAT = "glimpq-head-1"


def save_head(folder, head, output, threshold, base, purpose):
    """Writes the folder that glimpq reads. base: {"name", "fingerprint"} of the decoder that the head fits."""
    os.makedirs(folder, exist_ok=True)
    record = asdict(head.shape)
    if "logits" not in head.shape.inputs:
        del record["top_logits"], record["logits_width"]
    record = dict(format=FORMAT, **record, activation="gelu", output=output, threshold=threshold, base=base,
                  purpose=purpose, model_card="MODEL_CARD.md")
    with open(os.path.join(folder, "head.json"), "w", encoding="utf-8") as file:
        json.dump(record, file, indent=2)
        file.write("\n")
    weights = {name: weight.detach().float().contiguous() for name, weight in head.state_dict().items()}
    save_file(weights, os.path.join(folder, "head.safetensors"), metadata={"format": "pt"})


def load_head(folder):
    """(head, its record)."""
    with open(os.path.join(folder, "head.json"), encoding="utf-8") as file:
        record = json.load(file)
    names = HeadShape.__dataclass_fields__
    head = Head(HeadShape(**{**{n: record[n] for n in names if n in record}, "inputs": tuple(record["inputs"])}))
    head.load_state_dict(load_file(os.path.join(folder, "head.safetensors")))
    return head.eval(), record


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--out", required=True)
    parser.add_argument("--purpose", choices=("r2r", "r-stitch-plus", "reward"), required=True)
    parser.add_argument("--output", choices=("sigmoid", "linear"), default="sigmoid")
    parser.add_argument("--threshold", type=float, required=True)
    parser.add_argument("--base", required=True, help="name of the decoder in the pool file")
    parser.add_argument("--base-folder", required=True, help="folder of the decoder, for its fingerprint")
    arguments = parser.parse_args()
    record = torch.load(arguments.checkpoint, weights_only=True)
    head = Head(HeadShape(**{**record["shape"], "inputs": tuple(record["shape"]["inputs"])}))
    head.load_state_dict(record["weights"])
    base = dict(name=arguments.base, fingerprint=fingerprint(arguments.base_folder))
    save_head(arguments.out, head, arguments.output, arguments.threshold, base, arguments.purpose)


if __name__ == "__main__":
    main()
