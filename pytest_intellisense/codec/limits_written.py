"""What can be wrong in `regression_limits`: a stage or statistic that does not exist, an amount that is none."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from pytest_intellisense.codec.problems import Finding, nearest
from pytest_intellisense.model.plan import JsonPath
from pytest_intellisense.model.regression_limit import ANY_STAGE, WHOLE_PIPELINE, parse_limit, split_subject


def findings(limits: Any, at: JsonPath, stages: Collection[str] | None) -> Iterator[Finding]:
    """`stages` are those that a limit may name beside `*` and `total`; None: not known. What is no object `shape` reports."""
    if not isinstance(limits, dict):
        return
    for subject, amount in limits.items():
        try:
            stage, statistic = split_subject(subject)
        except ValueError as problem:
            yield Finding((*at, subject), str(problem), on_key=True)
            continue
        if stages is not None and stage not in (ANY_STAGE, WHOLE_PIPELINE, *stages):
            known = tuple(dict.fromkeys((WHOLE_PIPELINE, ANY_STAGE, *stages)))
            meant = nearest(stage, known)
            key_meant = f"{meant}.{statistic}" if meant else ""
            yield Finding((*at, subject), f'"{stage}" is no stage that is traced here', known, key_meant, on_key=True)
        if isinstance(amount, str):
            try:
                parse_limit(subject, amount)
            except ValueError as problem:
                yield Finding((*at, subject), str(problem))
