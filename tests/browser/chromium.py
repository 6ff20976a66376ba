"""Finds the Chromium for the browser tests.

``python -m tests.browser.chromium`` prints its path, or fails if there is none.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.waiting import LIMIT_S

# Playwright's defaults of five and thirty seconds are too short on a busy machine.
LIMIT_MS = 1000 * LIMIT_S
expect.set_options(timeout=LIMIT_MS)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_OPTIONS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--no-sandbox",
    # A tab in the background must stay live.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)


# Playwright's own Node needs a library that a minimal Debian lacks.
_node = shutil.which("node")
if _node is not None:
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", _node)


def find_chromium(playwrights_own: str) -> str | None:
    """Return the path of a Chromium on this machine, or Playwright's own."""
    for name in _NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    return playwrights_own if Path(playwrights_own).exists() else None


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run a headless browser for the length of a with block."""
    with sync_playwright() as playwright:
        executable = find_chromium(playwright.chromium.executable_path)
        if executable is None:
            message = "no Chromium found: run .ci/chromium, or install one"
            raise FileNotFoundError(message)
        browser = playwright.chromium.launch(
            executable_path=executable, args=list(_OPTIONS), timeout=LIMIT_MS
        )
        yield browser
        browser.close()


if __name__ == "__main__":
    with sync_playwright() as running:
        path = find_chromium(running.chromium.executable_path)
    sys.exit(print(path) if path else "no Chromium found")
