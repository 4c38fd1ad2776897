"""One zip for a classroom without a network: the built book, the notebooks, the exercises, the package.

python -m tools.bundle    # after `make book`; prints where the zip is and how large

What it does not carry stands in its own README: Python, PyTorch and the other libraries.
"""

import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

from tools.build import HTML, ROOT
from tools.package import build
from w2v2course import __version__

TOP = "w2v2-course"
ZIP = ROOT / "book" / "_build" / f"{TOP}-{__version__}.zip"
README = """\
The Intuition of Wav2Vec2's Transformer, to be used without a network
======================================================================

READ    Open book/index.html in a browser. Every page works from the file: pictures, sounds, figures that can be
        touched, search. Nothing is asked of any other host.

RUN     notebooks/ holds every chapter{exercises}. They need Python {python} or newer with the libraries below, and
        then the package from this folder:

            python -m pip install --no-index --no-deps package/{wheel}

        after which any notebook program opens them, for instance: jupyter lab notebooks
        The package brings its recordings, its small model and its tables. The first cell of a notebook sees that it
        is installed, and fetches nothing.

NOT IN HERE
        Python, PyTorch (hundreds of megabytes, different for every machine) and the other libraries:

            {libraries}
            and to run notebooks: jupyterlab (or notebook), ipykernel. Chapters that compare with the reference
            implementation need transformers; numba makes CTC faster, and without it everything works.

        On a machine with a network, once, for machines of the same kind:

            python -m pip download -d libraries {names} jupyterlab transformers numba

        and in the classroom:

            python -m pip install --no-index --find-links libraries {names} jupyterlab transformers numba

LICENCES Code: Apache 2.0 (LICENSE). Text and figures: CC BY 4.0 (LICENSE-TEXT). Recordings: CC BY-SA 3.0, Asterisk
        core sounds, spoken by Allison Smith (inside the package).
"""


def bundle(target: Path = ZIP) -> Path:
    """Write the zip.

    Raises:
        FileNotFoundError: the book is not built.
    """
    if not (HTML / "index.html").is_file():
        raise FileNotFoundError("the book is not built: run 'make book' first")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        wheel = build("wheel", Path(folder))
        add(archive, "README.txt", readme(wheel.name).encode())
        add(archive, f"package/{wheel.name}", wheel.read_bytes())
        for name in ("LICENSE", "LICENSE-TEXT"):
            add(archive, name, (ROOT / name).read_bytes())
        for path in sorted(HTML.rglob("*")):
            if path.is_file():
                add(archive, f"book/{path.relative_to(HTML).as_posix()}", path.read_bytes())
        for kind in ("chapters", "exercises"):
            for path in sorted((ROOT / "book" / kind).glob("*.ipynb")):
                add(archive, f"notebooks/{kind}/{path.name}", path.read_bytes())
    return target


def readme(wheel: str) -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    libraries = [library.replace(">=", " ") for library in project["dependencies"]]
    return README.format(
        exercises=" and the exercises of each" if any((ROOT / "book" / "exercises").glob("*.ipynb")) else "",
        python=project["requires-python"].removeprefix(">="),
        wheel=wheel,
        libraries=", ".join(f"{library} or newer" for library in libraries),
        names=" ".join(library.split()[0] for library in libraries),
    )


def add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(f"{TOP}/{name}", date_time=(2026, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


if __name__ == "__main__":
    try:
        where = bundle()
    except FileNotFoundError as error:
        sys.exit(str(error))
    print(f"{where} ({where.stat().st_size / 1e6:.0f} MB)")
