"""What goes and what stays: by age, by total size, by free disk; shown first, and done only when told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.recorded_sessions import DAY_S, RecordedSession, files_below, numbers_in, recorded

from pytest_intellisense.cli.main import main
from pytest_intellisense.housekeeping.capture_root import SessionSummary
from pytest_intellisense.housekeeping.retention import Plan, Retention, plan_retention

GB = 1_000_000_000
NOW_NS = 1_800_000_000 * 10**9


def summary(name: str, *, age_d: float, size_gb: float = 1.0, in_use: bool = False, kept: str | None = None) -> SessionSummary:
    return SessionSummary(
        session_id=name,
        state="complete",
        in_use=in_use,
        keep_reason=kept,
        written_epoch_ns=NOW_NS - round(age_d * DAY_S * 1e9),
        size_bytes=round(size_gb * GB),
    )


def plan(*sessions: SessionSummary, free_gb: float = 100, **limits: float) -> Plan:
    retention = Retention(**limits)  # type: ignore[arg-type]
    return plan_retention(sessions, retention, now_epoch_ns=NOW_NS, free_bytes=round(free_gb * GB))


def going(decided: Plan) -> list[str]:
    return [session.session_id for session in decided.going]


def test_by_age() -> None:
    """Older than that goes."""
    decided = plan(summary("new", age_d=1), summary("old", age_d=41), summary("edge", age_d=30), older_than_s=30 * DAY_S)
    assert going(decided) == ["old"]
    assert [verdict.reason for verdict in decided.verdicts] == ["older than 30 d", "", ""]


def test_by_total_size() -> None:
    """The oldest go until the rest takes no more than that."""
    sessions = [summary(name, age_d=age, size_gb=20) for age, name in enumerate("dcba")]
    assert going(plan(*sessions, max_total_bytes=50 * GB)) == ["a", "b"]


def test_by_free_disk() -> None:
    """The oldest go until so much is free."""
    sessions = [summary(name, age_d=age, size_gb=3) for age, name in enumerate("dcba")]
    assert going(plan(*sessions, free_gb=2, min_free_bytes=7 * GB)) == ["a", "b"]


def test_every_limit_holds() -> None:
    """What goes by age counts for the others."""
    sessions = [summary("a", age_d=50, size_gb=10), summary("b", age_d=2, size_gb=10), summary("c", age_d=1, size_gb=10)]
    assert going(plan(*sessions, older_than_s=30 * DAY_S, max_total_bytes=20 * GB)) == ["a"]


def test_what_is_kept_or_in_use_stays() -> None:
    """It counts, it does not go, and what cannot be reached is said."""
    decided = plan(
        summary("kept", age_d=50, size_gb=40, kept="the crash of monday"),
        summary("live", age_d=0, size_gb=40, in_use=True),
        summary("old", age_d=10, size_gb=1),
        max_total_bytes=50 * GB,
    )
    assert going(decided) == ["old"]
    assert [verdict.reason for verdict in decided.verdicts] == [
        "it is kept (the crash of monday)",
        "all sessions together are above 50.0 GB",
        "it is in use",
    ]
    assert decided.unreached == ("80.0 GB stay, more than 50.0 GB",)


def test_without_limits_nothing_goes() -> None:
    """No limit, no surprise."""
    assert going(plan(summary("a", age_d=5000, size_gb=5000), free_gb=0)) == []


def test_the_plan_is_only_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --apply nothing is touched."""
    recorded(tmp_path, "old", age_s=40 * DAY_S)
    recorded(tmp_path, "new")
    before = files_below(tmp_path)
    assert main(["clean", str(tmp_path), "--older-than", "30d"]) == 0
    assert files_below(tmp_path) == before
    out = capsys.readouterr().out
    assert "remove  old" in out
    assert "stays   new" in out
    assert "nothing is removed without --apply" in out


def test_applied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The old session is gone, the others are as they were, and nothing is left of it."""
    recorded(tmp_path, "old", age_s=40 * DAY_S)
    kept = recorded(tmp_path, "kept", age_s=50 * DAY_S)
    assert main(["keep", str(kept), "--because", "a baseline"]) == 0
    new = recorded(tmp_path, "new")
    with RecordedSession(tmp_path, "live", age_s=60 * DAY_S) as live:
        live.record(5)
        assert main(["clean", str(tmp_path), "--older-than", "30d", "--apply"]) == 0
        assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "live", "new"]
        live.record(5)
    assert [numbers_in(directory) for directory in (kept, new, live.directory)] == [list(range(10))] * 3
    assert "1 of 1 sessions removed" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--older-than", "--max-total", "--min-free"])
def test_an_empty_limit(tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An unset variable of a shell is no limit that may be left out beside others."""
    assert main(["clean", str(tmp_path), "--max-total", "1GB", "--older-than", "30d", option, ""]) == 2
    assert f"{option} is empty" in capsys.readouterr().err


def test_unkeep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A session that is not kept any more goes like any other."""
    old = recorded(tmp_path, "old", age_s=40 * DAY_S)
    main(["keep", str(old)])
    main(["sessions", str(tmp_path)])
    assert "kept" in capsys.readouterr().out
    main(["unkeep", str(old)])
    main(["clean", str(tmp_path), "--older-than", "30d", "--apply"])
    assert not old.exists()


def test_the_list_hides_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no session for housekeeping and has the files of one is named with the reason; other folders are not."""
    recorded(tmp_path, "sound")
    (recorded(tmp_path, "broken") / "session.json").write_bytes(b"{")
    (recorded(tmp_path, "without") / "session.json").unlink()
    recorded(tmp_path, "moved").rename(tmp_path / "renamed")
    newer = recorded(tmp_path, "newer") / "session.json"
    newer.write_text(json.dumps({**json.loads(newer.read_bytes()), "format": 7}))
    (tmp_path / "notes").mkdir()
    assert main(["sessions", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("newer ") and line.endswith("of a newer version (schema 7)") for line in lines)
    assert [line for line in lines if line.startswith("not counted: ")] == [
        "not counted: broken, not a recorded session: its session.json is not JSON",
        "not counted: renamed, not a recorded session: its session.json is that of 'moved'",
        "not counted: without, not a recorded session: it has no session.json",
    ]


def test_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """State, age and size of each session, the oldest first; one that was killed is told from one that is being recorded."""
    recorded(tmp_path, "done", age_s=3 * DAY_S)
    killed = RecordedSession(tmp_path, "killed", age_s=7200)
    killed.writer.close()
    with RecordedSession(tmp_path, "live"):
        assert main(["sessions", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [["done", "complete"], ["killed", "killed"], ["live", "recording"]]
    assert lines[0].split()[2:4] == ["3", "d"]
    assert lines[3].startswith("3 sessions, ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "what is too much"),
        (["--older-than", "30"], "not an age"),
        (["--max-total", "much"], "not a size"),
        (["--older-than", "-3d"], "not an age"),
    ],
)
def test_a_limit_that_cannot_be_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str) -> None:
    """A mistake is told, with what is allowed, and nothing is touched."""
    words = [f"--older-than={words[1]}"] if words[1:] == ["-3d"] else words
    assert main(["clean", str(tmp_path), "--apply", *words]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "hint:" in told
