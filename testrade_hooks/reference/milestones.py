"""Points in time of one passage through a stage, and the milliseconds between them."""

from __future__ import annotations

import itertools

from testrade_hooks import clock


class Milestones:
    """Marks are named `t7_orchestration_start` and so on; their times are this process's monotonic clock in ns."""

    def __init__(self) -> None:
        self._marks: dict[str, int] = {}

    def mark(self, name: str, at_ns: int | None = None) -> int:
        at_ns = clock.now().monotonic_ns if at_ns is None else at_ns
        self._marks[name] = at_ns
        return at_ns

    def payload(self) -> dict[str, int | float]:
        """Every mark as `<name>_ns`, and from each to the next `<step>_to_<step>_ms` by their leading words."""
        body: dict[str, int | float] = {f"{name}_ns": at for name, at in self._marks.items()}
        names = list(self._marks)
        for before, after in itertools.pairwise(names):
            step = f"{before.split('_')[0]}_to_{after.split('_')[0]}_ms"
            body[step] = (self._marks[after] - self._marks[before]) / 1e6
        return body
