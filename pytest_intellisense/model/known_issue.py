"""A failure that is known, why it is left, and until when."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from pytest_intellisense.model.results import Fault

OF_THE_APPLICATION = frozenset({Fault.VALUE, Fault.LATENCY, Fault.MISSING, Fault.EXTRA})


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """`plan` is a pattern with `*` and `?` over a node id, its part after the last `/`, or a plan's name.

    Without a `domain` it covers what the application does wrong, but no unusable environment and no mistake in a plan.
    `place` is where it is written, `file:line:column`.
    """

    plan: str
    reason: str
    expires: dt.date
    domain: Fault | None
    place: str

    def is_about(self, nodeid: str, plan_name: str) -> bool:
        pattern = re.compile(re.escape(self.plan).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
        return any(pattern.fullmatch(name) for name in (nodeid, nodeid.rsplit("/", 1)[-1], plan_name))

    def covers(self, fault: str | None) -> bool:
        return fault in ({self.domain} if self.domain else OF_THE_APPLICATION)

    def has_expired(self, today: dt.date) -> bool:
        """The date itself still counts."""
        return today > self.expires
