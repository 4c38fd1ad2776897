"""What goes through the pipe comes out the same, and what was not packed raises one error only."""

import json
import struct

import numpy as np
import pytest
import torch

from w2v2course.exercises.fixtures import double
from w2v2course.exercises.plain import Array, Foreign, Raised
from w2v2course.grading import wire


def round_trip(value):
    text, tensors = wire.pack(value)
    (out,) = wire.Frames(1 << 20).add(wire.frame(text, tensors))
    return wire.unpack(*out)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 0, -1, 10**125 + 7, -(10**5000), 0.1, -0.0, float("inf"), "", "ε", "\ud800"),
        *([], (), [1, [2.5, ("a", None)]], range(3, 30, 3), Foreign("a set", "sort it"), Raised("E", "why", "line 3")),
        double,
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_comes_back_as_it_was(value):
    back = round_trip(value)
    assert back == value and type(back) is type(value)
    assert str(back)[:3] == str(value)[:3] if isinstance(value, float) else True


def test_nan_and_tensors_of_every_kind_come_back():
    assert np.isnan(round_trip(float("nan")))
    for tensor in (
        torch.tensor(3.5),
        torch.arange(6).reshape(2, 3).T,
        torch.zeros(0, 4, dtype=torch.bool),
        torch.ones(2, dtype=torch.bfloat16),
        torch.ones(3, requires_grad=True),
    ):
        back = round_trip([tensor, tensor])
        assert all(torch.equal(one, tensor) and one.dtype == tensor.dtype for one in back)
    array = round_trip(Array(np.array(2.0), "float32"))
    assert array.dtype == "float32" and array.values.shape == () and array.values == 2.0
    assert np.array_equal(round_trip(np.eye(3)), np.eye(3))


def test_what_cannot_be_sent_is_named():
    with pytest.raises(TypeError, match="a set cannot be sent"):
        wire.pack([{1}])
    with pytest.raises(TypeError, match=r"a function of w2v2course\.exercises\.fixtures"):
        wire.pack(lambda x: x)


@pytest.mark.parametrize(
    "text",
    [
        *(
            None,
            3,
            {},
            [],
            ["int"],
            ["int", 3],
            ["int", "x"],
            ["int", "1", "2"],
            ["tensor", "0"],
            ["fixture", "system"],
        ),
        *(["list", [3]], ["constant", 7], ["array", "0", "float32"], ["pickle", "gASV"], ["float", "much"]),
        json.loads('["list", [' * 40 + "]]" * 40),
    ],
)
def test_what_was_not_packed_raises_one_error(text):
    with pytest.raises(ValueError, match="no value"):
        wire.unpack(text)
    with pytest.raises(ValueError, match="no value"):
        wire.unpack(text, b"\x08\x00\x00\x00\x00\x00\x00\x00{}      " + b"junk")


def test_frames_come_in_pieces_and_too_large_ones_are_refused():
    data = wire.frame({"a": 1}) + wire.frame([2], b"xyz")
    frames = wire.Frames(100)
    assert [out for i in range(len(data)) for out in frames.add(data[i : i + 1])] == [({"a": 1}, b""), ([2], b"xyz")]
    both = frames.add(data + b"\xff" * 1000)
    assert [next(both), next(both)] == [({"a": 1}, b""), ([2], b"xyz")]  # in time, whatever came with them
    with pytest.raises(wire.BadFrame, match="too large"):
        next(both)
    for lengths in ((101, 0), (2, 401), (2**64 - 1, 2**64 - 1)):
        with pytest.raises(wire.BadFrame, match="too large"):
            list(wire.Frames(100).add(struct.pack("<QQ", *lengths)))
    for junk in (b"\xff\xff", b"[" * 100, b"{", b"9" * 5000):
        with pytest.raises(wire.BadFrame, match="no JSON"):
            list(wire.Frames(1 << 20).add(struct.pack("<QQ", len(junk), 0) + junk))
