import re
import subprocess
import sys

import pytest

import w2v2course
from tools.notebooks import ROOT
from w2v2course.__main__ import CHAPTERS, main, overview


def test_it_says_what_there_is():
    said = overview()
    assert said.startswith(f"w2v2course {w2v2course.__version__}:")
    there = {path.stem for path in (ROOT / "book" / "sources").glob("*.md")}
    assert there <= set(CHAPTERS), "every chapter that is written is listed"
    for name in ("attention", "ctc.alignments", "positions", "tables"):
        assert re.search(rf"^  {re.escape(name)} +\S.{{20,}}$", said, flags=re.M)
    assert "w2v2course grade" in said and "w2v2course.training" in said


def test_every_module_says_in_a_line_what_it_is():
    listed = re.findall(r"^  ([\w.]+)  +\S", overview().partition("Modules")[2].partition("Commands")[0], flags=re.M)
    package = ROOT / "w2v2course"
    modules = {
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__")
        for path in package.rglob("*.py")
        if not any(part.startswith("_") and part != "__init__.py" for part in path.relative_to(package).parts)
    } - {"__init__"}
    assert set(listed) == modules


def test_it_imports_nothing_heavy():
    code = "import sys, w2v2course.__main__ as m; m.main([]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True).returncode == 0


def test_an_unknown_command_gets_a_sentence():
    with pytest.raises(SystemExit, match="no command 'nonsense'"):
        main(["nonsense"])


def test_one_version_and_how_to_cite():
    import yaml

    assert re.fullmatch(r"\d+\.\d+\.\d+", w2v2course.__version__), "a semantic version"
    card = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert card["version"] == w2v2course.__version__ and card["cff-version"] == "1.2.0"
    assert "http" not in (ROOT / "CITATION.cff").read_text(), "no address that nobody has given"
    elsewhere = [
        path
        for path in [ROOT / "pyproject.toml", *(ROOT / "w2v2course").rglob("*.py")]
        if path.name != "__init__.py" and f'"{w2v2course.__version__}"' in path.read_text(encoding="utf-8")
    ]
    assert elsewhere == [], "the version stands once"
