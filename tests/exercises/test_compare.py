"""What a teacher says, on literal values; and that a candidate's own classes have no say in it."""

import math

import numpy as np
import pytest
import torch

from w2v2course.exercises.compare import changed, compare, describe
from w2v2course.exercises.plain import Array, Foreign, Raised, fresh, plain
from w2v2course.exercises.specification import Exercise

TABLE = torch.tensor([[-0.5357, 0.25], [1.0, 2.0]])


def reference(T, d):
    return None


EXERCISE = Exercise("positions", (), reference)


def said(expected, got, arguments=(1, 2)):
    found = compare(EXERCISE, arguments, expected, got)
    return found and found.message


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (TABLE, TABLE.double()),
        (TABLE, TABLE.clone().requires_grad_()),
        (TABLE, torch.nn.Parameter(TABLE)),
        (TABLE, TABLE.numpy()),
        (TABLE, TABLE.to_sparse()),
        (TABLE, TABLE + 1e-7),
        (torch.tensor([math.nan, math.inf]), torch.tensor([math.nan, math.inf])),
        (torch.tensor([1, 2]), torch.tensor([1.0, 2.0])),
        (3, 3.0),
        (3, torch.tensor(3)),
        (3, np.int64(3)),
        (0.25, torch.tensor(0.25)),
        (torch.tensor(0.25), 0.25),
        (True, np.bool_(True)),
        (10**125 + 1, 10**125 + 1),
        (-math.inf, -math.inf),
        ([1, 2, 3], (1, 2, 3)),
        ([1, 2, 3], range(1, 4)),
        ([1, 2, 3], torch.tensor([1, 2, 3])),
        ([[1, 2], []], ((1, 2), ())),
        (["a", "b"], ("a", "b")),
        (None, None),
    ],
    ids=str,
)
def test_right_answers_of_any_kind(expected, got):
    assert said(expected, got) is None


