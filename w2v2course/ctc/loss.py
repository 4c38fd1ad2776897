"""CTC's loss for training (chapters `trellis` and `learning`): one meaning, two ways to compute it."""

import math
from importlib.util import find_spec
from types import ModuleType

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction, FunctionCtx

from w2v2course.ctc import batched
from w2v2course.ctc.arguments import check_log_probs, numba_compiles, on_float64_device, pad_targets
from w2v2course.lengths import check_lengths

BACKENDS = ("auto", "torch", "compiled")
REDUCTIONS = ("none", "mean", "sum")


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | None,
    target_lengths: Tensor | None,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
    backend: str = "auto",
) -> Tensor:
    """Minus the log-probability of the targets, all their alignments summed (chapters `trellis` and `learning`).

    It means what ``F.ctc_loss`` means, with the batch first; but its gradient is the true one with respect to
    ``log_probs``, ``d loss / d log_probs[b, t, c] = −P(class c in frame t | target)``, where that of ``F.ctc_loss`` is
    larger by ``exp(log_probs)``, which a log-softmax below it takes away again. So gradients with respect to logits
    are equal.

    Args:
        log_probs: (B, T, C), natural log-probabilities of each frame's classes; −inf is allowed. float16 and bfloat16
            are computed in float32, everything inside in float64.
        targets: labels, int32 or int64 (or smaller), padded (B, S), or concatenated (sum of target_lengths,).
        input_lengths: (B,), real frames of each row; None: all. What stands past them is not looked at.
        target_lengths: (B,), real labels of each row, 0 included; None: all of padded targets.
        blank: the class that stands for no label.
        reduction: "none": a loss for each row; "sum"; "mean": each loss over its number of labels (at least 1), then
            the mean of the batch.
        zero_infinity: count losses of targets that no path can say as zero instead of inf.
        backend: "torch": tensor operations on any device; "compiled": loops compiled by numba, CPU only; "auto":
            compiled where it can be (not where NUMBA_DISABLE_JIT is set).

    Returns:
        (B,) for "none", else a tensor without axes; in the dtype of log_probs (float32 for half precision). A target
        that needs more frames than there are, or a class of probability zero, has loss inf and gradient zero.

    Raises:
        TypeError, ValueError: an argument is not as said above; a target holds the blank or what is no class.
        ModuleNotFoundError: backend="compiled" without numba.
        NotImplementedError: a second derivative is asked for.

    Source: Graves et al. (2006), equations 5 to 16.
    """
    check_log_probs(log_probs, blank)
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction must be one of {', '.join(REDUCTIONS)}, but is {reduction!r}")
    B, T, C = log_probs.shape  # utterances, frames, classes
    device = log_probs.device
    targets, target_lengths = pad_targets(targets, target_lengths, B, C, blank, device)
    input_lengths = check_lengths(input_lengths, B, T, device, name="input_lengths")
    if input_lengths is None:
        input_lengths = torch.full((B,), T, device=device)
    if log_probs.dtype in (torch.float16, torch.bfloat16):
        log_probs = log_probs.float()
    method = choose_backend(backend, device)

    losses = _CTC.apply(log_probs, targets, input_lengths, target_lengths, blank, method)
    if zero_infinity:
        losses = torch.where(losses == math.inf, torch.zeros_like(losses), losses)
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else (losses / target_lengths.clamp(min=1)).mean()


def choose_backend(backend: str, device: torch.device) -> str:
    """Which of "torch" and "compiled" to use.

    Raises:
        ValueError: no such backend, or "compiled" for a tensor that is not on the CPU.
        ModuleNotFoundError: "compiled" without numba.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, but is {backend!r}")
    if backend == "compiled":
        if device.type != "cpu":
            raise ValueError(f'backend="compiled" runs on the CPU, but log_probs are on {device}; use backend="torch"')
        if find_spec("numba") is None:
            raise ModuleNotFoundError('backend="compiled" needs numba: pip install numba, or use "torch"')
    if backend == "auto":
        return "compiled" if device.type == "cpu" and numba_compiles() else "torch"
    return backend


class _CTC(torch.autograd.Function):
    """Losses of a batch, (B,). The gradient comes out of the same sweep, so it is made at once and kept."""

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        log_probs: Tensor,
        targets: Tensor,
        input_lengths: Tensor,
        target_lengths: Tensor,
        blank: int,
        method: str,
    ) -> Tensor:
        B, T, _ = log_probs.shape
        if B == 0 or T == 0:  # no frame: only an empty target can be said
            ctx.save_for_backward(log_probs, torch.zeros_like(log_probs))
            return log_probs.new_zeros(B).masked_fill(target_lengths > 0, math.inf)
        level: ModuleType = batched
        if method == "compiled":
            from w2v2course.ctc import compiled as level
        arguments = (log_probs.detach(), targets, input_lengths, target_lengths)
        losses, gradient = level.losses_and_gradients(*map(on_float64_device, arguments), blank)
        ctx.save_for_backward(log_probs, gradient.to(log_probs.device))
        return losses.to(log_probs)

    @staticmethod
    def backward(ctx: BackwardCFunction, grad_output: Tensor) -> tuple[Tensor, None, None, None, None, None]:
        return _Weighted.apply(*ctx.saved_tensors, grad_output), None, None, None, None, None


class _Weighted(torch.autograd.Function):
    """Each row of the gradient times what comes from above. It depends on log_probs, but how is not told: refused."""

    @staticmethod
    def forward(ctx: FunctionCtx, log_probs: Tensor, gradient: Tensor, grad_output: Tensor) -> Tensor:
        if gradient.device.type == "cpu":  # NumPy works alone: waking PyTorch's threads may take longer than the work
            return torch.from_numpy(gradient.numpy() * grad_output.numpy()[:, None, None])
        return gradient * grad_output[:, None, None]

    @staticmethod
    def backward(ctx: FunctionCtx, grad_output: Tensor) -> tuple[Tensor, None, None]:
        raise NotImplementedError(
            "ctc_loss has no second derivative here; differentiate once, or use ctc_loss_by_enumeration on tiny inputs"
        )
