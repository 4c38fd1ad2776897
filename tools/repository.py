"""The repository's address: it stands once, in `_config.yml`.

python -m tools.repository https://github.com/you/course    # set it
python -m tools.repository ""                               # take it out again
"""

import re
import sys
from pathlib import Path

CONFIG = Path(__file__).parent.parent / "_config.yml"
LINE = re.compile(r'^(  url: )"([^"\n]*)"', flags=re.M)


def address() -> str:
    """The address, or an empty string while it is unset."""
    found = LINE.search(CONFIG.read_text(encoding="utf-8"))
    if found is None:
        sys.exit("_config.yml has lost its line '  url: \"…\"' below 'repository:'; put it back, empty if unset")
    return found[2]


def stamp(url: str) -> None:
    """Write the address into `_config.yml`; an empty one unsets it."""
    if url and not re.fullmatch(r"https://[\w.-]+/[\w./-]+", url):
        sys.exit(f"{url!r} is no repository address: give one such as https://github.com/you/course, or '' to unset it")
    address()
    text = CONFIG.read_text(encoding="utf-8")
    CONFIG.write_text(LINE.sub(lambda found: f'{found[1]}"{url.rstrip("/")}"', text, count=1), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("give one address: make repository URL=https://github.com/you/course")
    stamp(sys.argv[1])
