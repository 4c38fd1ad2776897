import shutil

import pytest

from tools import notebooks, repository

SOURCE = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A page

{{ colab }}

```{code-cell} ipython3
{{ setup }}
```

Text.

```{code-cell} ipython3
:mystnb: {image: {alt: "a picture"}}
print(6 * 7)
```
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An empty course in a folder of its own, with one source."""
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(notebooks, "SOURCES", tmp_path / "sources")
    monkeypatch.setattr(notebooks, "CHAPTERS", tmp_path / "chapters")
    monkeypatch.setattr(repository, "CONFIG", tmp_path / "_config.yml")
    repository.CONFIG.write_text('repository:\n  url: "" # unset\n  branch: main\n')
    (tmp_path / "sources").mkdir()
    source = tmp_path / "sources" / "page.md"
    source.write_text(SOURCE)
    return source


def check(course):
    notebooks.check([course])


def stored(course):
    return notebooks.read(notebooks.CHAPTERS / "page.ipynb")


@pytest.fixture
def made(course):
    notebooks.make(course, run_anyway=False)
    return course


def test_a_source_becomes_a_notebook_that_was_run(made, capsys):
    notebook = stored(made)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "markdown", "code"]
    setup = notebook.cells[1].source.splitlines()
    assert len(setup) == 2 and "No repository address is set" in setup[0]
    assert "not been told its repository address" in notebook.cells[0].source
    assert notebook.cells[3].outputs[0].text == "42\n"
    assert notebook.cells[3].metadata == {"mystnb": {"image": {"alt": "a picture"}}}
    check(made)


def test_running_again_gives_the_same_bytes(made):
    path = notebooks.CHAPTERS / "page.ipynb"
    before = path.read_bytes()
    notebooks.make(made, run_anyway=True)
    assert path.read_bytes() == before


def test_new_text_and_a_new_address_run_nothing(made, monkeypatch):
    monkeypatch.setattr(notebooks, "run", lambda *_: pytest.fail("ran"))
    made.write_text(SOURCE.replace("Text.", "Other text."))
    with pytest.raises(SystemExit, match="cell 3 of the notebook is not the source's"):
        check(made)
    notebooks.make(made, run_anyway=False)
    check(made)
    repository.stamp("https://github.com/you/course")
    notebooks.make(made, run_anyway=False)
    cells = stored(made).cells
    assert "git+https://github.com/you/course" in cells[1].source and "--no-deps" in cells[1].source
    assert "colab.research.google.com/github/you/course/blob/main/book/chapters/page.ipynb" in cells[0].source
    assert cells[3].outputs[0].text == "42\n"
    check(made)


def test_new_code_is_stale(made):
    made.write_text(SOURCE.replace("6 * 7", "6 * 8"))
    with pytest.raises(SystemExit, match="changed after the notebook was run"):
        check(made)
    notebooks.make(made, run_anyway=False)
    assert stored(made).cells[3].outputs[0].text == "48\n"
    check(made)


def test_the_check_writes_nothing(made):
    made.write_text(SOURCE.replace("6 * 7", "6 * 8"))
    path = notebooks.CHAPTERS / "page.ipynb"
    before = path.read_bytes(), path.stat().st_mtime_ns
    with pytest.raises(SystemExit):
        check(made)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_unrun_missing_and_orphaned_notebooks_are_named(made):
    notebook = stored(made)
    notebook.cells[3].execution_count = None
    notebooks.write(notebook, notebooks.CHAPTERS / "page.ipynb")
    with pytest.raises(SystemExit, match="never run"):
        check(made)
    shutil.move(notebooks.CHAPTERS / "page.ipynb", notebooks.CHAPTERS / "ghost.ipynb")
    with pytest.raises(SystemExit, match=r"(?s)page.md has no notebook.*ghost.ipynb has no source"):
        check(made)


def test_a_failing_cell_names_source_line_and_cell(course):
    course.write_text(SOURCE.replace("print(6 * 7)", "first = 1\nfirst / 0"))
    with pytest.raises(SystemExit, match=r"(?s)sources/page.md:20, cell 4: ZeroDivisionError.*first / 0"):
        notebooks.make(course, run_anyway=False)
    assert stored(course) is None


def test_a_source_without_set_up_gets_a_sentence(course):
    course.write_text(SOURCE.replace("{{ setup }}", "pass"))
    with pytest.raises(SystemExit, match="the set-up cell"):
        notebooks.planned(course)


def test_package_code_behind_a_cell_is_found():
    def names(code):
        return {path.relative_to(notebooks.PACKAGE).as_posix() for path in notebooks.reached([code])}

    attention = names("from w2v2course.attention import attention")
    assert attention == {"__init__.py", "attention.py", "lengths.py"}
    shuffle = names("from w2v2course.explorers.shuffle import shuffle_frames")
    assert {"explorers/shuffle.js", "explorers/page.js", "explorers/page.css", "explorers/page.py"} <= shuffle
    assert "explorers/frames.js" not in shuffle and "speech.py" not in shuffle
    assert {"speech.py", "audio/recordings/manifest.json"} <= names("from w2v2course import speech")
    assert {"plots.py", "style.mplstyle"} <= names("from w2v2course import plots\n%matplotlib inline\n!ls")


def test_stamping_is_idempotent_and_reversible(course):
    before = repository.CONFIG.read_text()
    for _ in range(2):
        repository.stamp("https://github.com/you/course/")
        assert repository.address() == "https://github.com/you/course"
    repository.stamp("")
    assert repository.CONFIG.read_text() == before
    for bad in ("github.com/you/course", "http://github.com/you", 'https://github.com/"'):
        with pytest.raises(SystemExit, match="is no repository address"):
            repository.stamp(bad)


def test_other_hosts_than_github_are_said_plainly():
    assert "Colab opens notebooks from GitHub" in notebooks.colab_line("https://git.uni.edu/a/b", "x.ipynb")
