import json
import re
from itertools import permutations

import pytest
import torch

from w2v2course.attention import attention
from w2v2course.explorers.page import table, written
from w2v2course.explorers.shuffle import shuffle_frames

X = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]])


def attend(x):
    return attention(x, 2 * x, x)


def test_the_trace_is_attention_in_every_order():
    explorer = shuffle_frames(attend, X, list("ABC"))
    assert len(explorer.trace["states"]) == 6
    for order in permutations(range(3)):
        state = explorer.trace["states"]["".join(map(str, order))]
        context, weights = attend(X[list(order)])
        torch.testing.assert_close(torch.tensor(state["weights"]), weights, rtol=0, atol=0.0051)
        torch.testing.assert_close(torch.tensor(state["outputs"]), context, rtol=0, atol=0.0051)
        assert state["change"] == "none beyond rounding"


def test_a_module_that_sees_order_is_seen_to():
    def with_places(x):
        return attend(x + torch.arange(3.0)[:, None])

    states = shuffle_frames(with_places, X, list("ABC")).trace["states"]
    assert states["012"]["change"] == "none beyond rounding"
    assert re.fullmatch(r"\d+%", states["210"]["change"])


def test_the_first_state_is_there_without_javascript():
    explorer = shuffle_frames(attend, X, list("ABC"))
    page = explorer._repr_html_()
    assert page == shuffle_frames(attend, X, list("ABC"))._repr_html_(), "the same bytes each time"
    static = page.split("<script")[0]
    for row in explorer.trace["states"]["012"]["weights"]:
        for value in row:
            assert f">{written(value, 2)}</td>" in static
    assert "Order A B C." in static and "http" not in page
    trace = re.search(r'<script type="application/json">(.*?)</script>', page)[1]
    assert json.loads(trace) == explorer.trace


def test_numbers_are_written_alike():
    assert written(-0.25, 2) == "−0.25" and written(-0.001, 2) == "0.00" and written(1, 1) == "1.0"
    assert '<td style="--v:0.500">−1.0</td>' in table("grid", [[-1.0]], ["r"], ["c"], 1, 2.0)


@pytest.mark.parametrize(
    ("frames", "names", "error"),
    [
        (torch.zeros(6, 2), list("ABCDEF"), ValueError),
        (torch.zeros(1, 2), ["A"], ValueError),
        (torch.zeros(3, 2), ["A"], ValueError),
        (torch.zeros(3), list("ABC"), ValueError),
        ([[1.0], [2.0]], list("AB"), TypeError),
    ],
)
def test_bad_frames_get_a_sentence(frames, names, error):
    with pytest.raises(error, match="frames must be"):
        shuffle_frames(attend, frames, names)
