"""CTC loss, forward and backward, against ``F.ctc_loss``: both backends, ragged lengths, and answers compared.

Random posteriors and targets, float32; each implementation gets its inputs in the layout that it likes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.harness import Case, Run, main
from w2v2course.ctc import ctc_loss

AGREE = 1e-5  # relative, losses and logit gradients against float64


def inputs(B: int, T: int, S: int, C: int, ragged: bool = False) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Logits (B, T, C), targets (B, S), and how much of each row is real."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(B, T, C, generator=generator)
    targets = torch.randint(1, C, (B, S), generator=generator)
    share = torch.linspace(0.5, 1.0, B) if ragged else torch.ones(B)
    return logits, targets, (share * T).long(), (share * S).long()


def build(backend: str, B: int, T: int, S: int, C: int, ragged: bool = False) -> tuple[Run, Run]:
    logits, *rest = inputs(B, T, S, C, ragged)
    mine = logits.log_softmax(-1).requires_grad_()
    theirs = logits.log_softmax(-1).transpose(0, 1).contiguous().requires_grad_()

    def ours() -> Tensor:
        mine.grad = None
        ctc_loss(mine, *rest, reduction="sum", backend=backend).backward()
        return mine.grad

    def peer() -> Tensor:
        theirs.grad = None
        F.ctc_loss(theirs, *rest, reduction="sum").backward()
        return theirs.grad

    few = inputs(2, 20, 3, C)  # compiles, imports
    ctc_loss(few[0].log_softmax(-1).requires_grad_(), *few[1:], backend=backend).backward()
    F.ctc_loss(few[0].log_softmax(-1).transpose(0, 1), *few[1:])
    return ours, peer


def disagreement(backend: str | None, *shape: int | bool) -> float:
    """Largest error of losses and logit gradients, relative to F.ctc_loss in float64; None: F.ctc_loss in float32."""

    def answers(dtype: torch.dtype, own: bool) -> tuple[Tensor, Tensor]:
        logits, *rest = inputs(*shape)
        x = logits.to(dtype).requires_grad_()
        log_probs = x.log_softmax(-1)
        if own:
            losses = ctc_loss(log_probs, *rest, reduction="none", backend=backend)
        else:
            losses = F.ctc_loss(log_probs.transpose(0, 1), *rest, reduction="none")
        losses.sum().backward()
        return losses.detach().double(), x.grad.double()

    pairs = zip(answers(torch.float32, backend is not None), answers(torch.float64, False), strict=True)
    return max(((a - b).abs().max() / b.abs().max()).item() for a, b in pairs)


SHAPES = {  # (B, T, S, C, ragged): least ratio compiled, tensor operations
    (32, 750, 100, 32, False): (5.0, 1.2),
    (16, 1500, 200, 32, False): (6.0, 1.4),
    (8, 750, 100, 32, False): (4.0, None),
    (1, 750, 100, 32, False): (3.0, None),
    (32, 750, 100, 32, True): (None, None),
}


def cases() -> list[Case]:
    made = []
    for place, (backend, factor) in enumerate((("compiled", 1.2), ("torch", 1.4))):
        for shape, bars in SHAPES.items():
            B, T, S, C, ragged = shape
            name = f"{backend} B={B} T={T} S={S} C={C}{' ragged' if ragged else ''}"
            promised = bars[place] is not None
            made.append(
                Case(
                    name,
                    lambda backend=backend, shape=shape: build(backend, *shape),
                    bars[place],
                    (factor, 0.0) if promised else None,
                )
            )
    return made


if __name__ == "__main__":
    for shape in SHAPES:
        errors = {name: disagreement(backend, *shape) for name, backend in
                  (("compiled", "compiled"), ("torch", "torch"), ("F.ctc_loss", None))}  # fmt: skip
        print(shape, "error against float64:", ", ".join(f"{name} {error:.1e}" for name, error in errors.items()))
        assert max(errors["compiled"], errors["torch"]) < AGREE
    main(__file__)
