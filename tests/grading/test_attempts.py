"""What a worker sends becomes an answer: plain data, or the words for what is none."""

import json

import pytest
import torch

from w2v2course.exercises.plain import Array, Raised
from w2v2course.grading.attempts import STATUS, Answer, _answer
from w2v2course.grading.wire import pack


def answered(value: object) -> Answer:
    text, tensors = pack(value)
    return _answer("value", json.dumps({"value": text}), tensors)


def test_a_value_and_the_arguments_afterwards():
    assert answered([1.5, [2, None]]) == Answer(got=1.5, after=[2, None])
    assert answered([Raised("ValueError", "no\x1b", "line 1"), []]).got == Raised("ValueError", "no\\x1b", "line 1")


def test_a_value_is_plain_whatever_was_sent():
    found = answered([torch.ones(2), [3]])
    assert type(found.got) is Array and found.got.values.tolist() == [1.0, 1.0] and found.after == [3]
    assert answered([(1, range(2)), []]).got == [1, [0, 1]]


@pytest.mark.parametrize(
    "value", [None, 1, "ab", [], [1], [1, 2], [1, (2,)], [1, [2], [3]], torch.zeros(2, 2)], ids=repr
)
def test_what_is_no_pair_of_value_and_list_is_no_answer(value):
    assert answered(value) == Answer(problem="sent what is no value")


@pytest.mark.parametrize("text", ["", "[", "[]", "1", '"value"', "{}", '{"value": 1}'])
def test_what_is_no_message_is_no_answer(text):
    assert _answer("value", text, b"") == Answer(problem="sent what is no value")


def test_without_a_value_the_status_says_why():
    assert _answer("stub", "", b"") == Answer(problem=STATUS["stub"], stub=True)
    assert _answer("nonsense", "", b"") == Answer(problem=STATUS["no answer"])
