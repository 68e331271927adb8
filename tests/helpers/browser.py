"""A real browser, once for all tests that look at a page."""

from __future__ import annotations

import shutil

import pytest

CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser():
    """Chromium as the system has it, without network, closed at the end."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, CANDIDATES)), None)
    if path is None:
        pytest.fail("no Chromium on PATH: ./dev test installs it", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()
