"""Values as bytes: tagged JSON beside safetensors, in frames that begin with their lengths. Never a pickle.

A frame is two lengths (little-endian, 8 bytes each), JSON, and tensors as a safetensors file, which may be empty.
A value is a list that begins with a tag; integers are written in hexadecimal, so that they are exact at any size.
"""

import json
import struct
from collections.abc import Iterator

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

from w2v2course.exercises.fixtures import FIXTURES, name_of
from w2v2course.exercises.plain import Array, Foreign, Raised

LENGTHS = struct.Struct("<QQ")
DEEPEST = 16


def frame(head: object, tensors: bytes = b"") -> bytes:
    """One frame from what JSON can say and the bytes of a safetensors file."""
    text = json.dumps(head).encode()
    return LENGTHS.pack(len(text), len(tensors)) + text + tensors


class BadFrame(ValueError):
    """What came is no frame, or is larger than allowed."""


class Frames:
    """Cuts what comes through a pipe into frames.

    Args:
        message: most bytes of a frame's JSON; its tensors may have four times as many.
    """

    def __init__(self, message: int):
        self._message = message
        self._bytes = bytearray()

    def add(self, data: bytes) -> Iterator[tuple[object, bytes]]:
        """The frames that are whole now, one by one: those before a bad one come all the same.

        Raises:
            BadFrame: a length is larger than allowed, or there is no JSON where JSON should be.
        """
        self._bytes += data
        while len(self._bytes) >= LENGTHS.size:
            text, tensors = LENGTHS.unpack_from(self._bytes)
            if text > self._message or tensors > 4 * self._message:
                raise BadFrame(f"a frame of {text} + {tensors} bytes is too large")
            end = LENGTHS.size + text + tensors
            if len(self._bytes) < end:
                return
            head, rest = bytes(self._bytes[LENGTHS.size : LENGTHS.size + text]), bytes(self._bytes[end - tensors : end])
            del self._bytes[:end]
            yield read_json(head), rest


def read_json(text: bytes | str) -> object:
    """What a JSON text says.

    Raises:
        BadFrame: it says nothing, or nests too deeply.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"no JSON: {type(error).__name__}") from None


def pack(values: object) -> tuple[object, bytes]:
    """Values of an exercise, or plain ones, as JSON and tensors.

    Args:
        values: what `w2v2course.exercises` hands to functions and gets from them: None, numbers, strings, lists,
            tuples, ranges, tensors, arrays, fixtures, and `plain` values.

    Raises:
        TypeError: a value of another kind.
    """
    tensors: dict[str, Tensor] = {}
    text = _encode(values, tensors)
    return text, save(tensors) if tensors else b""


def unpack(text: object, data: bytes = b"") -> object:
    """What :func:`pack` packed.

    Raises:
        ValueError: this was not made by :func:`pack`.
    """
    try:
        return _decode(text, load(data) if data else {}, 0)
    except Exception as error:  # safetensors, torch and Python each have their own for bad data
        raise ValueError(f"no value: {type(error).__name__}") from None


def _encode(value: object, tensors: dict[str, Tensor]) -> list:
    if value is None or isinstance(value, bool):
        return ["constant", value]
    if isinstance(value, int):
        return ["int", f"{value:x}"]
    if isinstance(value, float):
        return ["float", value.hex()]
    if isinstance(value, str):
        return ["str", value]
    if isinstance(value, range):
        return ["range", *(f"{part:x}" for part in (value.start, value.stop, value.step))]
    if isinstance(value, list | tuple):
        return ["list" if isinstance(value, list) else "tuple", [_encode(item, tensors) for item in value]]
    if isinstance(value, Array):
        return [
            "array",
            _keep(torch.from_numpy(np.ascontiguousarray(value.values)), tensors, value.values.shape),
            value.dtype,
        ]
    if isinstance(value, Foreign):
        return ["foreign", value.name, value.advice]
    if isinstance(value, Raised):
        return ["raised", value.name, value.message, value.where]
    if isinstance(value, Tensor):
        return ["tensor", _keep(value.detach().contiguous(), tensors, value.shape)]
    if isinstance(value, np.ndarray):
        return ["numpy", _keep(torch.from_numpy(np.ascontiguousarray(value)), tensors, value.shape)]
    name = name_of(value) if callable(value) else None
    if name is not None:
        return ["fixture", name]
    raise TypeError(
        f"a {type(value).__name__} cannot be sent to a function that is graded; use tensors, numbers, strings, "
        "sequences of these, or a function of w2v2course.exercises.fixtures"
    )


def _keep(tensor: Tensor, tensors: dict[str, Tensor], shape: tuple[int, ...]) -> str:
    """Put a tensor beside the JSON; its name. `ascontiguousarray` loses the shape of a 0-dimensional array."""
    name = str(len(tensors))
    tensors[name] = tensor.reshape(shape).clone()  # safetensors refuses two names for one memory
    return name


def _decode(text: object, tensors: dict[str, Tensor], depth: int) -> object:
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if type(text) is not list:
        raise ValueError("a value is a list")
    match text:
        case ["constant", None | bool() as value]:
            return value
        case ["int", str(digits)]:
            return int(digits, 16)
        case ["float", str(digits)]:
            return float.fromhex(digits)
        case ["str", str(words)]:
            return words
        case ["range", str(start), str(stop), str(step)]:
            return range(int(start, 16), int(stop, 16), int(step, 16))
        case ["list", list(items)]:
            return [_decode(item, tensors, depth + 1) for item in items]
        case ["tuple", list(items)]:
            return tuple(_decode(item, tensors, depth + 1) for item in items)
        case ["array", str(name), str(dtype)]:
            values = tensors[name].numpy()
            if values.dtype not in (np.float64, np.int64, np.bool_):
                raise ValueError("an array holds float64, int64 or bool")
            return Array(values, dtype[:40])
        case ["foreign", str(name), str(advice)]:
            return Foreign(name[:200], advice[:200])
        case ["raised", str(name), str(message), str(where)]:
            return Raised(name[:200], message[:400], where[:200])
        case ["tensor", str(name)]:
            return tensors[name]
        case ["numpy", str(name)]:
            return tensors[name].numpy()
        case ["fixture", str(name)]:
            return FIXTURES[name]
    raise ValueError("no such tag")
