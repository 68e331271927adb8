"""The reference that is made from the code has all of it, and the site is whole and asks nobody for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.pytest_command import PYTEST

from pytest_intellisense.cli.main import main

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Name of each generated page -> its text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        import reference_pages

        return {name: page() for name, page in reference_pages.PAGES.items()}


def said(*arguments: str) -> str:
    command = [*PYTEST, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=DOCS, timeout=60).stdout


def test_every_option_has_its_line(pages: dict[str, str]) -> None:
    """Those that `pytest --help` has are those of the page."""
    shown = set(re.findall(r"^  (--intellisense-[\w-]+)", said("--help"), re.MULTILINE))
    assert shown
    assert set(re.findall(r"^\| `(--[\w-]+)`", pages["options"], re.MULTILINE)) == shown


def test_every_fixture_has_its_part(pages: dict[str, str]) -> None:
    """Those that `pytest --fixtures` has."""
    shown = set(re.findall(r"^(intellisense_\w+)", said("--fixtures", "--no-header"), re.MULTILINE))
    assert shown
    assert set(re.findall(r"^## (\w+)", pages["fixtures"], re.MULTILINE)) == shown


def test_every_command_has_its_part(pages: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Those that `intellisense --help` has."""
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = set(re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE))
    assert shown
    assert set(re.findall(r"^## intellisense (\w+)$", pages["commands"], re.MULTILINE)) == shown


def test_every_name_of_a_plan_is_explained(pages: dict[str, str]) -> None:
    """Types, operators, pipelines and keys."""
    from pytest_intellisense.engine.operators import OPERATORS
    from pytest_intellisense.engine.pipelines import BUILT_IN_PIPELINES
    from pytest_intellisense.model.plan import InjectionPlan, InjectionStep
    from pytest_intellisense.model.validation import VALIDATION_TYPES

    names = {
        "validation_types": VALIDATION_TYPES,
        "operators": OPERATORS,
        "plan_schema": [
            one.alias or name for model in (InjectionPlan, InjectionStep) for name, one in model.model_fields.items()
        ],
    }
    for page, wanted in names.items():
        assert [name for name in wanted if f"`{name}`" not in pages[page]] == [], page
    assert [name for name in BUILT_IN_PIPELINES if f"## {name}\n" not in pages["pipelines"]] == []


def test_the_exit_codes_are_explained(pages: dict[str, str]) -> None:
    """Each with its meaning."""
    from pytest_intellisense.cli import exits

    for name in (name for name in vars(exits) if name.isupper()):
        assert re.search(rf"^\| `{getattr(exits, name)}` \| {name} \| \S", pages["exit_codes"], re.MULTILINE), name


def test_the_examples_of_hooks_run() -> None:
    """What stands there is Python that defines the hook."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        from reference_pages.hooks import example_of, hooks

        examples = {name: example_of(hook) for name, hook in hooks()}
    for name, example in examples.items():
        namespace: dict = {}
        exec(example, namespace)
        assert not example or namespace[name]()
    assert any(examples.values())


def test_the_terminal_picture_fetches_nothing() -> None:
    """Its only address is the name of the format; pictures stay small."""
    picture = (DOCS / "pictures" / "failure.svg").read_text()
    assert set(re.findall(r"https?://[^\"' ]+", picture)) == {"http://www.w3.org/2000/svg"}
    assert all(path.stat().st_size < 200_000 for path in (DOCS / "pictures").iterdir())


@pytest.mark.long
def test_the_site_is_built_without_a_warning_and_asks_for_nothing(tmp_path: Path, browser: Any) -> None:
    """Every page opens in Chromium from the disk: nothing is requested from elsewhere, nothing is missing."""
    pytest.importorskip("furo")
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(DOCS), str(tmp_path)]
    made = subprocess.run(build, capture_output=True, text=True, check=False, timeout=120)
    assert (made.returncode, made.stderr) == (0, "")
    requested: list[str] = []
    complaints: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: requested.append(request.url))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for path in sorted(tmp_path.rglob("*.html")):
        page.goto(path.as_uri())
    page.close()
    assert complaints == []
    assert [url for url in requested if not url.startswith(("file:", "data:"))] == []
