"""Which frames are real (used by every chapter): the one validator, and padding masks.

A batch of clips is padded to its longest. Everywhere in this package ``lengths`` says how many leading
frames (or samples) of each row are real; everything after them is padding.
"""

from typing import overload

import torch
from torch import Tensor

INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def check_frames(x: Tensor, name: str = "x", dim: int | None = None, parameter: Tensor | None = None) -> None:
    """Require a batch of frame vectors.

    Args:
        x: what was given; should be a floating ``(B, T, D)`` tensor.
        name: how the caller's argument is called, for the message.
        dim: the width D that the caller needs, if it needs one.
        parameter: one of the caller's own weights, if it has any: x must share its device, and its dtype unless
            autocast is on.

    Raises:
        TypeError: not a tensor, or not of a floating dtype.
        ValueError: not three axes, another width than ``dim``, or another device or dtype than ``parameter``.
    """
    check_floating(x, name)
    if x.ndim != 3:
        raise ValueError(
            f"{name} must have three axes (B, T, D), but its shape is {tuple(x.shape)}; "
            f"for a single clip, add the batch axis with {name}[None]"
        )
    if dim is not None and x.shape[-1] != dim:
        raise ValueError(
            f"{name} must have width D = {dim}, but its shape is {tuple(x.shape)}; project it to {dim} channels first"
        )
    if parameter is not None:
        check_alike(x, parameter, name)


def check_alike(x: Tensor, parameter: Tensor, name: str) -> None:
    """Require x on the device of a module's parameter, and in its dtype unless autocast is on.

    Raises:
        ValueError: it is not.
    """
    if x.device != parameter.device:
        raise ValueError(
            f"{name} is on {x.device} and the module on {parameter.device}; move one of them with .to(device)"
        )
    if x.dtype != parameter.dtype and autocast_dtype(x.device) is None:
        raise ValueError(f"{name} is {x.dtype} and the module {parameter.dtype}; convert one of them with .to(dtype)")


def autocast_dtype(device: torch.device) -> torch.dtype | None:
    """What autocast computes in on this device, or None where it is off (or unknown, as on ``meta``)."""
    if torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type):
        return torch.get_autocast_dtype(device.type)
    return None


def check_floating(x: Tensor, name: str) -> None:
    """Require a tensor of floating numbers.

    Raises:
        TypeError: not a tensor, or not of a floating dtype.
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} must be a tensor, but is a {type(x).__name__}; wrap it with torch.as_tensor")
    if not x.is_floating_point():
        raise TypeError(
            f"{name} must hold floating numbers, but its dtype is {x.dtype}; convert it with {name}.float()"
        )


@overload
def check_lengths(
    lengths: Tensor,
    batch: int,
    longest: int,
    device: torch.device,
    *,
    name: str = ...,
    unit: str = ...,
    least: int = ...,
) -> Tensor: ...
@overload
def check_lengths(
    lengths: Tensor | None,
    batch: int,
    longest: int,
    device: torch.device,
    *,
    name: str = ...,
    unit: str = ...,
    least: int = ...,
) -> Tensor | None: ...
def check_lengths(
    lengths: Tensor | None,
    batch: int,
    longest: int,
    device: torch.device,
    *,
    name: str = "lengths",
    unit: str = "frames",
    least: int = 0,
) -> Tensor | None:
    """Validate ``lengths`` once a public call (one synchronisation; values are not looked at on ``meta``).

    Args:
        lengths: integers of shape (B,), or None for 'all real'.
        batch: B, the rows that the caller has.
        longest: T, the frames (or samples) that each row holds, padding included.
        device: where the caller's tensor lies.
        name, unit: the argument and what it counts, for the message.
        least: the smallest length that the caller can use.

    Returns:
        The lengths as int64, shape (B,); None stays None. It is a new tensor over the same memory that carries what was
        found, so that the modules inside a module which are handed it do not look at its values again.

    Raises:
        TypeError: not a tensor, or not of an integer dtype.
        ValueError: wrong shape or device, or a value outside ``least..longest``.
    """
    if lengths is None:
        return None
    if not isinstance(lengths, Tensor):
        raise TypeError(
            f"{name} must be an integer tensor of shape ({batch},) or None, but is a "
            f"{type(lengths).__name__}; write torch.tensor({name})"
        )
    if lengths.dtype not in INTEGERS:
        raise TypeError(f"{name} must hold integers, but its dtype is {lengths.dtype}; convert it with {name}.long()")
    if lengths.shape != (batch,):
        raise ValueError(
            f"{name} must have shape ({batch},), one number for each row of the batch, "
            f"but its shape is {tuple(lengths.shape)}"
        )
    if lengths.device != device:
        raise ValueError(
            f"{name} is on {lengths.device} and the data on {device}; move it with {name}.to({str(device)!r})"
        )
    found = getattr(lengths, "_found", None)  # lowest, highest and version, from a check further out
    lengths = lengths.long()
    if lengths.is_meta or batch == 0:
        return lengths
    version = None if lengths.is_inference() else lengths._version
    if found is None or found[2] != version:
        lengths = lengths.view_as(
            lengths
        )  # the caller's own tensor is left unmarked: it may change before the next call
        found = (*torch.stack(torch.aminmax(lengths)).tolist(), version)
        vars(lengths)["_found"] = found
    low, high, _ = found
    if low < least:
        row = int(lengths.argmin())
        raise ValueError(f"{name}[{row}] is {low}, but must be at least {least}: it counts real {unit}")
    if high > longest:
        row = int(lengths.argmax())
        raise ValueError(
            f"{name}[{row}] is {high}, but the row holds only {longest} {unit}; "
            f"count {unit} after padding, not before any resampling or striding"
        )
    return lengths


def padding_mask(lengths: Tensor, longest: int) -> Tensor:
    """Where padding stands.

    Args:
        lengths: int64, shape (B,).
        longest: T.

    Returns:
        Boolean, shape (B, T): True where a frame is padding.
    """
    return torch.arange(longest, device=lengths.device) >= lengths[:, None]
