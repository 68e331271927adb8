"""The comparison operators, each with a comparison that holds and one that does not, carried out while the page is made."""

from __future__ import annotations

from typing import Any

from pytest_intellisense.engine.operators import OPERATORS
from pytest_intellisense.engine.paths import MISSING
from reference_pages import markdown
from reference_pages.markdown import cell, code, table, value

_INTRODUCTION = """
`operator` says how the actual value is compared with `expected_value`; without one it is `==`. The last column is what a
failure says. `==`, `!=` and `approx` take a `tolerance`: a number, or a share such as `"0.5 %"`.
"""

EXAMPLES: dict[str, tuple[tuple[Any, Any], tuple[Any, Any]]] = {
    "==": ((10, 10.0), ("10", 10)),
    "!=": (("BUY", "SELL"), (10, 10.0)),
    "approx": ((150.25, 150.2500001), (150.25, 150.26)),
    ">": ((11, 10), (10, 10)),
    "<": ((9, 10), (10, 10)),
    ">=": ((10, 10), (9, 10)),
    "<=": ((10, 10), (11, 10)),
    "between": ((5, [1, 10]), (11, [1, 10])),
    "in": (("BUY", ["BUY", "SELL"]), ("HOLD", ["BUY", "SELL"])),
    "not_in": (("HOLD", ["BUY", "SELL"]), ("BUY", ["BUY", "SELL"])),
    "exists": ((0, None), (None, None)),
    "not_exists": ((MISSING, None), (0, None)),
    "is_empty": (([], None), (["AAPL"], None)),
    "is_not_empty": (("AAPL", None), ("", None)),
    "starts_with": (("ERR_7", "ERR"), ("OK", "ERR")),
    "ends_with": (("AAPL.US", ".US"), ("AAPL", ".US")),
    "matches_regex": (("order-17", "order-\\d+"), ("order", "order-\\d+")),
    "contains": ((["AAPL", "MSFT"], "AAPL"), ("no price", "risk")),
    "contains_ignore_case": (("Long AAPL", "aapl"), ("Long AAPL", "msft")),
    "contains_all": (([1, 2, 3], [1, 3]), ([1, 2], [1, 3])),
    "contains_any": (([1, 2], [2, 9]), ([1, 2], [8, 9])),
    "length": (("AAPL", 4), ([1, 2], 3)),
    "type": ((1.5, "number"), ("1.5", "number")),
    "subset": (([1, 2], [1, 2, 3]), ([1, 4], [1, 2, 3])),
    "superset": (([1, 2, 3], [1, 2]), ([1, 2], [1, 2, 3])),
}


def page() -> str:
    return markdown.page(
        "Operators",
        _INTRODUCTION,
        table(["operator", "holds", "does not hold", "what it says then"], (_row(name) for name in OPERATORS)),
    )


def _row(name: str) -> list[str]:
    right, wrong = EXAMPLES[name]
    reason = OPERATORS.compare(name, *wrong)
    if OPERATORS.compare(name, *right) is not None or reason is None:
        raise ValueError(f"the examples of {name} are not true")
    return [code(name), _written(name, *right), _written(name, *wrong), cell(reason)]


def _written(name: str, actual: Any, expected: Any) -> str:
    left = "nothing" if actual is MISSING else value(actual)
    return f"{left} {name} {value(expected)}" if expected is not None else f"{left} {name}"
