"""The command line: what it writes, and what it says where it cannot."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.grading.notebooks import honest
from tests.grading.toy import EXERCISES
from w2v2course.__main__ import main as package
from w2v2course.grading.command import main


def test_a_class_of_one(tmp_path, sandbox, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ann.ipynb").write_bytes(honest())
    main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--jobs", "1", "--gradescope"], EXERCISES)
    out = tmp_path / "out"
    names = sorted(path.name for path in out.iterdir())
    assert names == [
        "feedback",
        "gradescope",
        "learners.csv",
        "records",
        "report.html",
        "results.json",
        "scores.csv",
        "seed",
    ]
    assert (out / "results.json").read_text() == (out / "gradescope" / "ann" / "results.json").read_text()
    assert stat.S_IMODE((out / "seed").stat().st_mode) == 0o600 and len((out / "seed").read_text()) == 33
    said = capsys.readouterr()
    assert "1/1" in said.err  # the bar
    assert said.out == f"Results: {out / 'scores.csv'} and {out / 'report.html'}\n"
    assert (out / "seed").read_text().strip() not in "".join(p.read_text() for p in out.rglob("*") if p.suffix)


def test_it_starts_where_nobody_tells_which_cores_are_ours(monkeypatch, capsys):
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    with pytest.raises(SystemExit, match="no folder"):
        main(["nowhere", "--out", "out"], EXERCISES)


def test_ctrl_c_ends_with_a_sentence(tmp_path, monkeypatch, capsys):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("w2v2course.grading.command.run", stopped)
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path), "--out", str(tmp_path / "out")], EXERCISES)
    assert ended.value.code == 130 and "stopped. What is graded is kept" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["nowhere", "--out", "out"], "no folder"),
        (["in", "--out", "out", "--jobs", "0"], "--jobs is 0"),
        (["in", "--out", "out", "--seed-file", "nowhere"], "seed file nowhere cannot be read"),
        (["in", "--out", "out", "--exercises", "cubism"], "no exercise and no notebook of exercises is called cubism"),
        (["in", "--out", "out", "--sandbox", "none"], "for submissions that you trust only"),
    ],
)
def test_wrong_arguments_end_with_a_sentence(tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/a.ipynb").write_bytes(honest())
    with pytest.raises(SystemExit, match=words):
        package(["grade", *options])


def test_help_where_no_system_call_counts_cores(monkeypatch, capsys):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)  # as on macOS
    with pytest.raises(SystemExit, match="0"):
        package(["grade", "--help"])
    assert "Grade a folder of exercise notebooks" in capsys.readouterr().out


def test_a_missing_bubblewrap_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "a.ipynb").write_bytes(honest())
    with pytest.raises(SystemExit, match=r"apt-get install bubblewrap; elsewhere than on Linux"):
        package(["grade", str(tmp_path), "--out", str(tmp_path / "out")])


def test_a_cluster_that_is_not_there_is_said(tmp_path, sandbox, monkeypatch):
    monkeypatch.setattr("w2v2course.grading.run.PATIENCE", 1)
    (tmp_path / "a.ipynb").write_bytes(honest())
    with pytest.raises(SystemExit, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        main([str(tmp_path), "--out", str(tmp_path / "out"), "--dask", "tcp://127.0.0.1:1"], EXERCISES)


def test_the_machine_s_fault_is_no_record(tmp_path, sandbox, monkeypatch):
    monkeypatch.setattr("w2v2course.grading.processes.Sandbox.command", lambda *_: [sys.executable, "-c", "exit(1)"])
    monkeypatch.setattr("w2v2course.grading.sandbox._try", lambda *_: "")
    (tmp_path / "a.ipynb").write_bytes(honest())
    with pytest.raises(SystemExit, match="1 could not be graded"):
        main([str(tmp_path), "--out", str(tmp_path / "out"), "--jobs", "1"], EXERCISES)
    assert list((tmp_path / "out" / "records").iterdir()) == []
    assert "not graded: NotGraded: its worker did not start" in (tmp_path / "out" / "scores.csv").read_text()


def test_as_a_program():
    ran = subprocess.run(
        [sys.executable, "-m", "w2v2course", "grade", "--help"],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "99"},
    )
    for option in ("--out", "--jobs", "--seed-file", "--sandbox", "--allow-unsafe", "--gradescope", "--dask"):
        assert option in ran.stdout
