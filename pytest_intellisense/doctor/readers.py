"""Who reads the streams, and how near trimming is to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_intellisense.doctor.finding import Finding, Level, note, ok, warn
from pytest_intellisense.doctor.streams import StreamSeen, seen_as
from pytest_intellisense.housekeeping.stream_watch import group_lags, stream_state

_OUR_GROUPS = "intellisense:"
_NARROW_S = 10.0


def trimming(seen: Sequence[StreamSeen]) -> Iterator[Finding]:
    """How long a reader may stand still before entries go unread; and our own readers, if some are at work."""
    spans = {one.name: span for one in seen if (span := _kept_s(one)) is not None}
    narrow = [name for name, span in spans.items() if span < _NARROW_S]
    if narrow:
        shortest = min(narrow, key=lambda name: spans[name])
        yield warn(
            "trimming",
            f"{seen_as(narrow)}: trimmed so short that a reader loses entries after {spans[shortest]:.1f} s of standing still",
            "keep more entries (MAXLEN, or testrade_hooks.trimming by age), or record beside this Redis",
        )
    elif spans:
        shortest = min(spans, key=lambda name: spans[name])
        yield ok("trimming", f"a reader may stand still for {spans[shortest]:.0f} s before {shortest} loses entries")
    for one in seen:
        for group in one.groups:
            if _name(group).startswith(_OUR_GROUPS):
                read = group.get("entries-read")
                state = stream_state(one.name, one.info, last_id=group["last-delivered-id"].decode(), read=read)
                if state.level != "enough":
                    yield warn("trimming", f"{_name(group)}: {state.sentence}", "record with less load, or trim later")


def groups(seen: Sequence[StreamSeen]) -> Iterator[Finding]:
    """Consumer groups: those of others, and those that sessions of ours left behind."""
    if refused := next((one.groups_refusal for one in seen if one.groups_refusal), ""):
        yield Finding(Level.UNSEEN, "groups", refused)
    ours: dict[str, int] = {}
    for one in seen:
        for lag in group_lags(one.name, one.info, one.groups):
            if lag.group.startswith(_OUR_GROUPS):
                ours[lag.group] = ours.get(lag.group, 0) + lag.pending
            elif lag.trimming_passed:
                yield warn("groups", lag.sentence, "its owner loses events; recording is not affected")
            else:
                yield note("groups", lag.sentence)
    for name, pending in ours.items():
        yield note(
            "groups",
            f"{name}: a recorder at work, or one that was interrupted ({pending} not acknowledged)",
            "if no recorder of that name runs: resume its session, or remove the group with XGROUP DESTROY",
        )


def _kept_s(one: StreamSeen) -> float | None:
    """What is kept of a stream that is being trimmed, in seconds; None where nothing was trimmed yet."""
    added, length, first = one.info.get("entries-added"), int(one.info.get("length", 0)), one.info.get("first-entry")
    if added is None or not first or int(added) <= length:
        return None
    return (_ms(one.info["last-generated-id"]) - _ms(first[0])) / 1000


def _name(group: object) -> str:
    name: bytes = group["name"]  # type: ignore[index]
    return name.decode(errors="replace")


def _ms(entry_id: bytes) -> int:
    return int(entry_id.partition(b"-")[0])
