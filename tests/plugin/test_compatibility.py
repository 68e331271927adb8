"""Whatever else is installed or set, a run of the same plans has the same verdicts and says each failure once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

WIDTH = 100
LINES_OF_PYTEST = ("rootdir: ", "plugins: ", "FAILED ", "- Generated html report", "json ", "report ")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
BUY = {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 10}
TOO_MANY = {**BUY, "quantity": 900, "symbol": "MSFT"}
UNKNOWN = {"type": "config_change", "parameter": "no_such_parameter", "new_value": 1}
DONE = {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}
FILLED_11 = {
    "validation_id": "quantity",
    "type": "specific_log_event_field",
    "target_identifier": "T4_BrokerFillLog",
    "field_to_check": "fill_quantity",
    "expected_value": 11,
}
PLANS: dict[str, dict] = {
    "passes": {"stimulus": BUY, "expects": [DONE]},
    "wrong_value": {"stimulus": BUY, "expects": [DONE, FILLED_11]},
    "never_filled": {"stimulus": TOO_MANY, "expects": [DONE]},
    "refused": {"stimulus": UNKNOWN, "expects": [DONE]},
    "skipped": {"stimulus": BUY, "expects": [DONE], "skip": "no broker today"},
    "known": {"stimulus": BUY, "expects": [FILLED_11], "xfail": "BUG-12"},
}
VERDICTS = {
    "passes": ("passed", None),
    "wrong_value": ("failed", "VALUE"),
    "never_filled": ("failed", "MISSING"),
    "refused": ("error", "ENV"),
    "broken": ("error", "PLAN"),
    "skipped": ("skipped", None),
    "known": ("failed", "VALUE"),
}


@dataclass(frozen=True)
class Surroundings:
    """Arguments and environment of a run, and the plugins of our own tests that it does without."""

    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ("sugar", "allure_pytest", "hypothesispytest", "anyio")

    def __and__(self, other: Surroundings) -> Surroundings:
        without = tuple(name for name in self.without if name in other.without)
        return Surroundings(self.arguments + other.arguments, self.environment | other.environment, without)


EVERYTHING = {"sugar", "allure_pytest", "hypothesispytest", "anyio"}


def beside(plugin: str, *arguments: str) -> Surroundings:
    return Surroundings(arguments, without=tuple(sorted(EVERYTHING - {plugin})))


ALONE: dict[str, Surroundings] = {
    "plain": Surroundings(),
    "xdist": Surroundings(("-n", "2")),
    "no-xdist": Surroundings(("-p", "no:xdist")),
    "ci": Surroundings(environment={"CI": "1"}),
    "sugar": beside("sugar", "--force-sugar"),
    "allure": beside("allure_pytest", "--alluredir=allure"),
    "reruns": Surroundings(("--reruns", "1")),
    "no-html": Surroundings(("-p", "no:html")),
    "no-timeout": Surroundings(("-p", "no:timeout")),
    "ascii": Surroundings(environment={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}),
    "no-colour": Surroundings(environment={"NO_COLOR": "1"}),
    "colour": Surroundings(("--color=yes",)),
}
TOGETHER = {
    "xdist+ci+ascii": ALONE["xdist"] & ALONE["ci"] & ALONE["ascii"],
    "sugar+allure+reruns+colour": ALONE["sugar"] & ALONE["allure"] & ALONE["reruns"] & ALONE["colour"],
    "no-xdist+no-html+no-timeout+no-colour": ALONE["no-xdist"] & ALONE["no-html"] & ALONE["no-timeout"] & ALONE["no-colour"],
}
MATRIX = [
    *(pytest.param(surroundings, id=name) for name, surroundings in TOGETHER.items()),
    *(pytest.param(surroundings, id=name, marks=pytest.mark.long) for name, surroundings in ALONE.items()),
]


def write_plans(folder: Path) -> None:
    for name, told in PLANS.items():
        pipeline = {} if told["stimulus"] is UNKNOWN else {"pipeline": "TRADE_CMD_TO_BROKER_FILL"}
        step = {"step_id": "one", "stimulus": told["stimulus"], **pipeline, "validation_points": told["expects"]}
        head = {key: value for key, value in told.items() if key not in ("stimulus", "expects")}
        plan = {"plan_name": name, **head, "steps": [step]}
        (folder / f"{name}.plan.json").write_text(json.dumps(plan, indent=2))
    (folder / "broken.plan.json").write_text('{"plan_name": "broken",\n "stepz": []}')


@dataclass(frozen=True)
class Run:
    """What a run left: its folder, and what it said."""

    folder: Path
    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[str]:
        return _ESCAPES.sub("", self.stdout).splitlines()

    def plans(self) -> list[dict]:
        return json.loads((self.folder / "reports" / "report.json").read_text())["plans"]


def run(folder: Path, surroundings: Surroundings) -> Run:
    write_plans(folder)
    (folder / "pytest.ini").touch()
    leave_out = [word for name in surroundings.without for word in ("-p", f"no:{name}")]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *leave_out, *surroundings.arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": str(WIDTH), "PYTHONIOENCODING": "utf-8", **surroundings.environment},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return Run(folder, ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize("surroundings", MATRIX)
def test_the_same_plans_have_the_same_verdicts(surroundings: Surroundings, tmp_path: Path) -> None:
    """Each failure is told once and fits; nothing else is said, and colours only where they were asked for."""
    ended = run(tmp_path, surroundings)
    check_verdicts(ended)
    check_texts(ended)
    assert ("\x1b[" in ended.stdout) == ("--color=yes" in surroundings.arguments)
    assert ended.stdout.isascii() or "PYTHONIOENCODING" not in surroundings.environment
    if "--alluredir=allure" in surroundings.arguments:
        check_allure(tmp_path / "allure")


def check_verdicts(ended: Run) -> None:
    """In the report, as the exit code, and as the counts of pytest."""
    plans = ended.plans()
    told = {_name(plan["nodeid"]): (plan["verdict"], plan["fault"]) for plan in plans}
    assert told == VERDICTS
    assert len(plans) == len(VERDICTS)
    assert ended.code == 1
    words = " ".join(ended.lines[-16:])
    assert all(re.search(rf"\b{count}\b", words) for count in ("4 failed", "1 passed", "1 skipped", "1 xfailed")), words


def check_texts(ended: Run) -> None:
    for domain in ("VALUE", "MISSING", "ENV", "PLAN"):
        assert len([line for line in ended.lines if line.startswith(f"{domain} ")]) == 1, ended.stdout
    wide = [line for line in ended.lines if len(line) > WIDTH and not line.startswith(LINES_OF_PYTEST)]
    assert wide == []
    assert ended.stderr == ""
    assert "Traceback" not in ended.stdout
    assert "Warning" not in ended.stdout


def check_allure(folder: Path) -> None:
    """Every plan that ran and did not pass is `failed`; `broken`, a test that is itself at fault, is the unreadable one."""
    results = [json.loads(path.read_text()) for path in folder.glob("*-result.json")]
    told = {_name(result["fullName"]): result["status"] for result in results if result["status"] != "skipped"}
    ran = {name: verdict for name, (verdict, _fault) in VERDICTS.items() if name not in ("skipped", "known")}
    assert told == {name: "passed" if verdict == "passed" else "failed" for name, verdict in ran.items()} | {"broken": "broken"}


def _name(node_id: str) -> str:
    return node_id.partition(".plan")[0].rpartition("/")[2]
