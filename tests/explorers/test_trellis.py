import pytest
import torch

from w2v2course.ctc import count_alignments, occupancy
from w2v2course.explorers.trellis import trellis_explorer

LOG_PROBS = torch.tensor([[0.6, 0.1, 0.3], [0.2, 0.4, 0.4], [0.1, 0.5, 0.4]]).log()  # a, b, ε


def lit(explorer, t, s):
    trace = explorer.trace
    return trace["cells"][t * trace["states"] + s]["lit"]


def words(explorer, t, s):
    return explorer.trace["cells"][t * explorer.trace["states"] + s]["words"]


def test_one_letter_in_two_frames_on_paper():
    explorer = trellis_explorer(torch.full((2, 2), 0.5).log(), "a", "aε")
    # paths: aa, aε, εa, each a quarter
    assert words(explorer, 0, 1) == (
        "Frame 0, state 1 (a): 2 paths through here. In-flow 0.5000 × out-flow 1.0000 = 0.50000, 66.7 % of the whole."
    )
    assert words(explorer, 1, 0) == "Frame 1, state 0 (ε): no path through here says the target in time."
    assert lit(explorer, 0, 0) == "100" + "010"
    assert lit(explorer, 0, 1) == "010" + "011"
    assert lit(explorer, 1, 0) == "000000"


def test_shares_are_occupancies_and_paths_are_counted():
    explorer = trellis_explorer(LOG_PROBS, "ab", "abε")
    share = occupancy(LOG_PROBS.double(), [0, 1], blank=2)
    for t in range(3):
        for s in range(5):
            if share[t, s] > 0:
                assert f"{100 * float(share[t, s]):.1f} % of the whole" in words(explorer, t, s)
    through = [int(words(explorer, 0, s).split(": ")[1].split()[0]) for s in (0, 1)]
    assert sum(through) == count_alignments("ab", 3)


@pytest.mark.parametrize("show", ["in-flow", "share"])
def test_the_first_state_is_there_without_javascript(show):
    static = trellis_explorer(LOG_PROBS, "ab", "abε", show)._repr_html_().split("<script")[0]
    assert static.count("<button") == 15 and "Click a cell" in static


@pytest.mark.parametrize(
    ("log_probs", "target", "symbols", "show", "message"),
    [
        (LOG_PROBS, "ab", "abε", "flow", "show must be one of"),
        (LOG_PROBS, "ab", "abc", "share", "symbols must hold ε"),
        (LOG_PROBS, "ac", "abε", "share", "target one to four"),
        (LOG_PROBS, "", "abε", "share", "target one to four"),
        (LOG_PROBS.repeat(3, 1), "ab", "abε", "share", "at most 8 frames"),
        (LOG_PROBS, "aab", "abε", "share", "3 frames cannot say 'aab'"),
    ],
)
def test_bad_input_gets_a_sentence(log_probs, target, symbols, show, message):
    with pytest.raises(ValueError, match=message):
        trellis_explorer(log_probs, target, symbols, show)
