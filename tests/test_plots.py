import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch

from w2v2course import plots

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def closed_figures():
    plots.use_style()
    yield
    plt.close("all")


def test_matrix_writes_its_numbers_and_labels():
    ax = plots.matrix(torch.tensor([[0.5, -1.0], [2.0, 0.25]]), "title", ["a", "b"], ["c", "d"], digits=1)
    assert [text.get_text() for text in ax.texts] == ["0.5", "−1.0", "2.0", "0.2"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_title("left") == "title"
    image = ax.images[0]
    assert image.norm.vmin == -image.norm.vmax == -2.0, "zero must be the middle of a two-sided scale"


def test_matrix_without_numbers_and_with_limits():
    ax = plots.matrix(torch.rand(3, 3), digits=None, limits=(0.0, 1.0))
    assert not ax.texts and (ax.images[0].norm.vmin, ax.images[0].norm.vmax) == (0.0, 1.0)


def test_numbers_are_readable_on_their_cells():
    def luminance(rgb):
        return sum(
            w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for w, c in zip((0.2126, 0.7152, 0.0722), rgb, strict=True)
        )

    def turned_over(rgb):
        """As a dark page shows it: inverted, then hues rotated by half a turn (course.css)."""
        inverse = [1 - c for c in rgb]
        grey = 0.213 * inverse[0] + 0.715 * inverse[1] + 0.072 * inverse[2]
        return [min(max(2 * grey - c, 0), 1) for c in inverse]

    for values in (torch.linspace(0, 1, 40)[None], torch.linspace(-1, 1, 40)[None]):
        ax = plots.matrix(values)
        image = ax.images[0]
        for text, value in zip(ax.texts, values[0], strict=True):
            cell = image.cmap(image.norm(float(value)))[:3]
            ink = matplotlib.colors.to_rgb(text.get_color())
            for turned in (lambda rgb: rgb, turned_over):
                pair = [luminance(turned(cell)), luminance(turned(ink))]
                assert (max(pair) + 0.05) / (min(pair) + 0.05) > 4.5


def test_bars_write_labels_numbers_and_the_mark():
    ax = plots.bars(
        [43.7, 1.1], ["none", "convolution"], digits=1, unit=" %", mark=50, mark_label="floor", highlight=[1]
    )
    assert [text.get_text() for text in ax.texts] == ["43.7 %", "1.1 %", "floor"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["none", "convolution"]
    assert [matplotlib.colors.to_hex(bar.get_facecolor()).upper() for bar in ax.patches] == [plots.BLUE, plots.ORANGE]


def test_waveform_boxes_every_whole_frame():
    ax = plots.waveform(torch.linspace(-1, 1, 1000), sample_rate=1000, frame=(400, 320))
    boxes = [(round(box.get_x(), 3), round(box.get_width(), 3)) for box in ax.patches]
    assert boxes == [(0.0, 0.4), (0.32, 0.4)]
    ax = plots.waveform(torch.zeros(640), frame=(320, 320), colors=["red", "blue"])
    assert [line.get_color() for line in ax.lines] == ["red", "blue"]


def test_lines_are_named():
    ax = plots.lines({"a": ([0, 1], [2, 3]), "b": ([0, 1], [4, 5])}, xlabel="step")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert plots.lines({"a": ([0], [1])}).get_legend() is None


def test_a_stack_names_parts_and_what_flows():
    ax = plots.stack([("ears", "(1, 2)"), ("mouth", "text")], "a whole", highlight=[1])
    assert [text.get_text() for text in ax.texts if text.get_text()] == ["ears", "(1, 2)", "mouth", "text"]
    assert len(ax.patches) == 2 and ax.patches[0].get_edgecolor() != ax.patches[1].get_edgecolor()


def test_axes_are_handed_through():
    ax = plt.subplots()[1]
    assert plots.matrix(torch.eye(2), ax=ax) is ax
    assert plots.bars([1], ["a"], ax=ax) is ax
    assert plots.waveform(torch.ones(8), ax=ax) is ax
    assert plots.lines({"a": ([0], [1])}, ax=ax) is ax
    assert plots.stack([("a", "")], ax=ax) is ax


def test_the_palette_is_told_apart_by_colour_blind_readers():
    """Simulated with the matrices of Machado et al. (2009), severity 1: any two colours differ visibly in Lab."""
    blind = {
        "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    }
    colors = torch.tensor([matplotlib.colors.to_rgb(color) for color in plots.PALETTE], dtype=torch.float64)
    linear = torch.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    to_xyz = torch.tensor([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).double()
    for matrix in blind.values():
        seen = (linear @ torch.tensor(matrix, dtype=torch.float64).T).clamp(0, 1)
        f = (seen @ to_xyz.T / torch.tensor([0.9505, 1.0, 1.089])).pow(1 / 3)
        lab = torch.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], dim=1)
        distance = torch.cdist(lab, lab) + 1e3 * torch.eye(len(lab))
        assert distance.min() > 8, "a just noticeable difference is about 2.3"
