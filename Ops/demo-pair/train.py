#!/usr/bin/env python3
"""Trains one model of the demo pair from scratch on the task's training split.

usage: train.py --shape slm48 --tokens 10e6 --decay-tokens 5e6 --documents 8 --seed 1 --out RUN
       train.py --shape llm128 --tokens 25e6 --decay-tokens 10e6 --documents 16 --seed 2 --out RUN

Warm-up, constant rate, then a linear decay over the last --decay-tokens. Batch number n is drawn from
(seed, n) alone and the rate before the decay does not depend on --tokens, so a run may be resumed from
RUN/latest.pt with a larger or smaller --tokens and ends with the weights that one run in one go would
have given (on the same kind of machine with one thread). --out-name sets the name of the final file, so
that a short decay can be branched off a long run.

Writes RUN/latest.pt every --save-tokens, RUN/<out-name>.pt at the end and one line of progress per
--log-steps to standard output. Needs torch and tokenizers.
"""
import argparse
import os
import random
import tempfile
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F

import make_tokenizer
import task
from model import SHAPES, Qwen3, Shape, shape_record
from muon import Muon

FINAL_RATE = 0.02


class Documents:
    """Batches of training documents, drawn on the fly. The documents of one batch have the same number
    of quotient digits, and so nearly the same length."""

    def __init__(self, seed, count):
        self.seed, self.count = seed, count
        self.tokenizer = make_tokenizer.build()
        self.pad = self.tokenizer.token_to_id(task.END)

    def batch(self, number):
        """(ids, wanted): ids are count x positions; wanted marks the ids that bear a loss."""
        rng = random.Random(f"train/{self.seed}/{number}")
        digits = rng.choice(task.QUOTIENT_DIGITS)
        problems = [task.draw_problem(rng, "train", digits) for _ in range(self.count)]
        prompts = [len(text.ids) for text in self.tokenizer.encode_batch([task.prompt(*p) for p in problems])]
        texts = self.tokenizer.encode_batch([task.prompt(*p) + task.solution(*p) for p in problems])
        longest = max(len(text.ids) for text in texts)
        ids = torch.full((self.count, longest), self.pad)
        wanted = torch.zeros((self.count, longest), dtype=torch.bool)
        for row, (start, text) in enumerate(zip(prompts, texts)):
            ids[row, :len(text.ids)] = torch.tensor(text.ids)
            wanted[row, start:len(text.ids)] = True
        return ids, wanted


def share_gradients(parameters):
    """Sums the gradients of all processes."""
    flat = torch.cat([weight.grad.flatten() for weight in parameters])
    dist.all_reduce(flat)
    for weight, part in zip(parameters, flat.split([weight.numel() for weight in parameters])):
        weight.grad.copy_(part.view_as(weight))


def rate(tokens, step, arguments):
    """The learning rate as a share of its peak."""
    warm = min(1, (step + 1) / arguments.warm_steps)
    left = (arguments.tokens - tokens) / arguments.decay_tokens
    return warm * max(FINAL_RATE, min(1, FINAL_RATE + (1 - FINAL_RATE) * left))


def save(path, model, optimizers, progress):
    record = dict(shape=shape_record(model.shape), vocab=model.model.embed_tokens.num_embeddings,
                  weights=model.state_dict(), optimizers=[o.state_dict() for o in optimizers], **progress)
    torch.save(record, path + ".part")
    os.replace(path + ".part", path)


