"""The commands of the README and the docs do what they say: typed as they stand, page by page, in a shell.

Not typed here are `./dev …`, which CI runs itself, and pages that have a test of their own. Other than on the page are the
port of Redis, the archive's folder and ids that a run makes up.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from helpers.capture_command import publish
from helpers.pytest_command import AS_ADDOPTS
from helpers.redis_server import RedisServer
from helpers.written_session import WrittenSession

ROOT = Path(__file__).parents[2]
OF_THEIR_OWN = {"sessions": "test_sessions_page.py", "redis": "tests/streams/test_contract.py, which it names"}
PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if page.stem not in OF_THEIR_OWN]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
PLAN = re.compile(r"^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)
RIGHTS = re.compile(r"^ACL SETUSER recorder on >PASSWORD (.+)$", re.MULTILINE)
RIGHT = re.compile(r"\([^)]*\)|\S+")
PASSWORD = "open sesame"
UNTIL_CTRL_C = re.compile(r"intellisense capture start(?!.*--detach)|.*python -m testrade_hooks\.reference")
OTHER_CODES = {
    "pytest scenarios/ --lf -vv": {1},
    "pytest scenarios/            # 2 passed, 1 failed on purpose": {1},
    "pytest scenarios/ --intellisense-repeat 10 --intellisense-compare main": {0, 1},
    "pytest scenarios/ --intellisense-compare main": {0, 1},
    "intellisense gate": {0, 1},
    "intellisense compare": {0, 1},
}
"""Where an end other than 0 is what the page says, or depends on how steady this machine is."""


def typed(page: Path) -> list[str]:
    commands = []
    for block in BLOCK.findall(page.read_text()):
        lines = block.splitlines()
        commands += [line[2:] for line in lines if line.startswith("$ ")] or [line for line in lines if line.strip()]
    return [command for command in commands if not command.startswith("./dev ")]


@dataclass
class Desk:
    """A folder with plans, a home, a Redis, and the processes that run until Ctrl-C."""

    folder: Path
    home: Path
    redis: RedisServer
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {"HOME": str(self.home), "PATH": path, "PYTHONPATH": str(ROOT)}
        return {**os.environ, **AS_ADDOPTS, **own}

    def as_here(self, command: str) -> str:
        for written, here in {
            "127.0.0.1:6379": f"127.0.0.1:{self.redis.port}",
            "desk:6379": f"127.0.0.1:{self.redis.port}",
            "/mnt/archive": str(self.folder / "archive"),
            "buy_2893b59e": self.a_correlation_id(),
        }.items():
            command = command.replace(written, here)
        if "capture start" in command and "--redis-url" not in command:
            command = f"INTELLISENSE_REDIS={self.redis.url} {command}"
        return command

    def a_correlation_id(self) -> str:
        report = self.folder / "reports" / "report.json"
        return json.loads(report.read_text())["plans"][0]["steps"][0]["correlation_id"] if report.exists() else "none_yet"

    def type(self, command: str) -> None:
        if command.startswith("cd "):
            self.folder /= command[3:].strip()
        elif UNTIL_CTRL_C.match(command):
            self.start(command)
        else:
            done = self.run(self.as_here(command))
            allowed = next((codes for known, codes in OTHER_CODES.items() if command.startswith(known)), {0})
            assert done.returncode in allowed, f"$ {command}\n{done.stdout}{done.stderr}"
            assert "Traceback" not in done.stdout + done.stderr, f"$ {command}\n{done.stdout}{done.stderr}"
        if "capture start" in command:
            self.publish()
        if UNTIL_CTRL_C.match(command) and "capture start" in command:
            self.end()

    def publish(self) -> None:
        """A recorder that saw nothing says so and does not end with 0."""
        with self.redis.client() as client:
            publish(client, range(3))

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120
        )

    def start(self, command: str) -> None:
        """Return when it says that it runs. A recording is ended at once, an application when the page is."""
        process = subprocess.Popen(
            ["bash", "-c", f"exec env {self.as_here(command)}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        assert process.stdout is not None
        if not process.stdout.readline():
            raise AssertionError(f"$ {command}\n{process.communicate()[1]}")

    def end(self) -> None:
        """As with Ctrl-C."""
        for process in self.running:
            process.send_signal(signal.SIGINT)
            said = "".join(process.communicate(timeout=60))
            assert process.returncode in (0, 130), said
            assert "Traceback" not in said
        self.running.clear()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The tutorial's plan under two names, one that fails, a run of them, and a recording that is called SESSION."""
    scenarios, home = tmp_path / "scenarios", tmp_path / "home"
    home.mkdir()
    scenarios.mkdir()
    (plan, *_) = PLAN.findall((ROOT / "docs" / "tutorial.md").read_text())
    for name in ("buy_ten", "long_line"):
        (scenarios / f"{name}.plan.json").write_text(plan.replace("buy_ten", name))
    with RedisServer() as server:
        here = Desk(tmp_path, home, server)
        yield here
        for process in here.running:
            process.kill()


