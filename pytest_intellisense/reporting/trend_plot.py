"""The coordinates of a plot: session medians over time, the levels they keep, and what is unusual."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from pytest_intellisense.analytics.trends import Finding, Series
from pytest_intellisense.reporting.difference import duration

WIDTH, HEIGHT, BASE = 600, 120, 112
MOST_POINTS_WITH_DOTS = 200


def trend_plot(series: Series, findings: Sequence[Finding]) -> dict[str, Any]:
    """What the template places: a line, a level for each stretch between changes, marks, and the scale in words."""
    values = series.medians_ns
    top = float(values.max()) * 1.08 or 1.0
    step = WIDTH / max(len(values) - 1, 1)
    place = {session: number for number, session in enumerate(series.sessions)}
    starts = [0, *sorted(place[one.since] for one in findings if one.kind == "change"), len(values)]

    def x(number: float) -> float:
        return round(number * step, 1)

    def y(value_ns: float) -> float:
        return round(BASE - BASE * value_ns / top, 1)

    return {
        "line": " ".join(f"{x(number)},{y(value)}" for number, value in enumerate(values)),
        "dots": [
            {"x": x(number), "y": y(value), "title": f"{session.session_id}: {duration(value)}"}
            for number, (session, value) in enumerate(zip(series.sessions, values, strict=True))
            if len(values) <= MOST_POINTS_WITH_DOTS
        ],
        "levels": [
            {"from": x(start), "to": x(end - 1), "y": y(float(np.median(values[start:end])))} for start, end in pairwise(starts)
        ],
        "changes": [{"x": x(start - 0.5)} for start in starts[1:-1]],
        "marks": [
            {
                "x": x(number),
                "y": y(float(values[number])),
                "title": f"{series.sessions[number].session_id}: {duration(float(values[number]))}",
            }
            for one in findings
            if one.kind == "anomaly"
            for number in range(place[one.since], place[one.until or series.sessions[-1]] + 1)
        ],
        "highest": duration(float(values.max())),
        "latest": duration(float(values[-1])),
        "sessions": len(values),
        "first": series.sessions[0].session_id,
        "last": series.sessions[-1].session_id,
        "sentences": [str(one) for one in findings],
    }
