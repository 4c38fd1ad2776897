"""Notebooks for the grader's tests: an honest one, and ways to spoil it."""

import json

SETUP = "%pip install -q w2v2course\nimport math\nimport torch\nfrom w2v2course.exercises import check"
ATTENTION = """def attention(query, key, value):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return scores.softmax(dim=-1) @ value

check.attention(attention)"""
COUNT = """def count_paths(target, frames):
    repeats = sum(a == b for a, b in zip(target, target[1:]))
    return math.comb(frames + len(target) - repeats, 2 * len(target))"""
COLLAPSE = """from itertools import groupby

def collapse(path):
    return "".join(letter for letter, _ in groupby(path) if letter != "-")"""
HONEST = (SETUP, ATTENTION, COUNT, COLLAPSE)
FULL = {"attention": 4.0, "count_paths": 2.0, "collapse": 3.0}


def notebook(*cells: str, tags: dict[int, list[str]] | None = None) -> bytes:
    """A notebook of these code cells.

    Args:
        cells: their sources.
        tags: by index of cell.
    """
    written = [
        {
            "cell_type": "code",
            "id": f"cell{index}",
            "metadata": {"tags": (tags or {}).get(index, [])},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for index, source in enumerate(cells)
    ]
    return json.dumps({"cells": written, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def honest(*, before: str = "", after: str = "", **instead: str) -> bytes:
    """The honest notebook, with a cell before the exercises, one after them, or other answers."""
    answers = {"attention": ATTENTION, "count_paths": COUNT, "collapse": COLLAPSE} | instead
    return notebook(SETUP, *([before] if before else []), *answers.values(), *([after] if after else []))
