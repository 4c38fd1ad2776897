"""The harness that compares ours and a peer."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import Case, Row, compare, line, peak_mb

ROOT = Path(harness.__file__).parent.parent


def test_runs_take_turns_and_the_order_alternates():
    seen = []
    compare(lambda: seen.append("o") or time.sleep(0.02), lambda: seen.append("p") or time.sleep(0.02), rounds=3)
    assert "".join(seen) == "oopp" + "op" + "po" + "op"


def test_medians_are_those_of_one_call():
    ours, peer = compare(lambda: time.sleep(0.002), lambda: time.sleep(0.02), rounds=3)
    assert 0.002 <= ours < 0.01 < 0.02 <= peer


def test_no_new_turn_after_its_seconds_but_three_at_least():
    calls = []
    compare(lambda: calls.append(1) or time.sleep(0.02), lambda: time.sleep(0.02), rounds=50, seconds=0.0)
    assert len(calls) == 2 + 3


def test_peak_memory_sees_what_was_freed_again():
    script = (
        "from benchmarks.harness import peak_mb\n"
        "keep = bytearray(30_000_000)\n"
        "print(peak_mb(lambda: len(bytearray(60_000_000)) and None))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 55 < float(done.stdout) < 75
    assert peak_mb(lambda: None) < 5


def test_a_row_says_what_it_misses():
    row = Row("benchmarks.some", "B=1", 2.0, 3.0, 1.5, bar=2.0, ours_mb=200.0, peer_mb=100.0, memory_bar_mb=160.0)
    assert row.missed == ["time below 2x", "memory above 160 MB"]
    assert line(row).startswith("some: B=1") and "1.50x" in line(row) and "MISSED" in line(row)
    kept = Row("benchmarks.some", "B=1", 1.0, 3.0, 3.0, bar=2.0, ours_mb=150.0, peer_mb=100.0, memory_bar_mb=160.0)
    assert kept.missed == [] and "MISSED" not in line(kept)


def test_a_missing_peer_skips_loudly(capsys, monkeypatch):
    def absent():
        raise ModuleNotFoundError("No module named 'peer'")

    cases = [Case("absent", absent), Case("there", lambda: (time.time, time.time)), Case("other", absent)]
    monkeypatch.setattr(harness.importlib, "import_module", lambda _: argparse.Namespace(cases=lambda: cases))
    options = argparse.Namespace(only="there", rounds=3, seconds=1.0, memory=False, threads=1)
    assert [row.case for row in harness.measure("benchmarks.x", options)] == ["there"]
    options.only = "ABSENT"
    assert harness.measure("benchmarks.x", options) == []
    assert "SKIPPED  benchmarks.x: absent: No module named 'peer'" in capsys.readouterr().out


def test_the_command_line_lists_every_script_and_writes_json(tmp_path):
    scripts = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {
        "__init__",
        "__main__",
        "harness",
        "parity",
        "table",
    }
    command = [sys.executable, "-m", "benchmarks", "--only", "no such case", "--json", str(tmp_path / "rows.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert " threads (passive waiting), load " in done.stdout
    table = json.loads((tmp_path / "rows.json").read_text())
    assert table["rows"] == [] and table["threads"] >= 1 and "torch" in table["versions"]
    for script in scripts:
        source = (ROOT / "benchmarks" / f"{script}.py").read_text()
        assert "def cases()" in source and "main(__file__)" in source, script
