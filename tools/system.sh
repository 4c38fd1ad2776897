#!/bin/sh
# What `make test` needs beyond Python: a Chromium for the pages, bubblewrap for the grader's sandbox. Fetched here where
# that is allowed; said in one sentence where not.
# usage: system.sh PYTHON
set -eu
python=$1

missing=""
if ! { [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
    || command -v google-chrome >/dev/null || "$python" -m tools.browser >/dev/null 2>&1; }; then
    missing="chromium"
fi
if [ "$(uname)" = Linux ] && ! command -v bwrap >/dev/null; then
    missing="$missing bubblewrap"
fi
[ -n "$missing" ] || exit 0

if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then root=""
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then root="sudo"
    else
        echo "The checks need what apt-get may not install here without a password: sudo apt-get install $missing" >&2
        exit 1
    fi
    echo "Installing with apt-get (once): $missing …"
    $root apt-get update -q
    # shellcheck disable=SC2086 # one word a package
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends $missing
    exit 0
fi
case "$missing" in *bubblewrap*)
    echo "bubblewrap is missing, so the tests of hostile submissions will be skipped: install it with your system's package manager" >&2 ;;
esac
case "$missing" in *chromium*)
    echo "Fetching Playwright's own Chromium (once) …"
    "$python" -m playwright install chromium || {
        echo "A Chromium is needed to check the pages, and none could be fetched: install one and set CHROMIUM to its path" >&2
        exit 1
    } ;;
esac
