"""Saving, comparing and gating as users do it: pytest on the reference application, then the command."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from helpers.pytest_command import PYTEST
from helpers.report_pages import opened, photograph, violations

from pytest_intellisense.cli.main import main

DONE = {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}
LAX = "--intellisense-compare-fail=*.median:60ms"
"""What counts as slower: less than a seeded delay, more than what other processes on this machine can do."""
BUY = {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 100}


def plan(name: str, fill_delay_ms: float) -> dict:
    """The broker fills late, as its configuration says: the delay that a run seeds in one stage."""
    delay = {"type": "config_change", "parameter": "broker_fill_delay_ms", "new_value": fill_delay_ms}
    market = {"step_id": "market", "stimulus": BUY, "pipeline": "TRADE_CMD_TO_BROKER_FILL", "repeat": 4}
    return {
        "plan_name": name,
        "bootstrap": {"symbols": ["AAPL"]},
        "steps": [{"step_id": "delay", "stimulus": delay}, {**market, "validation_points": [DONE]}],
    }


def write(folder: Path, **delays_ms: float) -> None:
    for name, delay_ms in delays_ms.items():
        (folder / f"{name}.plan.json").write_text(json.dumps(plan(name, delay_ms), indent=1))


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120)


def pytest_in(folder: Path, *options: str, limit: str = LAX) -> subprocess.CompletedProcess[str]:
    return run(folder, *PYTEST, "-p", "no:cacheprovider", "--intellisense-repeat=2", limit, *options)


class Command:
    """`intellisense …` in a folder; the process is this one, as starting takes longer than the work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        self._monkeypatch.chdir(folder)
        code = main(words)
        said = self._capsys.readouterr()
        return subprocess.CompletedProcess(words, code, said.out, said.err)


