"""Whatever a learner's function gives back, as plain data.

A result is converted first and looked at afterwards, so that a tensor subclass, an `__eq__` or a `__class__` that lies
has no say in the comparison. What cannot be converted is named, never raised about.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

DEEPEST, LONGEST = 8, 100_000  # nested sequences: levels, and items a level


@dataclass(frozen=True, eq=False)
class Array:
    """A tensor or an array.

    Attributes:
        values: its numbers, float64, int64 or bool; a copy.
        dtype: what they were, such as ``"float32"``.
    """

    values: np.ndarray
    dtype: str


@dataclass(frozen=True)
class Foreign:
    """What is no plain data.

    Attributes:
        name: a few words for it, such as ``"a generator"``.
        advice: what to do about it, or nothing.
    """

    name: str
    advice: str = ""


@dataclass(frozen=True)
class Raised:
    """What a function raised instead of giving anything back.

    Attributes:
        name: the exception's type, such as ``"ValueError"``.
        message: what it said.
        where: the line of the learner's code, such as ``"line 4: y = x / 0"``, or nothing.
    """

    name: str
    message: str
    where: str = ""


Plain = None | bool | int | float | str | list | Array | Foreign | Raised


def plain(value: object) -> Plain:
    """Plain data for any object; plain data stay as they are.

    Numbers and strings become exactly int, float, bool and str (of any size); tuples, lists and ranges become lists;
    tensors and NumPy arrays become :class:`Array`; everything else :class:`Foreign`. Never raises, except for
    KeyboardInterrupt.
    """
    try:
        return _plain(value, 0)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return Foreign("an object that cannot be looked at")


def _plain(value: object, depth: int) -> Plain:
    kind = type(value)  # never value.__class__, which may lie
    if value is None or kind in (bool, int, float, str):
        return value
    if kind in (Array, Foreign, Raised):
        return value if _is_whole(value) else Foreign("an object that cannot be looked at")
    if issubclass(kind, Tensor):
        return _tensor(value)
    if issubclass(kind, np.ndarray | np.generic):
        return _array(np.array(value, copy=True, subok=False), depth)
    for base, exactly in ((int, int.__pos__), (float, float.__pos__), (str, str.__str__)):
        if issubclass(kind, base):
            return exactly(value)  # a subclass's own methods are not asked
    for base in (list, tuple, range):
        if issubclass(kind, base):
            if depth == DEEPEST or base.__len__(value) > LONGEST:
                return Foreign("a sequence too deep or too long to look at")
            return [_plain(item, depth + 1) for item in base.__iter__(value)]
    return _foreign(value, kind)


def _is_whole(value: Array | Foreign | Raised) -> bool:
    if type(value) is Array:
        return type(value.values) is np.ndarray and value.values.dtype.kind in "fib" and type(value.dtype) is str
    return all(type(field) is str for field in vars(value).values())


def _tensor(value: Tensor) -> Plain:
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        if type(value) is not Tensor:
            value = Tensor.as_subclass(value, Tensor)
        value = value.detach()
        if value.is_meta:
            return Foreign("a tensor without values (device meta)")
        dtype = str(value.dtype).removeprefix("torch.")
        if value.is_complex():
            return Foreign("a tensor of complex numbers", "real numbers are asked for")
        value = (value if value.layout is torch.strided else value.to_dense()).cpu()
        width = torch.bool if dtype == "bool" else torch.float64 if value.is_floating_point() else torch.int64
        return Array(value.to(width).resolve_neg().numpy().copy(), dtype)


def _array(values: np.ndarray, depth: int) -> Plain:
    width = {"f": np.float64, "i": np.int64, "u": np.int64, "b": np.bool_}.get(values.dtype.kind)
    if width is not None:
        return Array(values.astype(width), str(values.dtype))
    if values.dtype.kind in "OU":
        return _plain(values.tolist(), depth + 1)
    return Foreign(f"an array of {values.dtype}", "real numbers are asked for")


def _foreign(value: object, kind: type) -> Foreign:
    name = type.__dict__["__name__"].__get__(kind)
    if name == "generator":
        return Foreign("a generator", "list(…) makes a list of it")
    if name in ("function", "builtin_function_or_method", "method"):
        return Foreign("a function", "forgot the brackets of a call?")
    if name in ("set", "frozenset"):
        return Foreign("a set", "its order is lost; keep a list")
    return Foreign(f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name[:60]}")


def fresh(value: object) -> object:
    """A copy of an exercise's argument that can be written to without harm: tensors, arrays and sequences copied."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(fresh(item) for item in value)
    return value


def attempt(function: Callable, arguments: tuple) -> Plain:
    """Run a trusted function (a reference, a mistake) on copies of the arguments: its value, or what it raised."""
    try:
        return plain(function(*(fresh(argument) for argument in arguments)))
    except Exception as error:
        return Raised(type(error).__name__, str(error))
