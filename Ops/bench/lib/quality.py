"""How far 8-bit arithmetic moves the logits, ours and the peer's, on the same file. Not a program.

Reference: the same file with its weights widened to float32 and every product in float32 (our precision `exact`, which
the tests compare with transformers).
"""
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from programs import ProgramFailed

PROMPTS, TOKENS = 8, 32


def quality_figures(bench):
    """Yields figure, ours, peer: the mean |Δlogit| over the vocabulary and the prompts."""
    for preset in bench.arguments.models:
        for kind in ("q8_0", "q4_0"):
            name = f"quality-{kind}" + ("" if preset == "qwen3-0.6b" else f"-{preset}")
            if bench.wanted(name):
                try:
                    yield name, *differences(bench, preset, kind)
                except ProgramFailed as failure:
                    print(f"       {name} left out: {failure}", file=sys.stderr)


def differences(bench, preset, kind):
    path = bench.arguments.checkpoints / preset / f"{kind}.gguf"
    peer = bench.start_peer(preset, kind)
    generator = random.Random(1)
    # Ids of ordinary tokens: every preset has that many.
    prompts = [",".join(str(generator.randrange(256, 4000)) for _ in range(TOKENS)) for _ in range(PROMPTS)]
    with tempfile.TemporaryDirectory() as folder:
        def ours(precision):
            file = Path(folder) / precision
            command = [bench.arguments.glimpq, "models", "forward", str(path), "--precision", precision, "--threads",
                       str(bench.arguments.threads), "--logits", str(file)]
            for prompt in prompts:
                command += ["--ids", prompt]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if done.returncode != 0:
                raise ProgramFailed(done.stderr.strip())
            return np.fromfile(file, dtype="<f4")
        try:
            for prompt in prompts:
                peer.ask(f"logits ids={prompt} file={folder}/peer")
        finally:
            peer.close()
        exact, fast = ours("exact"), ours("fast")
        theirs = np.fromfile(f"{folder}/peer", dtype="<f4")
    return float(np.abs(fast - exact).mean()), float(np.abs(theirs - exact).mean())
