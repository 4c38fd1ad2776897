import pytest
import torch

from w2v2course.explorers.kernel import said, slide_kernel

FRAMES, KERNEL = torch.tensor([1.0, 2.0, -1.0, 0.5]), torch.tensor([-1.0, 0.0, 2.0])


def test_products_and_sums_on_paper():
    trace = slide_kernel(FRAMES, KERNEL).trace
    assert trace["padded"] == [0, 1, 2, -1, 0.5, 0]
    assert trace["rows"][1][0] == [0, -1, 0, 2, 0, 0]
    assert trace["rows"][1][1] == [0, -1, 0, -2, 0, 0]
    assert trace["sums"] == [4, -3, -1, 1]


def test_words():
    trace = slide_kernel(FRAMES, KERNEL).trace
    assert said(trace, 1) == "Frame 1: (−1.0) + 0.0 + (−2.0) = −3.0."
    assert said(trace, 0) == "Frame 0: 0.0 + 0.0 + 4.0 = 4.0. One tap meets a zero that nobody spoke."
    assert said(trace, 3).endswith("nobody spoke.")


def test_the_first_state_is_there_without_javascript():
    explorer = slide_kernel(FRAMES, KERNEL, start=2)
    static = explorer._repr_html_().split("<script")[0]
    assert static.count("<table") == 3 and 'value="2"' in static and said(explorer.trace, 2) in static
    # Frame 2 of the padded row's six cells: the kernel lies over cells 2, 3 and 4, in each of the three grids.
    cells = ["w2v2-lit" in cell[:20] for cell in static.split("<tbody>", 1)[1].split("<td")[1:7]]
    assert cells == [False, False, True, True, True, False] and static.count("<td class=w2v2-lit") == 9


@pytest.mark.parametrize(
    ("frames", "kernel", "start", "error", "message"),
    [
        (torch.zeros(11), KERNEL, 0, ValueError, "T at most 10"),
        (FRAMES, torch.zeros(2), 0, ValueError, "K odd"),
        (FRAMES[None], KERNEL, 0, ValueError, "frames must be"),
        (FRAMES, KERNEL, 4, ValueError, "start must be a frame, 0 … 3"),
        ([1.0], KERNEL, 0, TypeError, "frames must be"),
    ],
)
def test_bad_input_gets_a_sentence(frames, kernel, start, error, message):
    with pytest.raises(error, match=message):
        slide_kernel(frames, kernel, start)
