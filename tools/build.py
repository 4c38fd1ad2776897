"""Build the web book from the stored outputs, warnings as errors, and print where it is."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HTML = ROOT / "book" / "_build" / "html"


def build() -> Path:
    """Build `book/_build/html` afresh.

    Raises:
        subprocess.CalledProcessError: Sphinx warned or failed; what it said is on stderr.
    """
    # A folder of its own, then a copy: Jupyter Book would otherwise put `_build` beside `_config.yml`.
    work = ROOT / "book" / "_build" / "work"
    shutil.rmtree(work, ignore_errors=True)
    command = ["jupyter-book", "build", str(ROOT), "--path-output", str(work), "-W", "--keep-going", "-q"]
    binary = Path(sys.executable).parent / command[0]
    subprocess.run([str(binary), *command[1:]], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    shutil.rmtree(HTML, ignore_errors=True)
    (work / "_build" / "html").rename(HTML)
    shutil.rmtree(work)
    return HTML


if __name__ == "__main__":
    try:
        print(build() / "index.html")
    except subprocess.CalledProcessError as error:
        sys.exit(f"the book did not build (exit {error.returncode}); what is wrong stands above")
