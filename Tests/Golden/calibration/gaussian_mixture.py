#!/usr/bin/env python3
"""Writes gaussian_mixture.json: two-component mixtures that scikit-learn fits to some samples.

usage: gaussian_mixture.py > gaussian_mixture.json

Each fit starts where ours does, from the values below and above some quantiles, and the likeliest end counts.
Needs numpy and scikit-learn.
"""
import json

import numpy as np
from sklearn.mixture import GaussianMixture


def fitted(name, values):
    values = np.sort(np.asarray(values, dtype=np.float64))
    models = []
    for split in [0.25, 0.5, 0.75, 0.9]:
        place = int(split * len(values))
        halves = values[:place], values[place:]
        models.append(GaussianMixture(
            2, covariance_type="full", reg_covar=1e-6, tol=1e-13, max_iter=100_000,
            weights_init=[len(h) / len(values) for h in halves], means_init=[[h.mean()] for h in halves],
            precisions_init=[[[1 / (h.var() + 1e-6)]] for h in halves]).fit(values[:, None]))
    model = max(models, key=lambda m: m.score(values[:, None]))
    order = np.argsort(model.means_[:, 0])
    at = np.quantile(values, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
    return {
        "name": name, "values": values.tolist(), "weights": model.weights_[order].tolist(),
        "means": model.means_[order, 0].tolist(), "variances": model.covariances_[order, 0, 0].tolist(),
        "mean_log_likelihood": float(model.score(values[:, None])), "at": at.tolist(),
        "posteriors": model.predict_proba(at[:, None])[:, order[1]].tolist()}


rng = np.random.default_rng(7)
samples = {
    "well apart": np.r_[rng.normal(-5, 1, 120), rng.normal(0, 0.5, 60)],
    "overlapping": np.r_[rng.normal(0, 1, 150), rng.normal(1.8, 0.7, 100)],
    "logarithms of entropies": np.log(np.maximum(np.r_[rng.gamma(0.3, 0.1, 200), rng.gamma(4, 0.3, 90)], 1e-6)),
    "few": rng.normal(0, 1, 16),
    "one component far rarer": np.r_[rng.normal(0, 1, 190), rng.normal(6, 0.4, 10)],
}
print(json.dumps([fitted(name, values) for name, values in samples.items()], indent=1))
