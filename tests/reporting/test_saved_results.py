"""`intellisense report` and `merge`: any report from what a run left, also where it was killed in the middle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import rows

from pytest_intellisense.cli.main import main
from pytest_intellisense.reporting.json_report import JsonReport
from pytest_intellisense.reporting.results_log import ResultsLog
from pytest_intellisense.reporting.rows import PlanRow, SessionRow

FIRST, SECOND, THIRD = (f"scenarios/open.plan.json::opens_long[{symbol}]" for symbol in ("AAPL", "MSFT", "NVDA"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def row(nodeid: str, made: PlanRow | None = None) -> PlanRow:
    return {**(made or rows.plan(rows.step())), "nodeid": nodeid}


def session(session_id: str, **changes: Any) -> SessionRow:
    return {**rows.session(), "session_id": session_id, "host": "desk-1", **changes}


def killed_run(path: Path, session_id: str = "run-1") -> Path:
    """The first plan failed, the second was running, the third was to come."""
    log = ResultsLog(path)
    log.begin(session(session_id), [FIRST, SECOND, THIRD])
    log.plan_begins(FIRST)
    log.plan_ended(row(FIRST, rows.value_failure()))
    log.plan_begins(SECOND)
    return path


def report(*arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["report", "--format", "json", "-o", "made.json", *arguments])
    return code, json.loads(Path("made.json").read_text())


def verdicts(document: dict[str, Any]) -> dict[str, str]:
    return {plan["nodeid"]: plan["verdict"] for plan in document["plans"]}


@pytest.mark.parametrize("source", ["run-1", "captures/run-1", "captures/run-1/results.jsonl"])
def test_a_killed_run_has_a_report(source: str) -> None:
    """By session id, by the folder of its capture and by file; the exit code says that plans are missing."""
    killed_run(Path("captures/run-1/results.jsonl"))
    code, document = report("--from", source)
    assert (code, document["state"]) == (3, "interrupted")
    assert verdicts(document) == {FIRST: "failed", SECOND: "interrupted", THIRD: "interrupted"}
    assert [plan["sentence"] for plan in document["plans"][1:]] == [
        "the run ended while this plan was running",
        "the run ended before this plan began",
    ]


def test_a_finished_run_is_not_interrupted() -> None:
    """The control: the same lines and the one that ends the run; a plan that was not begun was not wanted."""
    path = killed_run(Path("reports/report.jsonl"))
    log = ResultsLog(path)
    log.begin(session("run-1"), [FIRST, SECOND, THIRD])
    log.plan_ended(row(FIRST))
    log.end(session("run-1"), exit_status=1)
    code, document = report()
    assert (code, document["state"]) == (0, "finished")
    assert verdicts(document) == {FIRST: "passed"}


def test_workers_are_one_run() -> None:
    """Each has a session of its own; any of them, or the run they share, gives the whole."""
    for worker, nodeid in (("gw0", FIRST), ("gw1", SECOND)):
        log = ResultsLog(Path(f"captures/run-1-{worker}/results.jsonl"))
        log.begin(session(f"run-1-{worker}"), [FIRST, SECOND, THIRD])
        log.plan_ended(row(nodeid))
    for source in ("run-1", "captures/run-1-gw1"):
        assert verdicts(report("--from", source)[1]) == {FIRST: "passed", SECOND: "passed", THIRD: "interrupted"}


def test_a_line_that_was_cut_off_costs_only_itself() -> None:
    """Its plan is interrupted, and the report says that the line is incomplete."""
    path = killed_run(Path("reports/report.jsonl"))
    log = ResultsLog(Path("whole.jsonl"))
    log.plan_ended(row(SECOND))
    path.write_bytes(path.read_bytes() + b"\xff\x00 no JSON\n" + Path("whole.jsonl").read_bytes().splitlines()[1][:-20])
    document = report()[1]
    assert verdicts(document)[SECOND] == "interrupted"
    assert [note.partition(": ")[2] for note in document["notes"]] == [
        "its last line is incomplete, the process ended while it wrote it",
        "1 damaged lines were left out",
    ]


def test_lines_of_a_kind_that_is_not_known_are_skipped() -> None:
    """A later release may write more."""
    path = killed_run(Path("reports/report.jsonl"))
    path.write_text('{"kind": "weather", "sky": "clear"}\n' + path.read_text())
    assert "notes" not in report()[1]


def test_of_attempts_the_last_stands() -> None:
    """A plan that failed and then passed is flaky, and is told as such."""
    log = ResultsLog(Path("reports/report.jsonl"))
    log.begin(session("run-1"), [FIRST])
    log.plan_ended(row(FIRST, rows.value_failure()))
    log.plan_ended(row(FIRST))
    log.end(session("run-1"), 0)
    (plan,) = report()[1]["plans"]
    assert (plan["verdict"], plan["attempts"]) == ("passed", 2)
    assert main(["report", "--format", "markdown", "-o", "made.md"]) == 0
    assert "#### 1 flaky" in Path("made.md").read_text()


@pytest.mark.parametrize("made_as", ["text", "html", "markdown", "ctrf", "junit", "trace"])
def test_every_format_is_made_of_a_killed_run(made_as: str, capsys: pytest.CaptureFixture[str]) -> None:
    """To the terminal, with the plan that failed."""
    killed_run(Path("reports/report.jsonl"))
    assert main(["report", "--format", made_as]) == 3
    out = capsys.readouterr().out
    assert made_as == "html" or "opens_long[AAPL]" in out
    if made_as == "text":
        assert f"\nINTERRUPTED {SECOND} - the run ended while this plan was running\n" in out
        assert "\nE   actual    150.65" in out
        assert out.endswith("1 failed, 2 interrupted\n")


def test_pictures_outside_of_the_capture_are_not_read() -> None:
    """A report may come from anybody."""
    Path("secret.png").write_bytes((Path(__file__).parents[2] / "scenarios/screens/long_aapl.png").read_bytes())
    image = {"kind": "screen", "path": "../../secret.png", "width_px": 10, "height_px": 10}
    inside = {**image, "path": "images/seen.png"}
    Path("captures/run-1/images").mkdir(parents=True)
    Path("captures/run-1/images/seen.png").write_bytes(Path("secret.png").read_bytes())
    sizes = []
    for shown in (image, inside):
        plan = rows.plan(rows.step(images=[shown]), session_dir="captures/run-1")
        JsonReport(Path("reports/report.json")).finish(session("run-1"), [row(FIRST, plan)])
        assert main(["report", "--from", "reports/report.json", "--format", "html", "-o", "page.html"]) == 0
        sizes.append(Path("page.html").stat().st_size)
    assert sizes[0] + 500 < sizes[1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"schema_version": 2, "session": null, "plans": []}', "has schema version 2; this release reads version 1"),
        ('{"schema_version": 1, "session": null, "plans": [{}]}', "is not a report: Object missing required field"),
        ('{"plans": []}', "is not a report: it has no schema_version"),
        ("[" * 100_000, "is not JSON"),
        ("no JSON", "is not JSON"),
    ],
    ids=["version", "form", "another file", "deep", "text"],
)
def test_what_is_no_report_is_refused(content: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In a sentence that says what it is, and a hint what to do."""
    Path("report.json").write_text(content)
    assert main(["report", "--from", "report.json"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "\nhint: " in error
    assert "Traceback" not in error


def test_a_source_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """What could have been named."""
    assert main(["report", "--from", "20261101-000000-ffffff"]) == 2
    assert "there is no report, folder or session 20261101-000000-ffffff" in capsys.readouterr().err


def shard(name: str, *plans: PlanRow, host: str) -> str:
    began = 1_793_528_100.0 + len(host)
    JsonReport(Path(name) / "report.json").finish(session(f"session-of-{name}", host=host, started_epoch_s=began), plans)
    return name


def test_shards_become_one_report(capsys: pytest.CaptureFixture[str]) -> None:
    """All plans, each with its origin; hosts, sessions and a shard that was killed are told."""
    one = shard("one", row(FIRST), host="alpha")
    killed_run(Path("two/report.jsonl"), "session-of-two")
    assert main(["merge", one, "two", "-o", "all.json"]) == 3
    document = json.loads(Path("all.json").read_text())
    assert [(plan["nodeid"], plan["verdict"], plan["origin"]) for plan in document["plans"]] == [
        (FIRST, "passed", "one"),
        (FIRST, "failed", "two"),
        (SECOND, "interrupted", "two"),
        (THIRD, "interrupted", "two"),
    ]
    assert [(each["origin"], each["state"], each["session"]["host"]) for each in document["shards"]] == [
        ("one", "finished", "alpha"),
        ("two", "interrupted", "desk-1"),
    ]
    printed = capsys.readouterr()
    assert "one: 1 plans, finished, session session-of-one on alpha" in printed.out
    assert f"note: {FIRST} is in 2 reports, all are kept: one (passed), two (failed)" in printed.err
    assert main(["report", "--from", "all.json"]) == 3


def test_merged_reports_are_merged_again() -> None:
    """Origins and shards stay those of the machines."""
    names = [shard("one", row(FIRST), host="a"), shard("two", row(SECOND), host="b"), shard("three", row(THIRD), host="c")]
    assert main(["merge", *names[:2], "-o", "half.json"]) == 0
    assert main(["merge", "half.json", names[2], "-o", "all.json"]) == 0
    document = json.loads(Path("all.json").read_text())
    assert [plan["origin"] for plan in document["plans"]] == ["one", "two", "three"]
    assert [each["plans"] for each in document["shards"]] == [1, 1, 1]


def test_shards_of_different_versions_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """And it is said what to do."""
    one = shard("one", row(FIRST), host="alpha")
    Path("old.json").write_text('{"schema_version": 0, "session": null, "plans": []}')
    assert main(["merge", one, "old.json", "-o", "all.json"]) == 2
    error = capsys.readouterr().err
    assert "old.json has schema version 0; this release reads version 1" in error
    assert "hint: read it with the release of pytest-intellisense that wrote it, or run the shards with one release" in error
    assert not Path("all.json").exists()


def test_a_session_is_not_merged_with_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """A copy of a report would count its plans twice."""
    one = shard("one", row(FIRST), host="alpha")
    Path("copy.json").write_bytes(Path("one/report.json").read_bytes())
    assert main(["merge", one, "copy.json", "-o", "all.json"]) == 2
    assert "one and copy.json are both of session session-of-one" in capsys.readouterr().err
