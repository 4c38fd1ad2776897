import pytest

from w2v2course.experiments.remake import remake
from w2v2course.tables import read_table


def run(job):
    """As a race's: one row for each of two tables, no row in the second for "b"."""
    scheme, seed = job
    stamp = {"positions": scheme, "seed": seed}
    return {"first": [{"value": len(scheme) + seed} | stamp], "second": [stamp] if scheme == "a" else []}


def test_rows_stand_in_order_and_what_is_done_is_not_done_again(tmp_path, monkeypatch, capsys):
    remake("about", run, ["b", "a"], ["first", "second"], [str(tmp_path), "--seeds", "1", "--only", "a"])
    assert [row["positions"] for row in read_table(tmp_path / "first.csv")] == ["a"]
    edited = (tmp_path / "first.csv").read_text().replace("1,a,0", "41,a,0")
    (tmp_path / "first.csv").write_text(edited)
    remake("about", run, ["b", "a"], ["first", "second"], [str(tmp_path), "--seeds", "2"])
    rows = [(row["positions"], row["seed"], row["value"]) for row in read_table(tmp_path / "first.csv")]
    assert rows == [("b", "0", "1"), ("b", "1", "2"), ("a", "0", "41"), ("a", "1", "2")]
    assert [row["seed"] for row in read_table(tmp_path / "second.csv")] == ["0", "1"]
    assert f"# made by: python -m {__name__}" in (tmp_path / "first.csv").read_text()


def test_an_unknown_scheme_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        remake("about", run, ["a"], ["first"], [str(tmp_path), "--only", "z"])
    assert "'z'" in capsys.readouterr().err
