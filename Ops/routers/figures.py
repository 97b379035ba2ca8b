"""Figures as a JSON file, with no more digits than they deserve. Not a program."""
import json
import math


def rounded(value):
    if isinstance(value, dict):
        return {str(key): rounded(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    return value


def write_figures(path, figures):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(rounded(figures), file, indent=1)
        file.write("\n")
