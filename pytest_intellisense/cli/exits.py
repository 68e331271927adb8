"""How a command of `intellisense` ends; scripts may rely on these numbers."""

from __future__ import annotations

COMPLETE = 0
NOTHING_READABLE = 1
PLAN_WRONG = 1
USAGE = 2
READABLE_WITH_LOSSES = 3
INTERRUPTED = 130
