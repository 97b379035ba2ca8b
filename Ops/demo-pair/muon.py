"""Muon: momentum whose matrix updates are made (nearly) orthogonal, after Keller Jordan's description.

Not a program: imported by train.py. Matrices of equal shape are updated together, as one batch.
"""
from collections import defaultdict

import torch

# Coefficients of the quintic Newton-Schulz iteration, chosen for slope at zero rather than for accuracy:
# singular values end up somewhere in 0.7..1.2, which is all that the update needs.
QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrices, rounds):
    """matrices: n, rows, columns. Singular values to about one, singular vectors kept."""
    a, b, c = QUINTIC
    flat = matrices.shape[1] <= matrices.shape[2]
    x = matrices if flat else matrices.transpose(1, 2)
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(rounds):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if flat else x.transpose(1, 2)


class Muon(torch.optim.Optimizer):
    def __init__(self, matrices, lr=0.02, momentum=0.95, rounds=4):
        super().__init__(matrices, dict(lr=lr, momentum=momentum, rounds=rounds))
        self.by_shape = defaultdict(list)
        for group in self.param_groups:
            for weight in group["params"]:
                self.by_shape[weight.shape].append(weight)

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        for (rows, columns), weights in self.by_shape.items():
            updates = []
            for weight in weights:
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight)
                state["momentum"].mul_(group["momentum"]).add_(weight.grad)
                updates.append(weight.grad + group["momentum"] * state["momentum"])
            updates = orthogonalise(torch.stack(updates), group["rounds"]) * max(1, rows / columns) ** 0.5
            torch._foreach_add_(weights, list(updates.unbind()), alpha=-group["lr"])
