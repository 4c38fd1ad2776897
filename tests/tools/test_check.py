import subprocess
import sys

import pytest

from tools import check
from tools.check import PYTEST, STAGES, command, durations, print_slowest, record
from tools.notebooks import ROOT
from w2v2course.tables import read_table


def test_slow_tests_are_left_out_unless_they_are_wanted(tmp_path):
    assert command("style", False, tmp_path) == STAGES["style"]
    everyday, everything = command("unit", False, tmp_path), command("unit", True, tmp_path)
    assert everyday[-3:-1] == ["-m", "not slow"]
    assert set(everyday) - set(everything) == {"not slow"}


def test_the_marker_is_known_and_leaves_out(tmp_path):
    (tmp_path / "test_a.py").write_text(
        "import pytest\n@pytest.mark.slow\ndef test_long(): pass\ndef test_short(): pass\n"
    )
    for chosen, names in ((["-m", "not slow"], {"test_short"}), ([], {"test_short", "test_long"})):
        run = [*PYTEST, "-c", "pyproject.toml", str(tmp_path), *chosen, f"--junitxml={tmp_path / 'unit'}.xml"]
        done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
        assert {name.rpartition(" ")[2] for _, _, name in durations(tmp_path)} == names


def test_the_slowest_come_first(tmp_path, capsys):
    case = '<testcase classname="tests.ctc.test_{0}" name="test_{0}" time="{1}"/>'
    cases = "".join(case.format(number, number) for number in range(30))
    (tmp_path / "unit.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    print_slowest(durations(tmp_path))
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[0].split() == "seconds stage the slowest of 30 tests".split() and len(lines) == 21
    assert lines[1].split() == ["29.0", "unit", "ctc.test_29:", "test_29"]


def test_minutes_are_kept_with_where_they_come_from(tmp_path, monkeypatch):
    monkeypatch.setattr(check, "MINUTES", tmp_path / "stages.csv")
    record({"style": 0.123, "unit": 4.0})
    assert read_table(check.MINUTES) == [{"stage": "style", "minutes": "0.1"}, {"stage": "unit", "minutes": "4.0"}]
    assert "# made by: python -m tools.check --record" in check.MINUTES.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"), [(["nonsense"], "no stage is called nonsense"), (["--record", "unit"], "name no stages")]
)
def test_a_wrong_command_gets_a_sentence(arguments, said, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["check", *arguments])
    with pytest.raises(SystemExit, match=said):
        check.main()
