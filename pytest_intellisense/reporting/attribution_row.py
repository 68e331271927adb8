"""An attribution as plain JSON, and what became of a wrong value in few words."""

from __future__ import annotations

import difflib
from dataclasses import asdict

from pytest_intellisense.model.attribution import Attribution, FormState, StageForm
from pytest_intellisense.model.results import ValidationOutcome
from pytest_intellisense.reporting.plain import plain
from pytest_intellisense.reporting.rows import AttributionRow, FormRow

_LONGEST_CHANGE = 12
_TEXT = 200


def attribution_row(outcome: ValidationOutcome, found: Attribution) -> AttributionRow:
    return attribution_of(str(outcome.fault or ""), found, change=_change(outcome, found))


def attribution_of(domain: str, found: Attribution, *, change: str = "") -> AttributionRow:
    return AttributionRow(
        domain=domain,
        first_wrong_stage=plain(found.first_wrong_stage),
        candidates=[plain(one) for one in found.candidates],
        certainty=str(found.certainty),
        field=plain(found.field),
        change=plain(change),
        reason=plain(found.reason, text_limit=_TEXT),
        reading=plain(found.reading, text_limit=_TEXT),
        values=[_form_row(form) for form in found.forms],
        readers=[plain(asdict(reader)) for reader in found.readers],
        caused_by=[plain(one) for one in found.caused_by],
    )


def _form_row(form: StageForm) -> FormRow:
    return FormRow(
        stage=plain(form.stage),
        state=str(form.state),
        value=plain(form.value, text_limit=_TEXT),
        path=plain(form.path),
        confidence=form.confidence,
    )


def _change(outcome: ValidationOutcome, found: Attribution) -> str:
    """Which characters became which at the first wrong stage, where that can be said."""
    wrong = next((form for form in found.forms if form.state is FormState.WRONG), None)
    if wrong is None or outcome.operator not in ("==", "approx") or isinstance(outcome.expected, bool | None | list | dict):
        return ""
    expected, actual = _written(outcome.expected), _written(wrong.value)
    parts = [
        (expected[a:b], actual[c:d])
        for kind, a, b, c, d in difflib.SequenceMatcher(None, expected, actual, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    verb = "read" if wrong.confidence is not None else "changed"
    if len(parts) == 1 and all(part and len(part) <= _LONGEST_CHANGE for part in parts[0]) and parts[0][0] != expected:
        return f"{verb} {parts[0][0]} {'as' if verb == 'read' else 'to'} {parts[0][1]}"
    short = max(len(expected), len(actual)) <= 2 * _LONGEST_CHANGE
    return f"{verb} {expected} {'as' if verb == 'read' else 'to'} {actual}" if short else ""


def _written(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
