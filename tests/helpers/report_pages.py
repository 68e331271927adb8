"""Pages of reports in a real browser: opened, looked at, photographed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PICTURES = Path(__file__).parents[2] / "reports" / "screenshots"
AXE_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@contextmanager
def opened(browser, path: Path, *, fragment: str = "", width: int = 1440, **options) -> Iterator:
    """A page of the report that finished its work; fails the test for anything on the console or over the network."""
    context = browser.new_context(viewport={"width": width, "height": 1000}, **options)
    page = context.new_page()
    noise: list[str] = []
    page.on("console", lambda message: noise.append(f"console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: noise.append(f"error: {error}"))
    page.on("request", lambda request: noise.append(request.url) if not request.url.startswith(("file:", "data:")) else None)
    page.goto(path.as_uri() + fragment)
    page.wait_for_selector("body[data-ready]", state="attached")
    yield page
    context.close()
    assert noise == []


def violations(page) -> list[str]:
    """What axe-core objects to: the rule and the elements."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=AXE_RULES).response["violations"]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]


def photograph(page, name: str) -> None:
    """Keep a picture of the page in reports/screenshots/."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
