#!/usr/bin/env python3
"""Prints interval ends for IntervalsTests: ranks of quantiles by scipy's binomial distribution, and Wilson's interval.

usage: intervals.py

Needs scipy.
"""
from scipy.stats import binom, binomtest

for share, count in [(0.25, 10), (0.25, 100), (0.25, 1000), (0.05, 59), (0.05, 1000), (0.5, 25), (0.9, 20000)]:
    # Place j of a sample sorted from the highest down: at least the quantile unless at most j values are above it,
    # at most the quantile unless more than j are.
    shallow = max((j for j in range(count) if binom.cdf(j, count, share) <= 0.025), default=None)
    deep = min((j for j in range(count) if binom.sf(j, count, share) <= 0.025), default=None)
    print(f"({share}, {count}, {'nil' if shallow is None else shallow}, {'nil' if deep is None else deep}),")
for hits, trials in [(0, 10), (3, 10), (50, 200), (200, 200)]:
    interval = binomtest(hits, trials).proportion_ci(0.95, "wilson")
    print(f"({hits}, {trials}, {float(interval.low)}, {float(interval.high)}),")
