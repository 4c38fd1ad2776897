import math

import pytest
import torch

from w2v2course.ctc import beam_search_decode
from w2v2course.explorers.beam import beam_explorer

HALF = torch.tensor([[0.6, 0.4], [0.6, 0.4]]).log()  # ε, a
WORKED = torch.tensor([[0.3, 0.1, 0.6], [0.7, 0.2, 0.1], [0.6, 0.1, 0.3], [0.2, 0.1, 0.7]]).log()  # ε, a, e


def test_one_letter_in_two_frames_on_paper():
    first, second = beam_explorer(HALF, "εa", widths=(2,)).trace["widths"]["2"]
    assert [(row["name"], row["total"], row["kept"]) for row in first["rows"]] == [
        ("∅", "0.600", True),
        ("a", "0.400", True),
    ]
    a, nothing = second["rows"]  # aa is not there: it has no mass, for a has none that ends in ε
    assert [a["name"], nothing["name"]] == ["a", "∅"]
    assert [(kind, name) for kind, _, name in a["ways"]] == [
        ("blank", "ε 0.240"),
        ("label", "a again 0.160"),
        ("label", "∅ + a 0.240"),
    ]
    assert second["words"] == (
        "Width 2, after 2 of 2 frames: kept a 0.640, ∅ 0.360; nothing dropped. Merged from several ways: a. "
        "Read out: a, exactly 0.640."
    )


def test_a_beam_of_one_drops():
    first, second = beam_explorer(HALF, "εa", widths=(1,)).trace["widths"]["1"]
    assert first["words"] == "Width 1, after 1 of 2 frames: kept ∅ 0.600; dropped a. Nothing merged."
    assert second["words"].endswith("Read out: ∅, exactly 0.360.")


def test_bars_are_shares_of_the_best():
    for step in beam_explorer(WORKED, "εae").trace["widths"]["2"]:
        sizes = [sum(size for _, size, _ in row["ways"]) for row in step["rows"]]
        assert sizes == sorted(sizes, reverse=True) and sizes[0] == pytest.approx(100, abs=0.2)


@pytest.mark.parametrize("seed", range(5))
def test_the_last_step_is_the_package_s_beam(seed):
    log_probs = torch.randn(5, 4, generator=torch.Generator().manual_seed(seed)).log_softmax(1)
    trace = beam_explorer(log_probs, "abcε", widths=(1, 2, 3, 7)).trace["widths"]
    for width, steps in trace.items():
        beam = beam_search_decode(log_probs[None], blank=3, beam_width=int(width), backend="readable")[0]
        kept = [(row["name"], row["total"]) for row in steps[-1]["rows"] if row["kept"]]
        assert kept == [("".join("abc"[c] for c in h.labels) or "∅", f"{math.exp(h.score):.3f}") for h in beam]


def test_wider_is_worse_once():
    trace = beam_explorer(WORKED, "εae").trace["widths"]
    answers = {width: steps[-1]["words"].split("Read out: ")[1] for width, steps in trace.items()}
    assert answers == {"1": "ee, exactly 0.328.", "2": "e, exactly 0.230.", "3": "ee, exactly 0.328."}


def test_the_first_state_is_there_without_javascript():
    static = beam_explorer(WORKED, "εae")._repr_html_().split("<script")[0]
    assert static.count("<li") == 3 and "Width 2, after 1 of 4 frames: kept e 0.600, ∅ 0.300; dropped a." in static


@pytest.mark.parametrize(
    ("log_probs", "symbols", "widths", "message"),
    [
        (HALF, "ba", (1,), "symbols must hold ε"),
        (HALF, "εab", (1,), "a class for each"),
        (HALF.repeat(4, 1), "εa", (1,), "1 to 6 frames"),
        (torch.zeros(2, 5), "εabcd", (1,), "at most 4"),
        (HALF, "εa", (), "widths must be integers"),
        (HALF, "εa", (0,), "widths must be integers"),
        (HALF, "εa", (1.5,), "widths must be integers"),
    ],
)
def test_bad_input_gets_a_sentence(log_probs, symbols, widths, message):
    with pytest.raises(ValueError, match=message):
        beam_explorer(log_probs, symbols, widths)
