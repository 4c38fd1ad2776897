import math
import re

import pytest
import torch

from w2v2course.explorers.clocks import REACH, said, show_clocks
from w2v2course.explorers.page import written
from w2v2course.positions import sinusoids


def test_the_trace_is_the_packages_codes_and_their_dot_products():
    trace = show_clocks(60, 8).trace
    codes = sinusoids(60, 8, dtype=torch.float64)
    torch.testing.assert_close(torch.tensor(trace["codes"]).double(), codes, rtol=0, atol=0.00051)
    for offset in (-30, -1, 0, 7, 29):
        assert written(codes[30] @ codes[30 + offset], 2) == trace["dots"][offset + REACH]
    assert trace["dots"][REACH] == "4.00" and trace["largest"] == "4"


def test_turns_are_the_shorter_way_round():
    turns = show_clocks(60, 4).trace["turns"]
    assert turns[REACH] == ["0°", "0°"]
    assert turns[REACH + 1] == ["57°", "1°"]  # one radian; a hundredth of it
    assert turns[REACH - 1] == ["−57°", "−1°"]
    assert turns[REACH + 4][0] == f"−{360 - math.degrees(4):.0f}°"


def test_the_first_state_is_there_without_javascript():
    explorer = show_clocks(60, 8, start=5, offset=-2)
    page = explorer._repr_html_()
    static = page.split("<script")[0]
    assert static.count("<svg") == 4 and 'value="5"' in static and "http" not in page
    assert said(explorer.trace, 5, -2) in static
    x = re.findall(r'class="w2v2-here"[^>]*x2="([-\d.]+)"', static)
    assert float(x[0]) == pytest.approx(20 * math.sin(5), abs=0.01)
    assert page == show_clocks(60, 8, start=5, offset=-2)._repr_html_()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"start": 99, "offset": 3}, "start and start"),
        ({"offset": 31, "start": 0}, "within ±30"),
        ({"dim": 26}, "at most 24"),
        ({"dim": 7}, "positive and even"),
    ],
)
def test_bad_choices_get_a_sentence(given, message):
    with pytest.raises(ValueError, match=message):
        show_clocks(**given)
