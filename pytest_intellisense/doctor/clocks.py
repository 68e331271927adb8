"""Whose clocks the times on the streams come from, and whether durations can be taken between them and ours."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from pytest_intellisense.doctor.asking import Asking
from pytest_intellisense.doctor.finding import Finding, note, ok, warn
from pytest_intellisense.doctor.streams import StreamSeen
from testrade_hooks.clock import clock_domain

_FAR_MS = 500.0


def server_clock(asking: Asking) -> Iterator[Finding]:
    before = time.time()
    answer = asking.ask("TIME")
    after = time.time()
    seconds, micros = (int(part) for part in answer)
    ahead_ms = (seconds + micros / 1e6 - (before + after) / 2) * 1000
    sure_ms = (after - before) * 500
    text = f"the server's wall clock is {ahead_ms:+.1f} ms from ours (± {sure_ms:.1f} ms)"
    if abs(ahead_ms) - sure_ms > _FAR_MS:
        yield warn("clocks", text, "set both by NTP: ids of entries are times of the server")
    else:
        yield ok("clocks", text)


def publishers(seen: Sequence[StreamSeen]) -> Iterator[Finding]:
    domains = [entry.fields.get(b"clock_domain", b"").decode(errors="replace") for one in seen for entry in one.newest]
    if not domains:
        return
    ours, named = clock_domain(), sorted({domain for domain in domains if domain})
    foreign = [domain for domain in named if domain != ours]
    if foreign:
        yield warn(
            "clocks",
            f"publishers read another clock than this host has ({', '.join(foreign)}; ours is {ours})",
            "durations between their times and ours are shown as not comparable; run the recorder on the same host for them",
        )
    elif named:
        yield ok("clocks", f"publishers read the clock of this host ({ours}): durations are comparable")
    if "" in domains:
        share = domains.count("") / len(domains)
        yield note("clocks", f"{share:.0%} of the entries do not name their clock: they are timed at receipt")
