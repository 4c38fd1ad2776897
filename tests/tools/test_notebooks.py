import shutil

import pytest

from tools import notebooks, plan, repository, stale

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
    monkeypatch.setattr(notebooks, "BOOK", tmp_path / "book")
    monkeypatch.setattr(repository, "CONFIG", tmp_path / "_config.yml")
    repository.CONFIG.write_text('repository:\n  url: "" # unset\n  branch: main\n')
    source = tmp_path / "book" / "sources" / "page.md"
    (source.parent / "exercises").mkdir(parents=True)
    source.write_text(SOURCE)
    return source


def make(run_anyway=False):
    for page in notebooks.pages():
        notebooks.make(page, run_anyway)


def check():
    notebooks.check(notebooks.pages())


def stored(kind="chapters"):
    return notebooks.read(notebooks.BOOK / kind / "page.ipynb")


@pytest.fixture
def made(course):
    make()
    return course


def test_a_source_becomes_a_notebook_that_was_run(made, capsys):
    notebook = stored()
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "markdown", "code"]
    setup = notebook.cells[1].source.splitlines()
    assert len(setup) == 2 and "No repository address is set" in setup[0]
    assert "not been told its repository address" in notebook.cells[0].source
    assert notebook.cells[3].outputs[0].text == "42\n"
    assert notebook.cells[3].metadata == {"mystnb": {"image": {"alt": "a picture"}}}
    check()


def test_running_again_gives_the_same_bytes(made):
    path = notebooks.BOOK / "chapters" / "page.ipynb"
    before = path.read_bytes()
    make(run_anyway=True)
    assert path.read_bytes() == before


def test_new_text_and_a_new_address_run_nothing(made, monkeypatch):
    monkeypatch.setattr(notebooks, "run", lambda *_: pytest.fail("ran"))
    made.write_text(SOURCE.replace("Text.", "Other text."))
    with pytest.raises(SystemExit, match="cell 3 of the notebook is not the source's"):
        check()
    make()
    check()
    repository.stamp("https://github.com/you/course")
    make()
    cells = stored().cells
    assert "git+https://github.com/you/course" in cells[1].source and "--no-deps" in cells[1].source
    assert "colab.research.google.com/github/you/course/blob/main/book/chapters/page.ipynb" in cells[0].source
    assert cells[3].outputs[0].text == "42\n"
    check()


def test_new_code_is_stale(made):
    made.write_text(SOURCE.replace("6 * 7", "6 * 8"))
    with pytest.raises(SystemExit, match="changed after the notebook was run"):
        check()
    make()
    assert stored().cells[3].outputs[0].text == "48\n"
    check()


def test_the_check_writes_nothing(made):
    made.write_text(SOURCE.replace("6 * 7", "6 * 8"))
    path = notebooks.BOOK / "chapters" / "page.ipynb"
    before = path.read_bytes(), path.stat().st_mtime_ns
    with pytest.raises(SystemExit):
        check()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_unrun_missing_and_orphaned_notebooks_are_named(made):
    notebook = stored()
    notebook.cells[3].execution_count = None
    notebooks.write(notebook, notebooks.BOOK / "chapters" / "page.ipynb")
    with pytest.raises(SystemExit, match="never run"):
        check()
    shutil.move(notebooks.BOOK / "chapters" / "page.ipynb", notebooks.BOOK / "chapters" / "ghost.ipynb")
    with pytest.raises(SystemExit, match=r"(?s)page.md has no notebook.*ghost.ipynb has no source"):
        check()


def test_a_failing_cell_names_source_line_and_cell(course):
    course.write_text(SOURCE.replace("print(6 * 7)", "first = 1\nfirst / 0"))
    with pytest.raises(SystemExit, match=r"(?s)book/sources/page.md:20, cell 4: ZeroDivisionError.*first / 0"):
        make()
    assert stored() is None


def test_a_source_without_set_up_gets_a_sentence(course):
    course.write_text(SOURCE.replace("{{ setup }}", "pass"))
    with pytest.raises(SystemExit, match="the set-up cell"):
        plan.planned(course)


def test_package_code_behind_a_cell_is_found():
    def names(code):
        return {path.relative_to(stale.PACKAGE).as_posix() for path in stale.reached([code])}

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
    assert "Colab opens notebooks from GitHub" in plan.colab_line("https://git.uni.edu/a/b", "x.ipynb")


EXERCISE = SOURCE.replace(
    """print(6 * 7)
""",
    """def answer(x: int) -> int:
    \"\"\"Six times x.\"\"\"
    ### BEGIN SOLUTION
    secret = 6
    return secret * x
    ### END SOLUTION

try:
    print(answer(7))
except NotImplementedError as error:
    print("to do:", error)
""",
)


@pytest.fixture
def exercise(course):
    course.unlink()
    source = course.parent / "exercises" / "page.md"
    source.write_text(EXERCISE)
    make()
    return source


def test_an_exercise_becomes_two_notebooks(exercise):
    learners, solutions = stored("exercises"), stored("solutions")
    assert learners.cells[3].outputs[0].text == "to do: answer\n"
    assert solutions.cells[3].outputs[0].text == "42\n"
    stub = '    """Six times x."""\n    # your code here\n    raise NotImplementedError("answer")\n\ntry:'
    assert stub in learners.cells[3].source
    assert "secret = 6\n    return secret * x\n\ntry:" in solutions.cells[3].source
    for notebook in (learners, solutions):
        assert "SOLUTION" not in "".join(cell.source for cell in notebook.cells)
    text = (notebooks.BOOK / "exercises" / "page.ipynb").read_text()
    assert "secret" not in text
    check()


def test_a_new_solution_runs_the_solutions_only(exercise, monkeypatch, capsys):
    exercise.write_text(EXERCISE.replace("secret", "six"))
    with pytest.raises(SystemExit, match=r"page.md \(solutions\): cell 4 of the notebook is not the source's"):
        check()
    capsys.readouterr()
    make()
    assert capsys.readouterr().out.startswith("exercises/page: up to date\nsolutions/page: running")
    check()


def test_an_exercise_notebook_by_hand_is_found_out(exercise):
    notebook = stored("exercises")
    notebook.cells[3].source += "\n# edited"
    notebooks.write(notebook, notebooks.BOOK / "exercises" / "page.ipynb")
    with pytest.raises(SystemExit, match=r"exercises/page.md: cell 4"):
        check()
    exercise.unlink()
    with pytest.raises(SystemExit, match=r"book/exercises/page.ipynb has no source\nbook/solutions/page.ipynb has no"):
        check()


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    ### BEGIN SOLUTION\n    return 1",
        "def f():\n    ### END SOLUTION\n    ### BEGIN SOLUTION",
        "def f():\n    return 1  ### BEGIN SOLUTION",
        "### BEGIN SOLUTION\nx = 1\n### END SOLUTION",
    ],
)
def test_marks_out_of_order_get_a_sentence(code):
    with pytest.raises(ValueError, match=r"must take turns|outside a function"):
        plan.unsolved(code)


def test_exercise_notebooks_depend_on_the_specification_of_their_chapter():
    files = {
        path.relative_to(stale.PACKAGE).as_posix() for path in stale.reached(["import w2v2course.exercises.frames"])
    }
    assert {"exercises/frames.py", "exercises/mistakes/frames.py", "exercises/compare.py", "features.py"} <= files
    assert "exercises/order.py" not in files
