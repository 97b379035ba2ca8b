"""Whether a step is right, given the text before it: the verifier of all labels. Not a program.

A step is judged by what it adds, as a grader of "only the last step" would: it is right when it is the step
that the procedure prescribes after the numbers written so far, also when an earlier step was wrong. Where no
right step exists any more (a product larger than what it is taken from, a rest that holds the divisor ten times,
a malformed step before), every step is wrong.
"""
import re

import pair  # noqa: F401
import task

FIRST = re.compile(r"(\d) digits make (\d+), then (\d+)")
PRODUCT = re.compile(r"(\d)\*(\d+)=(\d+)\+(\d+)=(\d+)")
SUBTRACT = re.compile(r"Subtract (\d+)-(\d+), .*, left (\d+)")
BRING = re.compile(r"Bring down (\d) to (\d+), then (\d+|none)")


def expected_step(dividend, divisor, before):
    """The one right next step after the steps in `before` (texts without their blank lines), or None."""
    if not before:
        return task.steps(dividend, divisor)[0]
    last = before[-1]
    if match := PRODUCT.fullmatch(last):
        opened = open_rest(before)
        product = int(match[5])
        return task.subtract(opened[0], product) if opened and product <= opened[0] else None
    if match := SUBTRACT.fullmatch(last):
        opened = open_rest(before)
        if not opened:
            return None
        left, digits = int(match[3]), opened[1]
        if digits == "none":
            return task.END_THINK
        return f"Bring down {digits[0]} to {left * 10 + int(digits[0])}, then {digits[1:] or 'none'}"
    if opened := open_rest([last]):
        digit = opened[0] // divisor
        return task.multiply(digit, divisor) if digit < 10 else None
    return None


def open_rest(steps):
    """(what is divided next, digits not yet used) as the latest step says that states them."""
    for step in reversed(steps):
        if match := FIRST.fullmatch(step) or BRING.fullmatch(step):
            return int(match[2]), match[3]
    return None


def is_right(dividend, divisor, before, step):
    """Whether `step` is the right one after `before`."""
    return step == expected_step(dividend, divisor, before)


if __name__ == "__main__":
    for dividend, divisor in task.distinct_problems("train", 2000, seed=3):
        steps = task.steps(dividend, divisor) + [task.END_THINK]
        for number, step in enumerate(steps):
            assert is_right(dividend, divisor, steps[:number], step), (steps[:number], step)
    print("2000 right solutions are right step by step")
