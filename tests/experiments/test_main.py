"""The one command for every table of the race: finished tables cost nothing, and no part is forgotten."""

import shutil
from importlib import import_module

import pytest

from w2v2course.experiments.__main__ import PARTS, main
from w2v2course.tables import FOLDER


def test_with_the_shipped_tables_there_is_nothing_left_to_train(tmp_path):
    before = {path.name: path.read_text() for path in FOLDER.glob("race_*.csv")}
    for name in before:
        shutil.copy(FOLDER / name, tmp_path / name)
    main([str(tmp_path)])
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_every_race_table_has_its_part():
    told = " ".join(str(import_module(f"w2v2course.experiments.{part}").__doc__) for part in PARTS)
    assert len(list(FOLDER.glob("race_*.csv"))) == 7
    assert [path.name for path in FOLDER.glob("race_*.csv") if f"`{path.name}`" not in told] == []


def test_a_part_that_fails_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way of the folder")
    with pytest.raises(SystemExit, match=r"^race failed"):
        main([str(tmp_path / "file")])
