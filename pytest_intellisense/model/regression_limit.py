"""How much slower than its baseline a stage may become: `order_fill.p95:10%`, `total.median:5ms`, `*.median:10%`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from pytest_intellisense.model.durations import format_ns, parse_ns

Statistic = Literal["median", "p90", "p95", "p99", "max"]
STATISTICS: tuple[Statistic, ...] = get_args(Statistic)
ANY_STAGE = "*"
WHOLE_PIPELINE = "total"

_SHARE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")


@dataclass(frozen=True, slots=True)
class RegressionLimit:
    """Exactly one of `share` (0.1 is 10 %) and `absolute_ns` is set. `stage` may be ANY_STAGE or WHOLE_PIPELINE."""

    stage: str
    statistic: Statistic
    share: float | None = None
    absolute_ns: int | None = None

    @property
    def subject(self) -> str:
        return f"{self.stage}.{self.statistic}"

    @property
    def amount(self) -> str:
        return f"{self.share * 100:g} %" if self.share is not None else format_ns(self.absolute_ns or 0)

    def __str__(self) -> str:
        return f"{self.subject}:{self.amount}"


DEFAULT_LIMITS = (RegressionLimit(ANY_STAGE, "median", share=0.1),)


def parse_expression(text: str) -> RegressionLimit:
    """A limit as the command line has it, `STAGE.STAT:10%`. Raises ValueError saying what is wrong and what is allowed."""
    subject, colon, amount = text.rpartition(":")
    if not colon:
        raise ValueError(f"{text!r} is no limit: write STAGE.STAT:10% or STAGE.STAT:5ms")
    return parse_limit(subject, amount)


def parse_limit(subject: str, amount: object) -> RegressionLimit:
    """A limit as a plan has it, `"order_fill.p95": "10 %"`. Raises ValueError saying what is wrong and what is allowed."""
    stage, statistic = split_subject(subject)
    if isinstance(amount, str) and (written := _SHARE.fullmatch(amount)):
        share = float(written[1]) / 100
        if not 0 < share <= 100:
            raise ValueError(f"the limit {amount.strip()} should be more than 0 % and at most 10000 %")
        return RegressionLimit(stage, statistic, share=share)
    try:
        absolute_ns = parse_ns(amount, bare_unit="ms") if isinstance(amount, str) else 0
    except ValueError:
        absolute_ns = 0
    if absolute_ns <= 0:
        raise ValueError(f'{amount!r} is no limit: write a share like "10 %" or a duration like "5 ms" (ns, us, ms, s, min)')
    return RegressionLimit(stage, statistic, absolute_ns=absolute_ns)


def split_subject(subject: str) -> tuple[str, Statistic]:
    """`order_fill.p95` in its two parts. Raises ValueError naming the statistics there are."""
    stage, dot, name = subject.rpartition(".")
    statistic = next((known for known in STATISTICS if known == name), None)
    if not dot or not stage or statistic is None:
        raise ValueError(f"{subject!r} is no STAGE.STAT: STAT is one of {', '.join(STATISTICS)}, STAGE may be * or total")
    return stage, statistic
