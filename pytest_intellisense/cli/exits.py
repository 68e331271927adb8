"""How a command of `intellisense` ends; scripts may rely on these numbers."""

from __future__ import annotations

COMPLETE = 0
"""Done; what was read is whole, and nothing was lost upstream."""

NOTHING_READABLE = 1
"""Nothing is readable, or nothing was captured."""

PLAN_WRONG = 1
"""A plan has a mistake; all of them are printed."""

USAGE = 2
"""A wrong option, a path that is not there, an environment that cannot be used: `error: …` and `hint: …`."""

READABLE_WITH_LOSSES = 3
"""Readable with losses: something is damaged, missing or was lost upstream; or there are warnings."""

LEFT_OVER = 3
"""Something that should go could not be removed; the reason is on stderr."""

INTERRUPTED = 130
"""Ended by a second Ctrl-C."""
