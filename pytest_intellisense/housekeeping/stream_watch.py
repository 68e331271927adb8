"""How near the trimming of streams is to those who read them, from what Redis says of itself; asks Redis nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pytest_intellisense.codec.stream_ids import START, id_key
from pytest_intellisense.housekeeping.units import size_text
from pytest_intellisense.streams.replies import text_of

_WARN_SHARE = 0.60
_CRITICAL_SHARE = 0.80


@dataclass(frozen=True, slots=True)
class StreamState:
    """One stream and one reader. Counts are None where the server or the caller cannot tell them.

    `margin_entries` and `margin_s`: what has been read and is still there; when it is used up, the next entry that is trimmed
    has not been read. `near`: more is unread than that. `passed`: at least `trimmed_unread` entries were trimmed unread.
    """

    stream: str
    unread: int | None
    behind_s: float
    margin_entries: int | None
    margin_s: float | None
    trimmed_unread: int
    level: Literal["enough", "near", "passed"]
    sentence: str


@dataclass(frozen=True, slots=True)
class GroupLag:
    """How far a consumer group is behind. `lag` is the server's own guess."""

    stream: str
    group: str
    behind_s: float
    pending: int
    lag: int | None
    trimming_passed: bool

    @property
    def sentence(self) -> str:
        lag = "" if self.lag is None else f", {self.lag} entries by the server's count"
        passed = "; trimming has taken entries that it has not read" if self.trimming_passed else ""
        return (
            f"{self.stream}: group {self.group} is {self.behind_s:.1f} s behind{lag}, {self.pending} not acknowledged{passed}"
        )


@dataclass(frozen=True, slots=True)
class MemoryState:
    """`limit_bytes` and `used_share` are None where maxmemory is not set; `sentence` is empty when all is well."""

    used_bytes: int
    limit_bytes: int | None
    policy: str
    used_share: float | None
    level: Literal["enough", "warn", "critical"]
    sentence: str


def stream_state(stream: str, info: Mapping[Any, Any], *, last_id: str, read: int | None = None) -> StreamState:
    """From the reply of XINFO STREAM.

    `last_id` is the last entry the reader was handed, `read` the number of entries that had been added up to it.
    """
    facts = _Facts.of(info)
    unread = margin_entries = None
    taken = 0
    if read is not None and facts.added is not None and facts.removed is not None:
        unread, margin_entries = max(0, facts.added - read), max(0, read - facts.removed)
        taken = max(0, facts.removed - read)
    behind_s, margin_s = facts.seconds_after(last_id), facts.seconds_kept_before(last_id)
    level: Literal["enough", "near", "passed"] = "enough"
    if taken:
        level = "passed"
    elif facts.removed != 0 and _is_near(behind_s, margin_s, unread, margin_entries):
        level = "near"
    sentence = _sentence(stream, level, margin_s, margin_entries, taken)
    return StreamState(stream, unread, behind_s, margin_entries, margin_s, taken, level, sentence)


def group_lags(stream: str, info: Mapping[Any, Any], groups: Sequence[Mapping[Any, Any]]) -> list[GroupLag]:
    """Every group of a stream, from the replies of XINFO STREAM and XINFO GROUPS; who is furthest behind comes first."""
    facts = _Facts.of(info)
    found = []
    for group in groups:
        last_id = text_of(_get(group, "last-delivered-id"))
        lag = _get(group, "lag")
        found.append(
            GroupLag(
                stream=stream,
                group=text_of(_get(group, "name")),
                behind_s=facts.seconds_after(last_id),
                pending=int(_get(group, "pending") or 0),
                lag=None if lag is None else int(lag),
                trimming_passed=facts.has_lost_after(last_id, _get(group, "entries-read")),
            )
        )
    return sorted(found, key=lambda one: (one.behind_s, one.lag or 0, one.pending), reverse=True)


def memory_state(info: Mapping[Any, Any]) -> MemoryState:
    """From the reply of INFO memory."""
    used, limit = int(_get(info, "used_memory") or 0), int(_get(info, "maxmemory") or 0) or None
    policy = text_of(_get(info, "maxmemory_policy") or "noeviction")
    share = used / limit if limit else None
    level: Literal["enough", "warn", "critical"] = "enough"
    sentence = ""
    if limit and share is not None and share >= _WARN_SHARE:
        level = "critical" if share >= _CRITICAL_SHARE else "warn"
        end = "evicts whole streams" if policy.startswith("allkeys") else "refuses new entries"
        sentence = f"Redis uses {size_text(used)} of {size_text(limit)} ({share:.0%}); when it is full it {end} ({policy})"
    elif limit and policy.startswith("allkeys"):
        level = "warn"
        sentence = f"Redis may evict whole streams when {size_text(limit)} are used ({policy}); set maxmemory-policy noeviction"
    return MemoryState(used, limit, policy, share, level, sentence)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What XINFO STREAM says, as far as it matters here. `first_id` is None for an empty stream, `added` before Redis 7.0."""

    length: int
    last_id: str
    first_id: str | None
    added: int | None

    @classmethod
    def of(cls, info: Mapping[Any, Any]) -> _Facts:
        first, added = _get(info, "first-entry"), _get(info, "entries-added")
        return cls(
            length=int(_get(info, "length") or 0),
            last_id=text_of(_get(info, "last-generated-id")),
            first_id=text_of(first[0]) if first else None,
            added=None if added is None else int(added),
        )

    @property
    def removed(self) -> int | None:
        """Entries that were trimmed or deleted."""
        return None if self.added is None else self.added - self.length

    def seconds_after(self, last_id: str) -> float:
        """How much later the newest entry is than the one with `last_id`; nothing read yet counts from the first entry."""
        since = (self.first_id or self.last_id) if last_id == START else last_id
        return max(0, _milliseconds(self.last_id) - _milliseconds(since)) / 1000

    def seconds_kept_before(self, last_id: str) -> float | None:
        """How much older than `last_id` the first entry is that is still there."""
        if self.first_id is None:
            return None
        return max(0, _milliseconds(last_id) - _milliseconds(self.first_id)) / 1000

    def has_lost_after(self, last_id: str, entries_read: Any) -> bool:
        """Whether entries after `last_id` are gone, as far as the server's count can tell."""
        if id_key(self.last_id) <= id_key(last_id) or self.removed is None:
            return False
        return self.first_id is None or (entries_read is not None and self.removed > int(entries_read))


def _is_near(behind_s: float, margin_s: float | None, unread: int | None, margin_entries: int | None) -> bool:
    if unread is not None and margin_entries is not None:
        return unread > margin_entries
    return behind_s > (margin_s or 0)


def _sentence(stream: str, level: str, margin_s: float | None, margin_entries: int | None, taken: int) -> str:
    if level == "passed":
        return f"{stream}: trimming has taken at least {taken} entries before they were read; keep more entries, or read faster"
    if margin_s is None:
        return f"{stream}: empty"
    entries = "" if margin_entries is None else f" ({margin_entries} entries)"
    near = "; keep more entries, or read faster" if level == "near" else ""
    return f"{stream}: trimming is {margin_s:.1f} s{entries} behind our reader{near}"


def _get(reply: Mapping[Any, Any], name: str) -> Any:
    """Replies have text or byte keys, depending on the client's protocol."""
    return reply[name] if name in reply else reply.get(name.encode())


def _milliseconds(entry_id: str) -> int:
    return id_key(entry_id)[0]
