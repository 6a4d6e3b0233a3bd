#!/bin/sh
# The browser tests need a Chromium. Install Debian's when it is missing and this user may; else say so, loudly.
if command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium and a CJK font for the browser tests ..."
    if apt-get update -qq >/dev/null && apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; then
        exit 0
    fi
fi
if [ -n "$CI" ]; then
    echo "No Chromium and no way to install one: in CI the browser tests are never skipped." >&2
    exit 1
fi
echo "=================================================================================" >&2
echo "NO CHROMIUM: THE BROWSER TESTS WILL BE SKIPPED. Install it: apt-get install chromium" >&2
echo "=================================================================================" >&2
exit 0
