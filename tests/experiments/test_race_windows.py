from w2v2course.experiments import race_windows
from w2v2course.experiments.listener import Listener
from w2v2course.positions import NoPositions


def test_every_window_at_every_length(monkeypatch):
    monkeypatch.setattr(race_windows, "SCHEMES", {"none": (lambda: Listener(NoPositions()), 2)})
    monkeypatch.setattr(race_windows, "LENGTHS", {1: (4, 12), 2: (24, 24)})
    monkeypatch.setattr(race_windows, "WINDOWS", (0, 60, "full"))
    rows = race_windows.run(("none", 0))["race_windows"]
    assert [(row["window"], row["times"]) for row in rows] == [(w, n) for w in (0, 60, "full") for n in (1, 2)]
    by = {(row["window"], row["times"]): float(row["error"]) for row in rows}
    assert all(0 < error < 1 for error in by.values())
    # 12 phones are 48 frames at most: 60 to either side hide nothing, the frame alone hides much.
    assert by[60, 1] == by["full", 1] != by[0, 1]
