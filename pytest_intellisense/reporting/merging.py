"""The reports of several machines as one."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_intellisense.errors import SettingsError
from pytest_intellisense.reporting.rows import SCHEMA_VERSION, PlanRow, ReportDocument, SessionRow, ShardRow


def merged(reports: Mapping[str, ReportDocument]) -> ReportDocument:
    """All plans of `reports` (by where each was read from), each with its origin; a plan of two reports is there twice.

    Raises SettingsError if two of them are of the same session.
    """
    shards = [shard for origin, report in reports.items() for shard in _shards(origin, report)]
    _require_different_sessions(shards)
    plans = [_with_origin(row, origin) for origin, report in reports.items() for row in report["plans"]]
    notes = [*(note for report in reports.values() for note in report.get("notes", [])), *_twice(plans)]
    document = ReportDocument(
        schema_version=SCHEMA_VERSION,
        session=_first([shard["session"] for shard in shards]),
        plans=plans,
        state="interrupted" if any(shard["state"] == "interrupted" for shard in shards) else "finished",
        shards=shards,
    )
    if notes:
        document["notes"] = notes
    return document


def _shards(origin: str, report: ReportDocument) -> list[ShardRow]:
    if "shards" in report:
        return report["shards"]
    shard = ShardRow(
        origin=origin, state=report.get("state", "finished"), plans=len(report["plans"]), session=report["session"]
    )
    if "gate" in report:
        shard["gate"] = report["gate"]
    return [shard]


def _require_different_sessions(shards: list[ShardRow]) -> None:
    seen: dict[str, str] = {}
    for shard in shards:
        session = shard["session"]
        if session is None:
            continue
        first = seen.setdefault(session["session_id"], shard["origin"])
        if first != shard["origin"]:
            raise SettingsError(
                f"{first} and {shard['origin']} are both of session {session['session_id']}", hint="leave one of them out"
            )


def _with_origin(row: PlanRow, origin: str) -> PlanRow:
    return row if "origin" in row else {**row, "origin": origin}


def _first(sessions: list[SessionRow | None]) -> SessionRow | None:
    return min((one for one in sessions if one), key=lambda session: session["started_epoch_s"], default=None)


def _twice(plans: list[PlanRow]) -> list[str]:
    origins: dict[str, list[str]] = {}
    for row in plans:
        origins.setdefault(row["nodeid"], []).append(f"{row['origin']} ({row.get('outcome') or row['verdict']})")
    return [
        f"{nodeid} is in {len(found)} reports, all are kept: {', '.join(found)}"
        for nodeid, found in origins.items()
        if len(found) > 1
    ]
