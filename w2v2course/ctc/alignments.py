"""Paths, what they say, and how many say the same (chapter `alignments`).

A *path* gives every frame one symbol: a label or the blank. Collapsing it, first merging equal neighbours and then
dropping blanks, gives the labels it says. The paths that collapse to a target are its *alignments*. Labels may be
integers or characters; the blank is one symbol of the same kind.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from typing import Any, TypeAlias

from torch import Tensor

Label: TypeAlias = Any  # hashable: integers or characters, one kind in a sequence


def collapse(path: Iterable[Label], blank: Label = 0) -> tuple[Label, ...]:
    """What a path says (chapter `alignments`): merge equal neighbours, then drop blanks.

    Args:
        path: one symbol a frame, such as ``"hheεlεllo"`` or ``[8, 8, 5, 0, 12]``; a one-dimensional tensor will do.
        blank: the symbol that stands for no label.

    Returns:
        The labels, in order. The order of the two steps matters: a blank between equal labels keeps both.

    Raises:
        ValueError: path is a tensor with more than one axis.

    Source: Graves et al. (2006), "Connectionist Temporal Classification", section 3.1, the map B.
    """
    return tuple(symbol for symbol, _ in groupby(symbols(path, "path")) if symbol != blank)


def expand(target: Iterable[Label], blank: Label = 0) -> tuple[Label, ...]:
    """A target with a blank before, between and after its labels (chapter `trellis`): the states of the recursion.

    Args:
        target: S labels.
        blank: the symbol that stands for no label.

    Returns:
        L = 2 S + 1 symbols; the even places hold blanks, place 2 i + 1 holds label i.

    Raises:
        ValueError: the blank stands among the labels.

    Source: Graves et al. (2006), section 4.1, the modified label sequence l′.
    """
    states = [blank]
    for label in labels(target, blank):
        states += [label, blank]
    return tuple(states)


def minimum_frames(target: Iterable[Label]) -> int:
    """The fewest frames that can say a target (chapter `alignments`).

    Args:
        target: S labels, r of them equal to the label before them.

    Returns:
        S + r: a frame for each label, and a blank between equal neighbours, which would merge otherwise.
    """
    target = symbols(target, "target")
    return len(target) + sum(a == b for a, b in pairwise(target))


def alignments(target: Iterable[Label], frames: int, blank: Label = 0) -> Iterator[tuple[Label, ...]]:
    """Every path of a given length that collapses to a target (chapter `alignments`), one at a time.

    Args:
        target: S labels.
        frames: T, the length of each path.
        blank: the symbol that stands for no label.

    Returns:
        An iterator over tuples of T symbols, none twice; nothing is computed before it is asked for. Paths that stay
        longer in early states come first. An empty target has one alignment, all blank.

    Raises:
        TypeError: frames is no whole number.
        ValueError: the blank stands among the labels, or frames is negative.
    """
    target = labels(target, blank)
    check_count(frames)
    return _walk(target, frames, blank)


def _walk(target: tuple[Label, ...], frames: int, blank: Label) -> Iterator[tuple[Label, ...]]:
    """Depth first through the states, never into one from which the rest of the target no longer fits."""
    states = expand(target, blank)
    # In state s the labels from s // 2 on are open; an odd state has just said the first of them.
    needed = [minimum_frames(target[s // 2 :]) - s % 2 for s in range(len(states))]
    if frames == 0:
        yield from [()] if not target else []
        return
    path: list[Label] = []
    waiting = [(0, s) for s in reversed(range(len(states))[:2])]  # (frame, state), the next one last
    while waiting:
        t, s = waiting.pop()
        if needed[s] > frames - 1 - t:
            continue
        path[t:] = [states[s]]
        if t == frames - 1:
            yield tuple(path)
        else:
            waiting += [(t + 1, following) for following in reversed(successors(states, s))]


def successors(states: tuple[Label, ...], s: int) -> list[int]:
    """Where a path may go from state s (chapter `trellis`).

    Args:
        states: an expanded target.
        s: a state, 0 … L − 1.

    Returns:
        The states it may be in a frame later, ascending: stay; step to the next; skip a blank between two labels
        that differ.
    """
    last = len(states) - 1
    ways = [s]
    if s + 1 <= last:
        ways.append(s + 1)
    if s % 2 == 1 and s + 2 <= last and states[s] != states[s + 2]:
        ways.append(s + 2)
    return ways


def count_alignments(target: Iterable[Label], frames: int) -> int:
    """How many alignments a target has (chapter `alignments`), exactly, however many.

    Args:
        target: S labels, r of them equal to the label before them; the blank not among them.
        frames: T.

    Returns:
        The number of paths of T symbols that collapse to the target, counted state by state: as many ways lead to a
        state as lead to the states before it. It equals the binomial C(T + S − r, 2 S).

    Raises:
        TypeError: frames is no whole number.
        ValueError: frames is negative.
    """
    target = symbols(target, "target")
    check_count(frames)
    if frames == 0:
        return int(not target)
    states = expand(target, _NoLabel)
    ways = [1] * min(2, len(states)) + [0] * (len(states) - 2)  # a path starts with a blank or the first label
    for _ in range(frames - 1):
        following = [0] * len(states)
        for s, count in enumerate(ways):
            if count:
                for way in successors(states, s):
                    following[way] += count
        ways = following
    return sum(ways[-2:])  # and ends with the last label or a blank


class _NoLabel:
    """A blank that equals no label."""


def symbols(sequence: Iterable[Label], name: str) -> tuple[Label, ...]:
    """A sequence of symbols as a tuple, tensors included.

    Raises:
        ValueError: a tensor with another number of axes than one.
    """
    if isinstance(sequence, Tensor):
        if sequence.ndim != 1:
            raise ValueError(
                f"{name} must have one axis, but its shape is {tuple(sequence.shape)}; pass one row at a time"
            )
        return tuple(sequence.tolist())
    return tuple(sequence)


def labels(target: Iterable[Label], blank: Label) -> tuple[Label, ...]:
    """A target as a tuple, once it is known to hold no blank.

    Raises:
        ValueError: it holds one.
    """
    target = symbols(target, "target")
    if blank in target:
        raise ValueError(
            f"target[{target.index(blank)}] is the blank, {blank!r}; a target holds labels only, "
            f"blanks come in by themselves: drop it"
        )
    return target


def check_count(frames: int) -> None:
    """Require a number of frames.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is negative.
    """
    if not hasattr(frames, "__index__"):  # a float, a text
        raise TypeError(f"frames must be a whole number, but is {frames!r}; count the frames of one utterance")
    if frames < 0:
        raise ValueError(f"frames must be at least 0, but is {frames}; count the frames of one utterance")