def prepared_for_gate(desk: Desk) -> None:
    """Another baseline to compare with, and one that the page's `main` comes after."""
    for name in ("other", "main"):
        assert desk.run(f"pytest scenarios/ --intellisense-repeat 10 --intellisense-save {name}").returncode == 0


def prepared_for_find_out_why_a_plan_failed(desk: Desk) -> None:
    """A run in which a plan failed."""
    plan = desk.folder / "scenarios" / "buy_ten.plan.json"
    plan.write_text(plan.read_text().replace('"expected_value": 10}', '"expected_value": 11}'))
    assert desk.run("pytest scenarios/").returncode == 1


def prepared_for_reports(desk: Desk) -> None:
    """A run, its session under the name of the page, and the reports of two machines."""
    assert desk.run("pytest scenarios/").returncode == 0
    (session,) = (desk.folder / "captures").iterdir()
    session.rename(session.with_name("20261123_101500-7f3c19"))
    for machine, plan in {"one": "buy_ten", "two": "long_line"}.items():
        assert desk.run(f"pytest scenarios/{plan}.plan.json").returncode == 0
        shutil.copytree(desk.folder / "reports", desk.folder / machine / "reports")


def prepared_for_housekeeping(desk: Desk) -> None:
    """A recording that has ended, and a disk for archives."""
    (desk.folder / "archive").mkdir()
    with WrittenSession(desk.folder / "captures", "SESSION") as session:
        session.say()


def prepared_for_doctor(desk: Desk) -> None:
    """An application, and a user with the rights that the docs give a recorder, whose password is in a file."""
    desk.start("python -m testrade_hooks.reference --redis-url redis://127.0.0.1:6379/0 --run-id desk-42")
    (rights,) = RIGHTS.findall((ROOT / "docs" / "capture.md").read_text())
    with desk.redis.client() as admin:
        admin.execute_command("ACL SETUSER", "recorder", "on", f">{PASSWORD}", *RIGHT.findall(rights))
    file = desk.home / ".redis-password"
    file.write_text(PASSWORD)
    file.chmod(0o600)


PREPARED = {name.removeprefix("prepared_for_"): value for name, value in globals().items() if name.startswith("prepared_for_")}


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.long) if page.stem == "gate" else page  # it starts every build many times
        for page in PAGES
        if typed(page)
    ],
    ids=lambda page: page.stem,
)
def test_the_commands_of_the_page_run(page: Path, desk: Desk) -> None:
    """One after the other; each ends as the page lets expect, and none with a traceback."""
    PREPARED.get(page.stem, lambda _desk: None)(desk)
    for command in typed(page):
        desk.type(command)
    desk.end()


def test_a_command_that_the_page_misspells_would_be_found(desk: Desk) -> None:
    """Control."""
    for wrong in (
        "intellisense serch captures",
        "pytest scenarios/ --intellisense-dry-rum",
        "intellisense capture start --segmnt 1",
    ):
        with pytest.raises(AssertionError, match="error"):
            desk.type(wrong)
