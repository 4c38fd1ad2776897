#!/bin/sh
# What `make test` needs beyond Python: a Chromium. Fetched here where that is allowed; said in one sentence where not.
# usage: system.sh PYTHON
set -eu
python=$1

if [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
    || command -v google-chrome >/dev/null || "$python" -m tools.browser >/dev/null 2>&1; then
    exit 0
fi
if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then root=""
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then root="sudo"
    else
        echo "A Chromium is needed to check the pages, and apt-get may not be used here without a password: sudo apt-get install chromium" >&2
        exit 1
    fi
    echo "Installing chromium with apt-get (once) …"
    $root apt-get update -q
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends chromium
else
    echo "Fetching Playwright's own Chromium (once) …"
    "$python" -m playwright install chromium || {
        echo "A Chromium is needed to check the pages, and none could be fetched: install one and set CHROMIUM to its path" >&2
        exit 1
    }
fi
