"""`intellisense search`: events of one session or of all sessions below a directory."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_intellisense.cli import given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_intellisense.capture.criteria import Criteria
    from pytest_intellisense.model.timeline import TimelineEvent

NAME = "search"
HELP = "Find events by correlation id, symbol, type and time, in one session or in all below a directory."
_WIDEST_TEXT = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory",
        type=Path,
        nargs="?",
        default=Path("captures"),
        metavar="DIR",
        help="a session, or where sessions are; captures",
    )
    parser.add_argument("--correlation-id", metavar="ID")
    parser.add_argument("--symbol", metavar="SYMBOL", help="such as AAPL")
    parser.add_argument("--type", metavar="TYPE", help="such as ORDER_REQUEST or TESTRADE_ORDER_REQUEST")
    parser.add_argument("--since", metavar="TIME", help="2026-11-23T14:30 is UTC; 2026-11-23T09:30-05:00; seconds since 1970")
    parser.add_argument("--until", metavar="TIME", help="up to and without this time")
    parser.add_argument("--limit", type=_positive, default=100, metavar="N", help="at most so many events; 100")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.capture.paths import SESSION_FILE
    from pytest_intellisense.capture.reader import check_directory, read_session
    from pytest_intellisense.capture.regular_files import is_there
    from pytest_intellisense.capture.search import logs_without_session_below, search, sessions_below
    from pytest_intellisense.cli.exits import COMPLETE, READABLE_WITH_LOSSES
    from pytest_intellisense.errors import CaptureFailed

    criteria, limit, root = _criteria(arguments), arguments.limit, arguments.directory
    check_directory(root)
    one = is_there(root / SESSION_FILE)
    sessions = [root] if one else sessions_below(root)
    unended = [] if one else logs_without_session_below(root)
    if not sessions and not unended:
        raise CaptureFailed(
            f"{root} is no recorded session and has none inside", hint="name a session, such as captures/SESSION"
        )
    code, found = COMPLETE, 0
    for directory in unended:
        print(f"warning: {directory} has logs and no {SESSION_FILE}; `intellisense recover` writes one", file=sys.stderr)
        code = READABLE_WITH_LOSSES
    for directory in sessions:
        try:
            finding = search(read_session(directory), criteria, limit - found + 1)
        except CaptureFailed as problem:
            if one:
                raise
            print(f"warning: {problem}", file=sys.stderr)
            code = READABLE_WITH_LOSSES
            continue
        if finding.problem:
            print(f"warning: {finding.problem}", file=sys.stderr)
        shown = finding.events[: limit - found]
        found += len(shown)
        code = code if finding.lossless else READABLE_WITH_LOSSES
        _print(shown, directory.name if arguments.json or not one else "", as_json=arguments.json)
        if len(finding.events) > len(shown):
            print(f"note: there are more than {limit}; --limit shows more", file=sys.stderr)
            break
    if not found:
        print("note: no event matches", file=sys.stderr)
    return code


def _criteria(arguments: argparse.Namespace) -> Criteria:
    from pytest_intellisense.capture.criteria import Criteria
    from pytest_intellisense.cli.session_times import epoch_ns_of
    from pytest_intellisense.errors import SettingsError

    given.check_not_empty(arguments, "correlation_id", "symbol", "type", "since", "until")
    since, until = (epoch_ns_of(said) if said else None for said in (arguments.since, arguments.until))
    if since is not None and until is not None and since >= until:
        raise SettingsError(
            f"nothing lies between --since {arguments.since} and --until {arguments.until}", hint="--since is the earlier one"
        )
    return Criteria(
        correlation_id=arguments.correlation_id,
        symbol=arguments.symbol.upper() if arguments.symbol else None,
        event_type=arguments.type,
        since_epoch_ns=since,
        until_epoch_ns=until,
    )


def _print(events: Sequence[TimelineEvent], session: str, *, as_json: bool) -> None:
    for event in _correlated_together(events):
        if as_json:
            record = event.record()
            del record["payload"]
            print(_json_text({"session_id": session, **record}))
        else:
            print(_line(event, session))


def _json_text(record: dict[str, Any]) -> str:
    """JSON has no NaN and no infinity: they become words, as in reports."""
    try:
        return json.dumps(record, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(record), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {name: _finite(member) for name, member in value.items()}
    return [_finite(member) for member in value] if isinstance(value, list) else value


def _correlated_together(events: Sequence[TimelineEvent]) -> list[TimelineEvent]:
    """The events of one correlation id follow each other, in the place of their first; each in the order of receipt."""
    place: dict[str, int] = {}
    for event in events:
        if event.correlation_id:
            place.setdefault(event.correlation_id, event.global_sequence_id)
    return sorted(
        events, key=lambda event: (place.get(event.correlation_id or "", event.global_sequence_id), event.global_sequence_id)
    )


def _line(event: TimelineEvent, session: str) -> str:
    from pytest_intellisense.cli.session_times import utc_text
    from pytest_intellisense.codec.symbols import symbols_of

    symbols = ",".join(sorted(symbols_of(event.payload))) or "-"
    payload = json.dumps(event.payload, ensure_ascii=False, separators=(",", ":"))
    texts = (event.event_type, symbols, event.correlation_id or "-", payload)
    kind, symbols, correlation_id, payload = (_short(text) for text in texts)
    begin = f"{session}  " if session else ""
    return f"{begin}{utc_text(event.received_epoch_ns)}  {kind:28}  {symbols:6}  {correlation_id}  {payload}"


def _short(text: str) -> str:
    from pytest_intellisense.cli.plain_text import plain

    return plain(text[: _WIDEST_TEXT - 1] + "…" if len(text) > _WIDEST_TEXT else text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number
