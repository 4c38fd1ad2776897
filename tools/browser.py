"""Which Chromium checks the pages: `$CHROMIUM`, the system's, or Playwright's own.

python -m tools.browser    # prints its path, or exits with a sentence
"""

import os
import shutil
import sys
from pathlib import Path

# Quiet and alone: no background traffic; without a sandbox only because it opens nothing but our own pages.
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required"
).split()


def chromium() -> str:
    """The path of a Chromium.

    Raises:
        FileNotFoundError: there is none.
    """
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            found = playwright.chromium.executable_path
    if not Path(found).exists():
        raise FileNotFoundError(f"no Chromium at {found}: install chromium, or set CHROMIUM to its path")
    return found


if __name__ == "__main__":
    try:
        print(chromium())
    except FileNotFoundError as error:
        sys.exit(str(error))