@pytest.fixture
def command(monkeypatch, capsys) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """A project with two plans and a baseline of them; the first run has nothing to compare with, says so and passes."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "pytest.ini").write_text("[pytest]\n")
    write(folder, steady=0, late=0)
    done = pytest_in(folder, "--intellisense-save=main", "--intellisense-compare")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gate no baseline: nothing is saved in" in done.stdout
    return folder


@pytest.fixture(scope="module")
def slower(saved) -> tuple[Path, str]:
    """A run in which the fills of one of the plans come 200 ms late; its folder, and what the terminal said."""
    write(saved, steady=0, late=200)
    done = pytest_in(saved, "--intellisense-compare", "-n2")
    assert done.returncode == 1, done.stdout + done.stderr
    (saved / "slower.json").write_bytes((saved / "reports" / "report.json").read_bytes())
    (saved / "slower.html").write_bytes((saved / "reports" / "report.html").read_bytes())
    return saved, done.stdout


def test_a_baseline_says_what_it_was_measured_on(saved):
    """Machine, clock, versions, configuration and commit, and every raw sample."""
    (file,) = (saved / ".intellisense" / "baselines" / "main").iterdir()
    kept = json.loads(file.read_text())
    assert {"machine", "clock", "versions", "config", "config_hash", "commit", "modified"} == kept["origin"].keys()
    (launch,) = kept["launches"]
    taken = {(step["case"], step["step"]): step for step in launch["steps"]}["late.plan.json::late", "market"]
    assert len(taken["total_ns"]) == 8
    assert [len(stage["took_ns"]) for stage in taken["stages"]] == [8] * 5
    assert all(len(noise["calibration_ns"]) == 6 for noise in launch["noise"].values())


def test_the_plan_that_became_slower_fails_and_no_other(slower):
    """Under xdist, as any other failure: domain, place, expected and actual, and how to run it again."""
    _, out = slower
    assert "1 failed, 1 passed" in out
    sentence = "LATENCY the time went at T4_BrokerFillLog: T4_BrokerFillLog.median of step market became slower than main by "
    assert sentence in " ".join(out.split())
    assert "\n  late.plan.json:" in out
    assert "\nE   expected  <= " in out
    assert "\n  rerun    pytest late.plan.json::late --intellisense-" in out
    assert "base p95    change" in out.replace("   change", "    change")
    assert "\ngate REGRESSED: " in out
    assert "Traceback" not in out


def test_the_report_holds_the_gate_and_the_times_of_the_baseline(slower):
    folder, _ = slower
    document = json.loads((folder / "slower.json").read_text())
    assert document["gate"]["verdict"] == "regression"
    assert document["gate"]["baseline"]["name"] == "main"
    regressed = {(one["case"], one["stage"]) for one in document["gate"]["comparisons"] if one["verdict"] == "regression"}
    assert ("late.plan.json::late", "T4_BrokerFillLog") in regressed
    assert not [case for case, _ in regressed if case.startswith("steady")]
    late = next(one for one in document["plans"] if one["plan_name"] == "late")
    pipeline = next(step for step in late["steps"] if step["step_id"] == "market")["pipeline"]
    fill = pipeline["stages"][-1]
    assert fill["at_ns"] - fill["baseline_ns"] > 100_000_000
    assert pipeline["baseline"].keys() == pipeline["latencies_ns"].keys()
    assert [step["plan_run"] for step in late["steps"] if step["step_id"] == "delay"] == [0, 1]


@pytest.mark.parametrize("page", ["of the run", "made from report.json"])
def test_the_page_shows_the_gate(slower, command, browser, page):
    """A card with the verdict, the plan that became slower, every stage; the waterfall marks the stage that took the time."""
    folder, _ = slower
    path = folder / "slower.html"
    if page == "made from report.json":
        path = folder / "made.html"
        assert command(folder, "report", "--from", "slower.json", "--format", "html", "-o", str(path)).returncode == 0
    with opened(browser, path) as shown:
        assert "regression" in shown.locator(".is-card.failed").last.inner_text()
        gate = shown.locator(".is-gate")
        assert gate.locator("h2").inner_text() == "Against main, 1 launch: regression"
        assert gate.locator("tr", has_text="T4_BrokerFillLog").first.get_by_role("link").inner_text() == "late.plan.json::late"
        gate.locator("summary").click()
        assert gate.locator("tr", has_text="T1_RMSValidatedLog").is_visible()
        marked = shown.locator(".is-waterfall tr", has_text="▲")
        assert {name.strip() for name in marked.locator("td:first-child").all_text_contents()} == {"✓ T4_BrokerFillLog"}
        photograph(shown, "gate")
        assert violations(shown) == []


def test_a_run_without_a_comparison_has_no_gate_on_its_page(saved, browser):
    """The control of the test above."""
    plain = pytest_in(saved, "steady.plan.json")
    assert plain.returncode == 0, plain.stdout
    with opened(browser, saved / "reports" / "report.html") as shown:
        assert shown.locator(".is-card").count() == 5
        assert shown.locator(".is-gate").count() == 0


def test_the_gate_ends_as_ci_wants_it(slower, command):
    """0 for what did not change, 1 for a regression, 2 for a mistake, 3 where there is nothing to compare with."""
    folder, _ = slower
    regressed = command(folder, "gate", "slower.json", "--against", "main")
    assert regressed.returncode == 1
    assert "T4_BrokerFillLog" in regressed.stdout
    assert command(folder, "gate", "main", "--against", "main").returncode == 0
    assert command(folder, "compare", "main", "slower.json").returncode == 0
    laxer = command(folder, "gate", "slower.json", "--against", "main", "--compare-fail", "*.median:10s")
    assert (laxer.returncode, "REGRESSED" in laxer.stdout) == (0, False)
    for words, code, said in (
        (("gate", "slower.json", "--against", "elsewhere"), 3, 'nothing is saved under "elsewhere"'),
        (("gate", "slower.json", "--against", "main", "--compare-fail", "fill.p42:1%"), 2, "median, p90, p95, p99, max"),
        (
            ("gate", "slower.json", "--against", "main", "--compare-fail", "T4_BrokerFilLog.p95:1%"),
            2,
            'watches over nothing: no stage "T4_BrokerFilLog" was measured; did you mean "T4_BrokerFillLog"?',
        ),
        (("gate", "pytest.ini", "--against", "main"), 2, "is no report of a run"),
        (("gate", "slower.json", "--against", "../main"), 2, "is no name of a baseline"),
    ):
        done = command(folder, *words)
        assert (done.returncode, said in done.stderr) == (code, True), done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_another_machine_is_not_compared_unless_allowed_and_then_said(slower, command, tmp_path):
    folder, _ = slower
    (file,) = (folder / ".intellisense" / "baselines" / "main").iterdir()
    kept = json.loads(file.read_text())
    kept["origin"]["machine"]["processors"] = 96
    other = tmp_path / "baselines" / "main" / file.name
    other.parent.mkdir(parents=True)
    other.write_text(json.dumps(kept))
    words = ("gate", "slower.json", "--against", "main", "--baseline-dir", str(other.parents[1]))
    refused, allowed = command(folder, *words), command(folder, *words, "--compare-unlike")
    assert refused.returncode == 3
    assert "number of processors was 96" in refused.stdout
    assert allowed.returncode == 1
    assert "unlike, and allowed: number of processors was 96" in allowed.stdout


def test_baselines_are_listed_shown_reviewed_and_pruned(slower, command, tmp_path):
    """Two saved runs of unknown commits are two generations; the newest is the baseline."""
    folder, _ = slower
    (file,) = (folder / ".intellisense" / "baselines" / "main").iterdir()
    own = tmp_path / "main"
    own.mkdir()
    for stamp in ("20260101T000000Z", "20260102T000000Z"):
        (own / f"{stamp}_nocommit_abcdef.json").write_bytes(file.read_bytes())
    at = ("--baseline-dir", str(tmp_path))
    assert "2 runs, 1 launches" in command(folder, "baseline", "list", *at).stdout
    shown = command(folder, "baseline", "show", "main", *at).stdout
    assert "T4_BrokerFillLog" in shown
    assert "few" in shown  # p99 of sixteen samples
    reviewed = command(folder, "baseline", "review", "main", *at)
    assert "compared with main, 1 launch" in reviewed.stdout
    assert "--reject the newest 1" in reviewed.stdout
    assert "1 runs: nothing is removed without --apply" in command(folder, "baseline", "prune", *at).stdout
    assert "1 runs removed" in command(folder, "baseline", "review", "main", "--reject", *at).stdout
    assert [one.name[:8] for one in own.iterdir()] == ["20260101"]
    assert command(folder, "baseline", "show", "nothing", *at).returncode == 3


def test_a_gate_that_has_nothing_in_common_with_its_baseline_has_not_passed(slower, command, tmp_path):
    folder, _ = slower
    document = json.loads((folder / "slower.json").read_text())
    for one in document["plans"]:
        one["nodeid"] = f"elsewhere/{one['nodeid']}"
        for step in one["steps"]:
            step["pipeline"] = None
    (tmp_path / "other.json").write_text(json.dumps(document))
    done = command(folder, "gate", str(tmp_path / "other.json"), "--against", "main")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "not comparable: nothing of this run was measured in main" in done.stdout


def test_what_makes_the_gate_worthless_fails_a_run_whose_plans_pass(saved, tmp_path):
    """The folder of the baselines is a file, and the only limit names no stage: two lines, no traceback, all reports."""
    write(saved, late=0)
    occupied = tmp_path / "occupied"
    occupied.write_text("")
    unsaved = pytest_in(saved, "late.plan.json", f"--intellisense-baseline-dir={occupied}", "--intellisense-save=next")
    assert "1 passed" in unsaved.stdout
    assert unsaved.returncode == 1
    assert "the baseline cannot be saved: " in unsaved.stdout
    idle = pytest_in(saved, "late.plan.json", "--intellisense-compare=main", limit="--intellisense-compare-fail=T4_Fill.max:1s")
    assert "1 passed" in idle.stdout
    assert idle.returncode == 1
    assert 'no stage "T4_Fill" was measured' in idle.stdout
    assert "Traceback" not in unsaved.stdout + unsaved.stderr + idle.stdout + idle.stderr
    assert json.loads((saved / "reports" / "report.json").read_text())["gate"]["verdict"] == "ok"


def test_a_damaged_baseline_ends_the_run_before_it_begins(saved, tmp_path):
    broken = tmp_path / "baselines" / "main" / "20260101T000000Z_nocommit_abcdef.json"
    broken.parent.mkdir(parents=True)
    broken.write_text('{"format": 1, "launches": [')
    done = pytest_in(saved, "--intellisense-compare=main", f"--intellisense-baseline-dir={broken.parents[1]}")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"{broken} is no saved run: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_same_build_passes_after_fresh_launches(saved):
    """A launch measures, this process judges."""
    write(saved, steady=0, late=0)
    (saved / "steady.plan.json").unlink()
    done = pytest_in(saved, "--intellisense-launches=1", "--intellisense-compare=main")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "launch 1 of 1 is measured" in done.stdout
    gate = json.loads((saved / "reports" / "report.json").read_text())["gate"]
    assert [step["case"] for step in gate["launches"][0]["steps"]] == ["late.plan.json::late"] * 2
    assert gate["verdict"] in ("ok", "inconclusive", "improvement")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--intellisense-compare-fail=fill:10%", "STAT is one of"),
        ("--intellisense-repeat=0", "a whole number from 1"),
        ("--intellisense-save=../up", "is no name of a baseline"),
    ],
)
def test_a_mistake_in_an_option_ends_before_anything_runs(pytester, option, said):
    pytester.path.joinpath("it.plan.json").write_text(json.dumps(plan("it", 0)))
    done = pytester.runpytest_inprocess(option)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"*{said}*"])
