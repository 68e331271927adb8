"""The types of validation points: what each checks, what it needs and what it takes."""

from __future__ import annotations

from pytest_intellisense.engine.checks.registry import CHECKS
from pytest_intellisense.model.validation import VALIDATION_TYPES, ValidationPoint
from reference_pages import markdown
from reference_pages.markdown import cell, code, table

_INTRODUCTION = """
Every validation point has a `validation_id` and a `type`, and may have a `description`. A point that is *asked again* and does
not hold yet is asked once more whenever something happened, until nothing has happened for a while.
"""


def page() -> str:
    types = (
        [code(name), cell(one.meaning), _names(one.needs), _names(one.takes), "yes" if CHECKS.is_eventual(name) else ""]
        for name, one in VALIDATION_TYPES.items()
    )
    fields = ([code(name), cell(one.description or "")] for name, one in ValidationPoint.model_fields.items())
    return markdown.page(
        "Validation types",
        _INTRODUCTION,
        table(["type", "checks", "needs", "takes", "asked again"], types),
        "## Fields\n",
        table(["field", "meaning"], fields),
    )


def _names(fields: frozenset[str]) -> str:
    return "<br>".join(code(name) for name in sorted(fields))