@pytest.mark.parametrize(
    ("expected", "got", "message"),
    [
        (TABLE, None, "returned None (forgot return?) (for T=1, d=2)"),
        (torch.zeros(3, 4), torch.zeros(2, 4), "shape: expected (3, 4), got (2, 4) (for T=1, d=2)"),
        (
            torch.zeros(3, 4),
            torch.zeros(4, 3),
            "shape: expected (3, 4), got (4, 3); the same sizes in another order: look at transpose and reshape "
            "(for T=1, d=2)",
        ),
        (TABLE[:1], torch.zeros(1, 2), "T=1, d=2, at (0, 0): expected −0.5357, got 0.0000 (2 of 2 numbers differ)"),
        (TABLE[0], TABLE[0] * torch.tensor([1, 2]),
         "T=1, d=2, at (1,): expected 0.2500, got 0.5000 (1 of 2 numbers differ)"),
        (49, 50, "T=1, d=2: expected 49, got 50"),
        (0.5, 0.50001, "T=1, d=2: expected 0.5, got 0.50001"),
        (0.5, math.inf, "T=1, d=2: expected 0.5000, got inf, from a division by zero or an overflow"),
        (10**20 + 1, 1e20, f"T=1, d=2: expected the exact integer {10**20 + 1:,}, got 1e+20, which is rounded"),
        (10**125, 10**125 + 1, "T=1, d=2: expected 100000000000…000000000000 (126 digits), got "
                               "100000000000…000000000001 (126 digits)"),
        ("cab", "ca", "T=1, d=2: expected 'cab', got 'ca'"),
        (["a", "b"], ["b", "a"], "T=1, d=2, item 0: expected 'a', got 'b' (the same items, in another order)"),
        ([1, 2], [1, 2, 3], "expected a list of 2 items, got a list of 3 items: [1, 2, 3] (for T=1, d=2)"),
        ([[1], [2]], [[1], [3]], "T=1, d=2, item 1, item 0: expected 2, got 3"),
        ([TABLE], [None], "item 0: is None (for T=1, d=2)"),
        (5, "5", "expected a number, got a string: '5' (for T=1, d=2)"),
        (5, [5], "expected a number, got a list of 1 item (for T=1, d=2)"),
        (5, TABLE, "expected a number, got a tensor of shape (2, 2) (for T=1, d=2)"),
        (TABLE, [1, 2], "expected a tensor of shape (2, 2), got a list of 2 items (torch.stack makes a tensor of "
                        "several) (for T=1, d=2)"),
        (TABLE, 3.0, "shape: expected (2, 2), got () (for T=1, d=2)"),
        (TABLE, {"a": 1}, "expected a tensor of shape (2, 2), got a dict (for T=1, d=2)"),
        ([1], (i for i in [1]),
         "expected a list of 1 item, got a generator (list(…) makes a list of it) (for T=1, d=2)"),
        (TABLE, TABLE.sum, "expected a tensor of shape (2, 2), got a function (forgot the brackets of a call?) "
                           "(for T=1, d=2)"),
        (TABLE, TABLE.to("meta"), "expected a tensor of shape (2, 2), got a tensor without values (device meta) "
                                  "(for T=1, d=2)"),
        (TABLE, TABLE * 1j, "expected a tensor of shape (2, 2), got a tensor of complex numbers (real numbers are "
                            "asked for) (for T=1, d=2)"),
        (TABLE > 0, (TABLE > 0).long(), "dtype: expected bool, got int64 (for T=1, d=2)"),
        (TABLE, Raised("ValueError", "no", "line 3, x = y"), "ValueError in line 3, x = y: no (for T=1, d=2)"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_wrong_answers_get_a_sentence(expected, got, message):
    assert said(expected, got) == message


@pytest.mark.parametrize(
    ("argument", "cause"),
    [
        (torch.tensor([-math.inf, 1.0]), "an input holds −inf"),
        (torch.tensor([math.nan, 1.0]), "an input holds NaN where it must not count"),
        (torch.tensor([[2.0, 2.0], [1.0, 3.0]]), "its spread is zero"),
        (torch.tensor([0.0, 1.0]), "an input holds zeros"),
        (torch.tensor([1.0, 2.0]), "0/0, −inf − (−inf)"),
    ],
)
def test_nan_is_counted_and_its_cause_guessed(argument, cause):
    got = TABLE.clone()
    got[1, 0] = math.nan
    message = said(TABLE, got, (argument,))
    assert message.startswith("1 of 4 numbers are NaN, the first at (1, 0): ") and cause in message
    assert said(TABLE, TABLE * math.nan, (argument,)).startswith("every number is NaN: ")
    assert said(1.5, math.nan, (argument,)).startswith("the result is NaN: ")
    lengths = compare(EXERCISE, (argument, torch.tensor([2, 0])), TABLE, got).message
    assert "zero length or count" in lengths


def test_changes_in_place_are_seen():
    before = (torch.ones(2), [1, 2])
    for change in (
        lambda x, y: x.mul_(2),
        lambda x, y: x.unsqueeze_(0),
        lambda x, y: y.append(3),
        lambda x, y: y.reverse(),
    ):
        after = fresh(before)
        change(*after)
        found = changed(EXERCISE, before, after)
        assert found.kind == "changed" and "changed its input" in found.message
    assert changed(EXERCISE, before, fresh(before)) is None


def test_a_call_in_a_few_words():
    assert describe(EXERCISE, (3, torch.zeros(2, 3, 4))) == "T=3, d of shape (2, 3, 4)"
    assert describe(EXERCISE, ([list(range(30))] * 12, 1.5)) == "T of 12 items, d=1.5"
    assert describe(EXERCISE, (len, "CAB")) == "T=len, d='CAB'"
    assert describe(EXERCISE, ([1.5, None], torch.tensor([1, 2]))) == "T=[1.5, None], d=[1, 2]"


class LyingTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.zeros(2, 2)  # whatever is asked

    def numpy(self):
        return TABLE.numpy()

    __eq__ = __ne__ = lambda self, other: True


class LyingInt(int):
    __eq__ = lambda self, other: True  # noqa: E731
    __pos__ = __int__ = __index__ = lambda self: 49
    __hash__ = int.__hash__


class LyingList(list):
    def __iter__(self):
        return iter([1, 2, 3])

    def __len__(self):
        return 3


class Impostor:
    @property
    def __class__(self):
        return torch.Tensor

    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        raise SystemExit


class LyingArray(np.ndarray):
    def __array__(self, *args, **kwargs):
        return TABLE.numpy()


class LyingString(str):
    def __str__(self):
        return "cab"

    __eq__ = lambda self, other: True  # noqa: E731
    __hash__ = str.__hash__


def test_liars_have_no_say():
    zeros = torch.zeros(2, 2)
    assert said(TABLE, zeros.as_subclass(LyingTensor)).startswith("T=1, d=2, at (0, 0): expected −0.5357, got 0.0000")
    assert said(49, LyingInt(50)) == "T=1, d=2: expected 49, got 50"
    assert said([1, 2, 3], LyingList([1, 2, 4])) == "T=1, d=2, item 2: expected 3, got 4"
    assert said(TABLE, Impostor()).startswith("expected a tensor of shape (2, 2), got an Impostor")
    assert said(TABLE, np.zeros((2, 2)).view(LyingArray)).startswith("T=1, d=2, at (0, 0): expected −0.5357")
    assert said("cab", LyingString("ca")) == "T=1, d=2: expected 'cab', got 'ca'"
    assert said(TABLE, Array(LyingArray((2, 2)), "float32")).startswith("expected a tensor of shape (2, 2), got an obj")
    deep = []
    deep.append(deep)
    assert "too deep" in str(plain(deep)) and said([1], deep).startswith("item 0: expected a number, got a list")
    assert type(plain(LyingInt(50))) is int and type(plain(LyingString("x"))) is str
    assert plain(Foreign("x")) == Foreign("x")
