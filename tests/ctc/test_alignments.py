from itertools import islice, pairwise, product
from math import comb

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from w2v2course.ctc.alignments import alignments, collapse, count_alignments, expand, minimum_frames, successors

paths = st.lists(st.integers(0, 3), max_size=12)
targets = st.lists(st.integers(1, 3), max_size=6)


def repeats(target):
    return sum(a == b for a, b in pairwise(target))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", ""),
        ("εεε", ""),
        ("hheεlεllo", "hello"),
        ("hello", "helo"),
        ("aεa", "aa"),
        ("aaa", "a"),
        ("εaεεaε", "aa"),
    ],
)
def test_collapse_by_hand(path, said):
    assert collapse(path, blank="ε") == tuple(said)


def test_collapse_takes_integers_tensors_and_any_blank():
    assert collapse([0, 1, 1, 0, 1, 2]) == (1, 1, 2)
    assert collapse(torch.tensor([3, 0, 0, 3, 0]), blank=3) == (0, 0)
    with pytest.raises(ValueError, match=r"path must have one axis.*\(2, 3\)"):
        collapse(torch.zeros(2, 3, dtype=torch.long))


@given(paths)
def test_merging_comes_before_dropping_blanks(path):
    said = []
    for before, now in zip([None, *path], path, strict=False):
        if now not in (before, 0):
            said.append(now)
    assert collapse(path) == tuple(said)


def test_expand_by_hand():
    assert expand("cab", blank="ε") == tuple("εcεaεbε")
    assert expand([]) == (0,)
    with pytest.raises(ValueError, match=r"target\[1\] is the blank, 0"):
        expand([2, 0])


@given(targets)
def test_an_expanded_target_collapses_to_it(target):
    assert len(expand(target)) == 2 * len(target) + 1
    assert collapse(expand(target)) == tuple(target)


def test_minimum_frames_by_hand():
    assert [minimum_frames(target) for target in ("", "a", "ab", "aa", "aabb", "aaa")] == [0, 1, 2, 3, 6, 5]
    assert minimum_frames(torch.tensor([7, 7])) == 3


def test_successors_by_hand():
    states = expand("aab", blank="ε")  # ε a ε a ε b ε
    assert [successors(states, s) for s in range(7)] == [[0, 1], [1, 2], [2, 3], [3, 4, 5], [4, 5], [5, 6], [6]]


def test_alignments_by_hand():
    assert ["".join(path) for path in alignments("ab", 3, blank="ε")] == ["εab", "aab", "aεb", "abb", "abε"]
    assert list(alignments("aa", 3, blank="ε")) == [tuple("aεa")]
    assert list(alignments("", 2, blank="ε")) == [tuple("εε")]
    assert list(alignments("", 0)) == [()]
    assert list(alignments("a", 0)) == list(alignments("aa", 2)) == []


@given(targets.filter(lambda target: len(target) <= 4), st.integers(0, 6))
def test_alignments_are_the_paths_that_collapse_to_the_target(target, frames):
    found = list(alignments(target, frames))
    assert len(found) == len(set(found)) == count_alignments(target, frames)
    assert set(found) == {path for path in product(range(4), repeat=frames) if collapse(path) == tuple(target)}


def test_alignments_are_lazy_and_deep():
    some = list(islice(alignments([1, 2, 2] * 50, 4000), 3))  # far more of them than could ever be listed
    assert len(set(some)) == 3
    assert all(collapse(path) == (1, 2, 2) * 50 and len(path) == 4000 for path in some)


def test_counts_of_cab():
    assert [count_alignments("CAB", frames) for frames in (2, 3, 4, 5, 6, 49)] == [0, 1, 7, 28, 84, 20_358_520]


@given(targets, st.integers(0, 40))
def test_counts_have_a_closed_form(target, frames):
    S, r = len(target), repeats(target)
    fits = frames >= S + r
    assert fits == (frames >= minimum_frames(target))
    assert count_alignments(target, frames) == (comb(frames + S - r, 2 * S) if fits else 0)


def test_counts_are_exact_beyond_any_float():
    target = [1, 2] * 60
    assert count_alignments(target, 1500) == comb(1620, 240) > 2**600


@pytest.mark.parametrize("function", [count_alignments, alignments])
def test_negative_frames_are_refused(function):
    with pytest.raises(ValueError, match="frames must be at least 0, but is -1"):
        function([1], -1)


@pytest.mark.parametrize("function", [count_alignments, alignments])
def test_frames_that_are_no_number_are_refused(function):
    for frames in (2.5, "3"):
        with pytest.raises(TypeError, match=f"frames must be a whole number, but is {frames!r}"):
            function([1], frames)


def test_a_blank_in_the_target_is_refused_at_once():
    with pytest.raises(ValueError, match="a target holds labels only"):
        alignments("aε", 3, blank="ε")
