import pytest

from w2v2course.tables import FOLDER, read_table, write_table

SHIPPED = sorted(path.name for path in FOLDER.glob("*.csv"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_table_has_rows_and_says_where_it_comes_from(name):
    rows = read_table(name)
    assert rows and all(None not in row and None not in row.values() for row in rows)
    head = [line for line in (FOLDER / name).read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    assert {"made by", "date", "machine", "versions"} <= {line[2:].split(":")[0] for line in head}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "a.csv"
    write_table(path, [{"x": 1, "y": "a, b"}, {"x": 2.5, "y": "#"}], {"made by": "hand", "date": "today"})
    assert read_table(path) == [{"x": "1", "y": "a, b"}, {"x": "2.5", "y": "#"}]
    assert path.read_text().startswith("# made by: hand\n# date: today\n")
    assert [found.name for found in tmp_path.iterdir()] == ["a.csv"]


def test_a_failed_write_leaves_the_old_table(tmp_path):
    path = tmp_path / "a.csv"
    write_table(path, [{"x": 1}], {})
    with pytest.raises(ValueError, match="y"):
        write_table(path, [{"x": 1}, {"x": 1, "y": 2}], {})
    assert read_table(path) == [{"x": "1"}]


def test_a_table_that_is_not_there_gets_a_sentence():
    with pytest.raises(FileNotFoundError, match=r"no table 'race'; the shipped ones are: .*race_order\.csv"):
        read_table("race")
