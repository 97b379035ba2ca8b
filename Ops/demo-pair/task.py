#!/usr/bin/env python3
"""The demo task: schoolbook long division, written out column by column.

usage: task.py problems --split test --count 500 --seed 777 > problems/test-500.jsonl
       task.py problems --split train --count 10 --seed 1 --digits 5
       task.py problems --split test --count 1000 --seed 778 --digits 5 --divisors 12 24 --steps --name hard
       task.py solution 22819 41

`problems` writes one JSON object per line ({"custom_id", "prompt", "reference_answer"}), ready for
`glimpq enqueue`; with --steps also "reference_steps", the texts of the right steps, for `glimpq evaluate`. `solution` prints the one right text for a problem, exactly as the models learn it.

A problem belongs to one split for good: the split follows from a hash of the two numbers, so no
problem of the test or validation split is ever seen in training, whatever the seeds.

Needs only the Python standard library.
"""
import argparse
import hashlib
import json
import random
import sys

DIVISORS = range(12, 100)
QUOTIENT_DIGITS = range(2, 6)
SPLITS = ("train", "validation", "test")
USER, ASSISTANT, THINK, END_THINK, END = "<|User|>", "<|Assistant|>", "<think>", "</think>", "<|endoftext|>"
STEP_END = "\n\n"


def split_of(dividend, divisor):
    """The split of a problem: 1 of 20 is test, 1 of 20 validation, the rest training."""
    digest = hashlib.sha256(f"{dividend}/{divisor}".encode()).digest()
    bucket = int.from_bytes(digest[:4], "big") % 20
    return {0: "test", 1: "validation"}.get(bucket, "train")


def draw_problem(rng, split, digits=None, divisors=DIVISORS):
    """One (dividend, divisor) of the split: the number of quotient digits, the quotient, the divisor
    and the remainder are uniform."""
    while True:
        k = digits or rng.choice(QUOTIENT_DIGITS)
        quotient = rng.randrange(10 ** (k - 1), 10 ** k)
        divisor = rng.choice(divisors)
        dividend = quotient * divisor + rng.randrange(divisor)
        if split_of(dividend, divisor) == split:
            return dividend, divisor


def distinct_problems(split, count, seed, digits=None, divisors=DIVISORS):
    """`count` different problems of the split, the same for the same seed."""
    rng, seen = random.Random(f"{split}/{seed}"), {}
    while len(seen) < count:
        seen.setdefault(draw_problem(rng, split, digits, divisors))
    return list(seen)


def question(dividend, divisor):
    return f"What is {dividend} / {divisor} ?"


def prompt(dividend, divisor):
    """The rendered chat template, up to where the model starts to write."""
    return f"{USER}{question(dividend, divisor)}{ASSISTANT}{THINK}\n"


def answer(dividend, divisor):
    quotient, remainder = divmod(dividend, divisor)
    return f"{quotient} r {remainder}"


def multiply(digit, divisor):
    """A quotient digit and its product by way of ones and tens: `7*48=56+280=336`."""
    ones, tens = digit * (divisor % 10), digit * (divisor // 10) * 10
    return f"{digit}*{divisor}={ones}+{tens}={ones + tens}"


def column(name, top, bottom, borrowed):
    """One column of a subtraction and whether it borrows: `ones 1-5=6 borrow`."""
    value = top - bottom - borrowed
    text = f"{name} {top}-{bottom}{'-1' if borrowed else ''}={value % 10}{' borrow' if value < 0 else ''}"
    return text, int(value < 0)


def subtract(top, bottom):
    ones, borrowed = column("ones", top % 10, bottom % 10, 0)
    tens, _ = column("tens", top // 10 % 10, bottom // 10 % 10, borrowed)
    return f"Subtract {top}-{bottom}, {ones}, {tens}, left {top - bottom}"


def steps(dividend, divisor):
    """The steps of the one right solution, without their separators and without `</think>`. Where a step
    takes a decision (how many digits to start with, which quotient digit), its first token is that decision."""
    digits = str(dividend)
    taken = 2 if int(digits[:2]) >= divisor else 3
    rest = int(digits[:taken])
    written = [f"{taken} digits make {rest}, then {digits[taken:]}"]
    while True:
        digit = rest // divisor
        written += [multiply(digit, divisor), subtract(rest, digit * divisor)]
        rest -= digit * divisor
        if taken == len(digits):
            return written
        rest, taken = rest * 10 + int(digits[taken]), taken + 1
        written.append(f"Bring down {digits[taken - 1]} to {rest}, then {digits[taken:] or 'none'}")


def solution(dividend, divisor):
    """All that a model should write after the prompt."""
    return STEP_END.join(steps(dividend, divisor) + [END_THINK, answer(dividend, divisor)]) + END


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("problems", help="write problems as JSON lines")
    make.add_argument("--split", choices=SPLITS, default="test")
    make.add_argument("--count", type=int, default=500)
    make.add_argument("--seed", type=int, default=777)
    make.add_argument("--digits", type=int, choices=QUOTIENT_DIGITS, help="quotient digits (default: all, uniform)")
    make.add_argument("--divisors", type=int, choices=DIVISORS, nargs=2, metavar=("LOWEST", "HIGHEST"),
                      default=(DIVISORS[0], DIVISORS[-1]), help="range of the divisors (default: all)")
    make.add_argument("--steps", action="store_true", help="write the right steps too")
    make.add_argument("--name", default="div", help="prefix of the custom ids")
    show = commands.add_parser("solution", help="print the text that the models learn for one problem")
    show.add_argument("dividend", type=int)
    show.add_argument("divisor", type=int)
    arguments = parser.parse_args()
    if arguments.command == "solution":
        dividend, divisor = arguments.dividend, arguments.divisor
        if divisor not in DIVISORS or dividend < 10 * divisor:
            parser.error(f"need a divisor from {DIVISORS[0]} to {DIVISORS[-1]} and a quotient of at least 10")
        print(prompt(dividend, divisor) + solution(dividend, divisor))
        return
    divisors = range(arguments.divisors[0], arguments.divisors[1] + 1)
    for number, (dividend, divisor) in enumerate(distinct_problems(
            arguments.split, arguments.count, arguments.seed, arguments.digits, divisors), start=1):
        problem = dict(custom_id=f"{arguments.name}-{number:06d}", prompt=question(dividend, divisor),
                       reference_answer=answer(dividend, divisor))
        if arguments.steps:
            problem["reference_steps"] = steps(dividend, divisor)
        sys.stdout.write(json.dumps(problem, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
