"""Everything the doctor looks at, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from pytest_intellisense.capture.senses import EVERY_STREAM
from pytest_intellisense.doctor import clocks, injection, readers, server, streams
from pytest_intellisense.doctor.asking import Asking, CannotSee
from pytest_intellisense.doctor.finding import Finding, Level, fail, ok
from pytest_intellisense.doctor.rights import rights
from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.streams.connection import Endpoint, reported
from testrade_hooks import wire


def examine(endpoint: Endpoint, extra_streams: Sequence[str] = ()) -> list[Finding]:
    """What there is to say of a Redis; one that cannot be reached is a finding too. Nothing in it is changed."""
    names = tuple(dict.fromkeys((*wire.STREAMS, *extra_streams)))
    try:
        client = endpoint.connect()
    except EnvironmentProblem as problem:
        return [fail("connection", str(problem), problem.hint)]
    with client:
        try:
            with reported(endpoint.address):
                return [ok("connection", f"Redis at {endpoint.address} answers"), *_looks(Asking(client), names)]
        except EnvironmentProblem as problem:
            return [fail("connection", str(problem), problem.hint)]


def _looks(asking: Asking, names: Sequence[str]) -> list[Finding]:
    seen = streams.see(asking, names)
    looks: list[tuple[str, Callable[[], Iterable[Finding]]]] = [
        ("version", partial(server.version, asking)),
        ("round trip", partial(server.round_trip, asking)),
        *((look.__name__, partial(look, node)) for node in asking.nodes() for look in (server.memory, server.persistence)),
        ("rights", partial(rights, asking, tuple(dict.fromkeys((*names, *EVERY_STREAM))))),
        ("contract", partial(streams.generation, seen)),
        ("streams", partial(streams.states, seen)),
        ("streams", partial(streams.undeclared, asking, [one.name for one in seen])),
        ("trimming", partial(readers.trimming, seen)),
        ("groups", partial(readers.groups, seen)),
        ("clocks", partial(clocks.server_clock, asking)),
        ("clocks", partial(clocks.publishers, seen)),
        ("injection", partial(injection.injection, asking)),
    ]
    findings: list[Finding] = []
    for subject, look in looks:
        try:
            findings += look()
        except CannotSee as refusal:
            findings.append(Finding(Level.UNSEEN, subject, str(refusal)))
    return findings
