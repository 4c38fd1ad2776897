import math

import numpy as np
import pytest

from w2v2course.ctc.compiled import log_add, logarithmic, loops, relative_probabilities, scaled, unlike_before

ROOM = np.full((2, 60, 8), np.nan)  # what stood in the tables before must not matter


def test_log_add_by_hand():
    assert log_add(math.log(0.2), math.log(0.3)) == pytest.approx(math.log(0.5))
    assert log_add(-math.inf, -1.0) == log_add(-1.0, -math.inf) == -1.0
    assert log_add(-math.inf, -math.inf) == -math.inf
    assert log_add(0.0, -5000.0) == 0.0


def test_unlike_before_by_hand():
    assert unlike_before(np.array([1, 1, 2, 3, 3])).tolist() == [0, 0, 0, 1, 1, 0]
    assert unlike_before(np.array([], dtype=np.int64)).tolist() == [0]


def test_relative_probabilities_by_hand():
    log_probs = np.log(
        np.array([[0.2, 0.8], [0.0, 0.5]]), where=[[True, True], [False, True]], out=np.full((2, 2), -np.inf)
    )
    probs, offset = relative_probabilities(log_probs)
    assert probs == pytest.approx(np.array([[0.25, 1.0], [0.0, 1.0]]))
    assert offset == pytest.approx(math.log(0.4))
    assert relative_probabilities(np.full((1, 2), -np.inf))[0].tolist() == [[0.0, 0.0]]


def test_both_sweeps_by_hand():
    """Three frames of halves, target "a": six of eight paths; it is emitted in 3, 4, 3 of the six."""
    log_probs, target = np.log(np.full((3, 2), 0.5)), np.array([1])
    for sweep in (
        lambda g: scaled(log_probs, target, 0, g, ROOM, 1e-250, 8)[0],
        lambda g: logarithmic(log_probs, target, 0, g, ROOM),
    ):
        gradient = np.zeros((3, 2))
        assert sweep(gradient) == pytest.approx(-math.log(6 / 8))
        assert gradient[:, 1] == pytest.approx(-np.array([3, 4, 3]) / 6)


def test_the_bound_covers_the_floors_whatever_they_are():
    """With floors so large that they show, the error stays below what was promised."""
    generator = np.random.default_rng(0)
    log_probs = np.log(generator.dirichlet(np.ones(4), size=60))
    target = np.array([1, 2, 2, 3, 1, 3])
    exact = logarithmic(log_probs, target, 0, np.zeros((60, 4)), ROOM)
    shown = 0
    for floor in (1e-3, 1e-5, 1e-7, 1e-9, 1e-11):
        for chunk in (1, 3, 8):
            loss, error = scaled(log_probs, target, 0, np.zeros((60, 4)), ROOM, floor, chunk)
            excess = 1 - math.exp(loss - exact)  # the share of the computed probability that floors made up
            assert -1e-12 <= excess <= error + 1e-12
            shown += excess > 1e-8
    assert shown > 5


def test_loops_compile_where_nothing_can_be_kept():
    """What has no file has no folder beside it."""
    add = loops(eval("lambda a, b: a + b"))
    assert add(1, 2) == 3 and add.nopython_signatures
