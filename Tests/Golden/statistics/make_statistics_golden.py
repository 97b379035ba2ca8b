#!/usr/bin/env python3
"""Golden values of the statistics in Sources/glimpq/Evaluation/Statistics, by scipy and statsmodels.

usage: make_statistics_golden.py > golden.json     (needs numpy, scipy, statsmodels)

The bootstrap's draws are those of the program (Philox4x32-10, written out here), so that intervals agree exactly.
"""
import json
import sys

import numpy as np
from scipy.stats import binomtest, mannwhitneyu
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

MASK = 0xFFFFFFFF


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        a, b = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & MASK, (a >> 32) ^ c3 ^ k1, a & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def draws(seed, count, turn):
    words = [w for n in range((count + 3) // 4) for w in philox((n, turn, 2, 0), (seed & MASK, seed >> 32))]
    return np.array([w * count >> 32 for w in words[:count]])


def wilson():
    cases = [(0, 10), (10, 10), (1, 7), (462, 1000), (936, 1000), (3744, 4000)]
    return [dict(hits=k, trials=n, low=float(low), high=float(high))
            for k, n in cases for low, high in [proportion_confint(k, n, method="wilson")]]


def quantiles(rng):
    cases = []
    for size in (1, 2, 5, 100, 999):
        numbers = np.sort(rng.gamma(2.0, 3.0, size))
        cases.append(dict(numbers=numbers.tolist(), p50=float(np.quantile(numbers, 0.5)),
                          p95=float(np.quantile(numbers, 0.95))))
    return cases


def sign_tests():
    cases = [(0, 0), (1, 0), (5, 1), (12, 12), (40, 61), (300, 220)]
    result = []
    for wins, losses in cases:
        p = binomtest(wins, wins + losses, 0.5).pvalue if wins + losses else 1.0
        other = mcnemar([[3, wins], [losses, 4]], exact=True).pvalue
        assert wins + losses == 0 or abs(min(p, 1) - min(other, 1)) < 1e-9, (wins, losses, p, other)
        result.append(dict(wins=wins, losses=losses, p=float(min(1.0, p))))
    return result


def holm(rng):
    cases = [[0.01], [0.04, 0.01, 0.03], [0.2, 0.2, 0.001, 0.9, 0.04], rng.uniform(0, 0.1, 20).tolist()]
    return [dict(p=case, adjusted=multipletests(case, method="holm")[1].tolist()) for case in cases]


def paired(rng):
    cases = []
    for count, seed in ((1, 1), (7, 3), (50, 2 ** 40 + 5)):
        differences = (rng.integers(0, 5, count) - rng.integers(0, 5, count)) / 4
        means = [float(np.sum(differences[draws(seed, count, r)]) / count) for r in range(200)]
        low, high = np.quantile(means, [0.025, 0.975])
        # What no problem showed: the exact upper bound of a share of which none was seen.
        unseen = proportion_confint(0, count, method="beta")[1]
        if not (differences < 0).any():
            low = min(low, max(differences.mean() - unseen, -1))
        if not (differences > 0).any():
            high = max(high, min(differences.mean() + unseen, 1))
        cases.append(dict(differences=differences.tolist(), seed=seed, rounds=200, mean=float(differences.mean()),
                          low=float(low), high=float(high)))
    return cases


def area(signal, wrong):
    if wrong.all() or not wrong.any():
        return float("nan")
    return float(mannwhitneyu(signal[wrong], signal[~wrong]).statistic / (wrong.sum() * (~wrong).sum()))


def curves(rng):
    cases = []
    for count, problems in ((12, 4), (300, 40)):
        problem = np.sort(rng.integers(0, problems, count))
        signal = np.round(rng.exponential(1.0, count), 1)  # with ties
        wrong = rng.uniform(size=count) < 0.1 + 0.2 * np.minimum(signal, 3)
        names = np.unique(problem)
        values = []
        for turn in range(100):
            rows = np.concatenate([np.flatnonzero(problem == names[i]) for i in draws(9, len(names), turn)])
            values.append(area(signal[rows], wrong[rows]))
        low, high = np.nanquantile(values, [0.025, 0.975])
        cases.append(dict(signal=signal.tolist(), wrong=wrong.tolist(), problem=problem.tolist(), seed=9, rounds=100,
                          area=area(signal, wrong), low=float(low), high=float(high)))
    return cases


def main():
    rng = np.random.default_rng(20)
    golden = dict(wilson=wilson(), quantiles=quantiles(rng), sign_tests=sign_tests(), holm=holm(rng),
                  paired=paired(rng), curves=curves(rng))
    json.dump(golden, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
