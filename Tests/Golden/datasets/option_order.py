#!/usr/bin/env python3
"""Prints the orders in which the options of some questions are shown; DatasetTests holds the result.

usage: option_order.py

Independent of the Swift code: XXH64 comes from the package xxhash, SplitMix64 and the shuffle are written anew.
"""
import xxhash

MASK = (1 << 64) - 1


def draws(state):
    while True:
        state = state + 0x9E3779B97F4A7C15 & MASK
        z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        yield z ^ z >> 31


def order(count, name):
    source = draws(xxhash.xxh64(name.encode(), seed=0).intdigest())
    result = list(range(count))
    for last in range(count - 1, 0, -1):
        other = next(source) * (last + 1) >> 64
        result[last], result[other] = result[other], result[last]
    return result


for name in ["rec06pnAkLOr2t2mp", "rec0", "rec1", "rec2", "question 42", "é"]:
    print(f'("{name}", {order(4, name)}),')
