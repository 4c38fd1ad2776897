import pytest

from w2v2course.explorers.race import race_explorer, said
from w2v2course.tables import read_table


def row(positions, times, window, error):
    return {"positions": positions, "times": str(times), "window": str(window), "error": str(error)}


ROWS = [
    row(scheme, times, window, error)
    for scheme, errors in {"rotary": (0.0, 0.01, 0.0, 0.4), "table": (0.1, 0.012, 0.3, 0.5)}.items()
    for (times, window), error in zip([(1, "full"), (1, 24), (8, 24), (8, "full")], errors, strict=True)
]


def test_numbers_are_the_tables_in_percent():
    trace = race_explorer(ROWS).trace
    assert (trace["schemes"], trace["lengths"], trace["windows"]) == (["rotary", "table"], ["1", "8"], ["24", "full"])
    assert trace["wrong"] == [[[1.0, 1.2], [0.0, 10.0]], [[0.0, 30.0], [40.0, 50.0]]]
    assert trace["largest"] == 50.0


def test_seeds_are_averaged():
    second = [dict(r, error=str(float(r["error"]) + 0.02)) for r in ROWS]
    assert race_explorer(ROWS + second).trace["wrong"][1] == [[1.0, 31.0], [41.0, 51.0]]


def test_words():
    trace = race_explorer(ROWS).trace
    assert said(trace, 1, 0) == (
        "8× training, ±24 frames in sight. Fewer than 2 % wrong: rotary. More than 20 %: table."
    )
    assert said(trace, 0, 1) == (
        "1× training, all frames in sight. Fewer than 2 % wrong: rotary. More than 20 %: no scheme."
    )
    assert "Fewer than 2 % wrong: rotary; table." in said(trace, 0, 0)


def test_the_first_state_is_there_without_javascript():
    explorer = race_explorer(ROWS, times=8, window=24)
    page = explorer._repr_html_()
    static = page.split("<script")[0]
    assert static.count("<li>") == 2 and "30.0 %" in static and said(explorer.trace, 1, 0) in static
    assert "--v:0.600;--free:1.000" in static and "http" not in page
    assert page == race_explorer(ROWS, times=8, window=24)._repr_html_()


def test_the_shipped_table_agrees_with_the_races_own():
    """Both trained the same models, seed by seed; by hundreds of steps, the last bits of two processors add up."""
    key = ("positions", "seed", "times", "window")
    windows = {tuple(row[name] for name in key): float(row["error"]) for row in read_table("race_windows.csv")}
    race = [row for row in read_table("race_order.csv") if row["measure"] == "error"]
    assert len(race) == 8 * 3 * 4 * 2
    for row in race:
        assert windows[tuple(row[name] for name in key)] == pytest.approx(float(row["value"]), abs=0.03), row


@pytest.mark.parametrize(
    ("rows", "start", "message"),
    [
        (ROWS[:-1], {}, r"\('table', '8', 'full'\) is missing"),
        ([], {}, "'full', but full is missing"),
        ([r for r in ROWS if r["window"] != "full"], {}, "but full is missing"),
        (ROWS, {"times": 3}, "times must be one of 1, 8 .* but they are 3 and full"),
        (ROWS, {"window": 5}, "window one of 24, full"),
    ],
)
def test_bad_input_gets_a_sentence(rows, start, message):
    with pytest.raises(ValueError, match=message):
        race_explorer(rows, **start)
