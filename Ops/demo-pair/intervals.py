"""Intervals and curves for evaluate.py: Wilson, AUROC, bootstrap by problem. Not a program."""
import math

import numpy as np

Z95 = 1.959964


def wilson(successes, count):
    """95 % interval of a share."""
    share = successes / count
    middle = share + Z95 ** 2 / (2 * count)
    half = Z95 * math.sqrt(share * (1 - share) / count + Z95 ** 2 / (4 * count ** 2))
    scale = 1 + Z95 ** 2 / count
    return (middle - half) / scale, (middle + half) / scale


def paired_difference(first, second):
    """Mean of first - second over the same problems, with a 95 % normal interval."""
    gap = np.asarray(first, float) - np.asarray(second, float)
    half = Z95 * gap.std(ddof=1) / math.sqrt(len(gap))
    return float(gap.mean()), float(gap.mean() - half), float(gap.mean() + half)


def ranks(values):
    """Ranks from 1, ties sharing their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return (last - (counts - 1) / 2)[place]


def auroc(signal, wrong):
    """Chance that a wrong step has a higher signal than a right one; ties count half."""
    positives = int(wrong.sum())
    negatives = len(wrong) - positives
    if not positives or not negatives:
        return float("nan")
    return float((ranks(signal)[wrong].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def auroc_with_interval(signal, wrong, problem, rounds, seed):
    """AUROC and its 95 % bootstrap interval; whole problems are drawn, since steps of one problem are
    not independent."""
    signal, wrong, problem = np.asarray(signal), np.asarray(wrong, bool), np.asarray(problem)
    members = [np.flatnonzero(problem == number) for number in np.unique(problem)]
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(rounds):
        chosen = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        draws.append(auroc(signal[chosen], wrong[chosen]))
    low, high = np.nanpercentile(draws, [2.5, 97.5]) if rounds else (float("nan"),) * 2
    return dict(auroc=auroc(signal, wrong), low=float(low), high=float(high))