def train(rank, arguments, meeting_point):
    torch.set_num_threads(1)
    if arguments.processes > 1:
        dist.init_process_group("gloo", init_method=f"file://{meeting_point}", rank=rank, world_size=arguments.processes)
    say = print if rank == 0 else (lambda *_, **__: None)
    os.makedirs(arguments.out, exist_ok=True)
    latest = os.path.join(arguments.out, "latest.pt")
    documents = Documents(arguments.seed, arguments.documents)
    model = Qwen3(SHAPES[arguments.shape], documents.tokenizer.get_vocab_size())
    model.initialise(torch.Generator().manual_seed(arguments.seed))
    matrices = [w for n, w in model.named_parameters() if w.dim() == 2 and "embed" not in n]
    others = [w for n, w in model.named_parameters() if w.dim() < 2 or "embed" in n]
    peaks = [arguments.muon_rate, arguments.adam_rate]
    optimizers = [Muon(matrices, lr=peaks[0]), torch.optim.AdamW(others, lr=peaks[1], betas=(0.9, 0.98), weight_decay=0)]
    progress = dict(step=0, tokens=0, seconds=0.0, seed=arguments.seed)
    resume = arguments.resume or latest
    if os.path.exists(resume):
        record = torch.load(resume, weights_only=True)
        assert Shape(**record["shape"]) == model.shape and record["seed"] == arguments.seed
        model.load_state_dict(record["weights"])
        for optimizer, state in zip(optimizers, record["optimizers"]):
            optimizer.load_state_dict(state)
        progress.update({key: record[key] for key in progress})
    say(f"{arguments.shape}: {model.parameter_count()} parameters, {progress}", flush=True)

    saved, mark, losses = progress["tokens"], time.process_time(), []
    while progress["tokens"] < arguments.tokens:
        ids, wanted = documents.batch(progress["step"])
        share = rate(progress["tokens"], progress["step"], arguments)
        mine = slice(rank, None, arguments.processes)
        logits = model(ids[mine, :-1], keep=wanted[mine, 1:])
        loss = F.cross_entropy(logits, ids[mine, 1:][wanted[mine, 1:]], reduction="sum") / wanted[:, 1:].sum()
        loss.backward()
        if arguments.processes > 1:
            share_gradients([*matrices, *others])
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        for optimizer, peak in zip(optimizers, peaks):
            for group in optimizer.param_groups:
                group["lr"] = peak * share
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item() * arguments.processes)
        progress["step"] += 1
        progress["tokens"] += ids.numel()
        if progress["step"] % arguments.log_steps == 0:
            now = time.process_time()
            progress["seconds"] += now - mark
            mark = now
            say(f"step {progress['step']} tokens {progress['tokens'] / 1e6:.2f}M cpu {progress['seconds']:.0f}s "
                f"rate {share:.3f} loss {sum(losses) / len(losses):.5f}", flush=True)
            losses = []
        if rank == 0 and progress["tokens"] - saved >= arguments.save_tokens:
            saved = progress["tokens"]
            save(os.path.join(arguments.out, arguments.latest_name + ".pt"), model, optimizers, progress)
    progress["seconds"] += time.process_time() - mark
    if rank == 0:
        save(os.path.join(arguments.out, arguments.out_name + ".pt"), model, optimizers, progress)
    say(f"done: {progress}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tokens = lambda text: int(float(text))
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--out", required=True, help="folder of the run, outside the checkout")
    parser.add_argument("--out-name", default="final")
    parser.add_argument("--latest-name", default="latest", help="name of the running checkpoint")
    parser.add_argument("--resume", help="checkpoint to go on from (default: OUT/latest.pt if there is one)")
    parser.add_argument("--tokens", type=tokens, required=True, help="prompt, solution and padding tokens in all")
    parser.add_argument("--decay-tokens", type=tokens, required=True)
    parser.add_argument("--save-tokens", type=tokens, default=1_000_000)
    parser.add_argument("--documents", type=int, required=True, help="documents per step")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--muon-rate", type=float, default=0.02)
    parser.add_argument("--adam-rate", type=float, default=3e-3)
    parser.add_argument("--warm-steps", type=int, default=50)
    parser.add_argument("--log-steps", type=int, default=50)
    parser.add_argument("--processes", type=int, default=1, help="processes that share the documents of a step")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options = (arguments, os.path.join(folder, "meeting-point"))
        if arguments.processes == 1:
            train(0, *options)
        else:
            torch.multiprocessing.spawn(train, options, nprocs=arguments.processes)


if __name__ == "__main__":
    main()
