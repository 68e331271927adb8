"""What the templates of both HTML pages are rendered with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_intellisense.reporting.packed_cases import PackedCases, packed
from pytest_intellisense.reporting.page_templates import source, template
from pytest_intellisense.reporting.rows import GateRow, PlanRow, SessionRow
from pytest_intellisense.reporting.summary_view import SLOWEST_SHOWN, all_stages_view, summary_view


def page_context(
    plans: Sequence[PlanRow], session: SessionRow | None, gate: GateRow | None, cases: PackedCases
) -> dict[str, Any]:
    every = all_stages_view(plans)
    more = max(len(every["stages"]), len(every["pipelines"])) > SLOWEST_SHOWN
    return {
        **summary_view(plans, session, gate),
        **cases.view(),
        "all_stages": packed([template("all_stages.html").render(every)]) if more else "",
        "details_style": packed([source("details.css")]),
        "parts_style": source("parts.css"),
        "parts_script": source("parts.js"),
    }
