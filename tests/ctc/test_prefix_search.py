import math

import pytest

from w2v2course.ctc.prefix_search import Mass, log_add, prefix_search, rounded


def test_log_add_by_hand():
    assert log_add(math.log(0.2), math.log(0.3)) == pytest.approx(math.log(0.5))
    assert log_add(-math.inf, -1.0) == log_add(-1.0, -math.inf) == -1.0
    assert log_add(-math.inf, -math.inf) == -math.inf


def test_scores_are_equal_to_nine_decimals():
    assert rounded(-2.0) == rounded(-2.0 + 1e-15) != rounded(-2.0 + 1e-8)
    assert rounded(-math.inf) == -math.inf


def test_masses_by_hand():
    mass = Mass(blank=math.log(0.1))
    mass.add_label(math.log(0.2), (math.log(0.2), (3,)))
    mass.add_label(math.log(0.3), (math.log(0.15), (1,)))
    assert mass.total == pytest.approx(math.log(0.6))
    assert mass.best == (math.log(0.2), (3,))
    mass.add_label(math.log(0.2), (math.log(0.2), (2,)))
    assert mass.best == (math.log(0.2), (2,))  # equally good, and earlier


def test_only_extensions_extend():
    log_probs = [[math.log(1 / 3)] * 3] * 2
    answers = prefix_search(log_probs, [[1], [2]], 0, 10, None, 0.0, 0.0)
    assert {answer.labels for answer in answers} == {(), (1,), (2,), (1, 2)}
