"""How large the parts of a plan may be."""

from __future__ import annotations

LARGEST_PLAN_BYTES = 5_000_000
DEEPEST = 64
LONGEST_NUMBER = 300
