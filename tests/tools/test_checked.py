import re

import pytest

from tools import checked


def test_the_page_is_in_step_with_its_data(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["checked", "--check"])
    checked.main()
    text = checked.PAGE.read_text(encoding="utf-8")
    assert [name for _, name, _, _ in checked.PART.findall(text)] == list(checked.PARTS), "every part stands there once"


def test_one_digit_changed_on_the_page_is_seen(monkeypatch, tmp_path):
    text = checked.PAGE.read_text(encoding="utf-8")
    number = re.search(r"\| `ctc\.table` \| (\d+) \|", text)
    changed = text.replace(number[0], number[0].replace(number[1], str(int(number[1]) + 1)))
    assert changed != text and checked.made(changed) == text
    page = tmp_path / "checked.md"
    page.write_text(changed, encoding="utf-8")
    monkeypatch.setattr(checked, "PAGE", page)
    monkeypatch.setattr("sys.argv", ["checked", "--check"])
    with pytest.raises(SystemExit, match="out of step"):
        checked.main()
    assert number[1] not in re.findall(r"\d+", checked.prose(text))
    assert f"| `ctc.table` | {int(number[1]) + 1} |" in checked.prose(changed), (
        "it counts as prose, and prose is checked"
    )


def test_new_data_change_the_page(monkeypatch, tmp_path):
    (tmp_path / "stages.csv").write_text("# made by: x\n# date: d\nstage,minutes\nstyle,0.1\nunit,4.4\n")
    monkeypatch.setattr(checked, "RESULTS", tmp_path)
    assert checked.stages() == (
        "| stage | minutes |\n| --- | --- |\n| style | 0.1 |\n| unit | 4.4 |\n| all | 4.5 |\n\nMade by `x`: d."
    )
    assert "has not been run" in checked.bench()


def test_all_errors_kept_are_below_their_bars():
    found, origin = checked.rows(checked.RESULTS / "parity.csv")
    assert {row["network"] for row in found} == {"tiny", "base"} and origin["made by"] == "python -m benchmarks.parity"
    assert [row for row in found if not float(row["error"]) <= float(row["bar"])] == []
    assert {row["bar"] for row in found} == {"1e-05", "1e-04"}


def test_every_mistake_kept_was_noticed():
    found, _ = checked.rows(checked.RESULTS / "mutations.csv")
    assert found and all(row["caught"] == "yes" for row in found)
