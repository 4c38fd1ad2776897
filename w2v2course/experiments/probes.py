"""Linear probes (chapters `clocks` and `neighbours`): what a straight line can read off a vector, on unseen data."""

import torch
from torch import Tensor


def fit_probe(features: Tensor, targets: Tensor, ridge: float = 1e-2) -> Tensor:
    """Least squares with a constant and a little ridge.

    Args:
        features: (n, D).
        targets: (n,) numbers.
        ridge: added to the diagonal of the normal equations.

    Returns:
        (D + 1,) float64: a weight for each channel, and the constant.

    Raises:
        ValueError: not as many targets as features, or not of these shapes.
    """
    if features.ndim != 2 or targets.shape != features.shape[:1]:
        raise ValueError(
            f"features must be (n, D) and targets (n,), but their shapes are {tuple(features.shape)} and "
            f"{tuple(targets.shape)}"
        )
    x = _with_constant(features)
    return torch.linalg.solve(x.T @ x + ridge * torch.eye(x.shape[1], dtype=x.dtype), x.T @ targets.double())


def explained_variance(probe: Tensor, features: Tensor, targets: Tensor) -> float:
    """R² on data: 1 is perfect, 0 is no better than the mean, below 0 is worse."""
    targets = targets.double()
    residual = _with_constant(features) @ probe - targets
    return 1 - (residual.square().mean() / targets.var(correction=0)).item()


def sign_accuracy(probe: Tensor, features: Tensor, targets: Tensor) -> float:
    """Share of targets (−1 or +1) whose sign the probe gets right."""
    return ((_with_constant(features) @ probe > 0) == (targets > 0)).double().mean().item()


def _with_constant(features: Tensor) -> Tensor:
    features = features.detach().double()
    return torch.cat([features, torch.ones(len(features), 1, dtype=torch.float64)], dim=1)
