"""Every code block of the README and the docs is true: plans run, Python runs, commands exist with their options."""

from __future__ import annotations

import argparse
import configparser
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import fakeredis
import pytest
import yaml

from pytest_intellisense.cli.main import SUBCOMMANDS, main
from pytest_intellisense.settings import add_options

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "docs" / "reference"
PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").rglob("*.md") if GENERATED not in page.parents)]
BLOCK = re.compile(r"^```(\S*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUN_OR_READ = {"json", "jsonc", "python", "console", "yaml", "toml", "ini"}
SHOWN = {"text", "xml", "{toctree}"}


def blocks(language: str) -> list:
    found = []
    for page in PAGES:
        for number, match in enumerate(BLOCK.finditer(page.read_text())):
            if match[1] == language:
                found.append(pytest.param(match[2], id=f"{page.stem}-{number}"))
    return found


def test_each_block_says_what_it_is() -> None:
    """A block of another kind would be looked at by no test."""
    kinds = {match[1] for page in PAGES for match in BLOCK.finditer(page.read_text())}
    assert kinds <= RUN_OR_READ | SHOWN


def test_plans_and_tests_in_the_docs_pass(pytester: pytest.Pytester) -> None:
    """Each JSON block is a whole plan (or the known issues) and passes with the reference application, as do Python tests."""
    (pytester.path / "screens").mkdir()
    shutil.copy(ROOT / "scenarios" / "screens" / "long_aapl.png", pytester.path / "screens")
    for number, block in enumerate(blocks("json")):
        name = "known_issues.json" if '"known_issues"' in block.values[0] else f"block{number}.plan.json"
        (pytester.path / name).write_text(block.values[0])
    for number, block in enumerate(blocks("python")):
        if "\ndef test_" in block.values[0]:
            (pytester.path / f"test_block{number}.py").write_text(block.values[0])
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--tb=short")
    assert result.ret == 0, result.stdout.str()


@pytest.mark.parametrize("code", blocks("python"))
def test_python_in_the_docs_runs(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each Python block defines what it says, with nothing but our packages and redis."""
    namespace: dict = {}
    exec(compile(code, "docs", "exec"), namespace)
    assert len(namespace) > 1


def parsers() -> dict[str, argparse.ArgumentParser]:
    """What reads the words after `intellisense X`."""
    found = {}
    for subcommand in SUBCOMMANDS:
        found[subcommand.NAME] = argparse.ArgumentParser(prog=subcommand.NAME, exit_on_error=False)
        subcommand.add_arguments(found[subcommand.NAME])
    return found


def commands() -> list:
    """Every line of a console block that is a command: what it prints stands below a line with `$`."""
    found = []
    for block in blocks("console"):
        lines = re.sub(r"\\\n\s*", "", block.values[0]).splitlines()
        typed = [line[2:] for line in lines if line.startswith("$ ")] or [line for line in lines if line.strip()]
        found += [pytest.param(shlex.split(line, comments=True), id=f"{block.id}-{line[:40]}") for line in typed]
    return [one for one in found if one.values[0]]


@pytest.mark.parametrize("words", commands())
def test_commands_in_the_docs_exist(words: list[str]) -> None:
    """With the options that they are given."""
    words = [word for number, word in enumerate(words) if number or "=" not in word]
    words = words[: next((number for number, word in enumerate(words) if word in (">", "|", "&&", ";", "||")), len(words))]
    match words:
        case ["intellisense", name, *arguments]:
            parsers()[name].parse_args(arguments)
        case ["./dev", name, *_]:
            assert f"    {name}) " in (ROOT / "dev").read_text()
        case ["python", "-m", module, *_]:
            assert (ROOT / module.replace(".", "/")).exists()
        case ["pytest", *arguments]:
            known = argparse.ArgumentParser(allow_abbrev=False)
            known.getgroup, known.addoption, known.addini = lambda *_: known, known.add_argument, lambda *_, **__: None
            add_options(known)
            assert [word for word in known.parse_known_args(arguments)[1] if word.startswith("--intellisense")] == []
        case _:
            assert words[0] in ("cd", "git", "pip", "redis-cli", "jq", "cat"), words


def test_defaults_in_the_docs_hold_for_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each block of JSON with comments is a `plan_defaults.jsonc`, and nothing in it is wrong."""
    for block in blocks("jsonc"):
        folder = tmp_path / block.id
        folder.mkdir()
        (folder / "plan_defaults.jsonc").write_text(block.values[0])
        (folder / "one.plan.json").write_text(blocks("json")[0].values[0])
        assert main(["check", str(folder)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("text", blocks("yaml"))
def test_yaml_in_the_docs_can_be_read(text: str) -> None:
    assert yaml.safe_load(text)


@pytest.mark.parametrize("text", blocks("toml"))
def test_toml_in_the_docs_can_be_read(text: str) -> None:
    assert tomllib.loads(text)


@pytest.mark.parametrize("text", blocks("ini"))
def test_ini_in_the_docs_can_be_read(text: str) -> None:
    ini = configparser.ConfigParser()
    ini.read_string(text)
    assert ini.sections()


def test_the_adapter_of_the_readme_takes_an_injection(monkeypatch: pytest.MonkeyPatch) -> None:
    """An application with this adapter gets the trade command and answers it."""
    from types import SimpleNamespace

    from helpers.injecting import inject_and_wait

    server = fakeredis.FakeServer(version=(7, 4))
    monkeypatch.setenv("TESTRADE_INJECTION_RUN_ID", "desk-42")
    namespace: dict = {}
    exec(compile(blocks("python")[0].values[0], "README.md", "exec"), namespace)
    namespace["redis"] = SimpleNamespace(Redis=lambda **_: fakeredis.FakeRedis(server=server))
    received: list = []
    app = SimpleNamespace(
        config=SimpleNamespace(redis_host="localhost", redis_port=6379, injection_allowed=True),
        mode=SimpleNamespace(name="PAPER"),
        order_requests=SimpleNamespace(put=lambda parameters, correlation_id: received.append((parameters, correlation_id))),
    )
    adapter = namespace["IntelliSenseAdapter"](app)
    try:
        answer = inject_and_wait(fakeredis.FakeRedis(server=server), "trade_command", {"request_id": "r1"}, run_id="desk-42")
    finally:
        adapter.close()
    assert answer["status"] == "success"
    assert answer["data"] == {"request_id": "r1"}
    assert received == [({"request_id": "r1"}, "docs")]


def test_the_readme_is_short() -> None:
    """A README is read when it is short."""
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    """Relative links name files that exist."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_parameter_of_the_reference_application_is_documented() -> None:
    """Name and component of each stand in the table."""
    from testrade_hooks.reference.parameters import PARAMETERS

    text = (ROOT / "docs" / "reference_app.md").read_text()
    assert [name for name, one in PARAMETERS.items() if f"| `{name}` | {one.component} |" not in text] == []


def test_plans_page_names_everything_a_plan_may_use() -> None:
    """No stimulus, pipeline, validation type or operator is undocumented."""
    from typing import get_args

    from pytest_intellisense.engine.operators import OPERATORS
    from pytest_intellisense.engine.pipelines import BUILT_IN_PIPELINES
    from pytest_intellisense.model.stimulus import Stimulus
    from pytest_intellisense.model.validation import VALIDATION_TYPES

    text = (ROOT / "docs" / "plans.md").read_text()
    stimuli = [get_args(model.model_fields["type"].annotation)[0] for model in get_args(get_args(Stimulus)[0])]
    missing = [name for name in (*stimuli, *BUILT_IN_PIPELINES, *VALIDATION_TYPES, *OPERATORS) if f"`{name}`" not in text]
    assert missing == []


def test_dev_can_install_every_group_of_packages_it_needs() -> None:
    """`need_venv GROUP` reads the packages from pyproject.toml."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    needed = {name for names in re.findall(r"need_venv ([a-z ]+)", (ROOT / "dev").read_text()) for name in names.split()}
    assert {"test", "check", "docs", "bench"} <= needed
    assert sorted(needed - {"core"} - set(groups)) == []
