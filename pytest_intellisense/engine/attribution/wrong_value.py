"""A wrong value: the first stage on its way that departed from what was expected."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_intellisense.engine.attribution.consistency import suspects_among
from pytest_intellisense.engine.attribution.forms import Found, Question, found_in
from pytest_intellisense.engine.attribution.passage import Node
from pytest_intellisense.engine.equality import show
from pytest_intellisense.model.attribution import Attribution, FormState, StageForm

Verified = Callable[[Node], bool]
"""Whether everything a node says was checked by validation points that hold."""


def wrong_value(nodes: Sequence[Node], question: Question, siblings: Sequence[Node], verified: Verified) -> Attribution:
    """`nodes` lead from the stimulus to where the check found the value wrong; `siblings` are stages of runs where it held.

    The fault lies behind the last stage that has the value right and not behind the first that has it wrong. Of the stages
    between them that do not show the value, those are out that only passed on what they got.
    """
    found = found_in(nodes, question)
    forms = tuple(one.form for one in found)
    right = max((index for index, form in enumerate(forms) if form.state is FormState.RIGHT), default=-1)
    wrong = next(index for index in range(right + 1, len(forms)) if forms[index].state is FormState.WRONG)
    if wrong == 0:
        return _since_injection(found, question, forms)
    start = max(right, 0)
    for index in range(start + 1, wrong):
        if verified(nodes[index]):
            start = index
    candidates = suspects_among(nodes[: wrong + 1], after=start, siblings=siblings, ends_wrong=True)
    return Attribution(
        candidates=candidates,
        reason=_reason(forms[right] if right >= 0 else None, forms[wrong], question),
        reading=_reading(candidates, forms[wrong]),
        field=_field(found[wrong:], question),
        forms=forms,
    )


def _field(wrong: Sequence[Found], question: Question) -> str:
    """The name of the value where it first has one: checks at later stages may call it otherwise."""
    paths = (one.form.path for one in wrong if one.named and one.form.state is FormState.WRONG)
    return next((path.rpartition(".")[2] for path in paths if path), question.name)


def _since_injection(found: Sequence[Found], question: Question, forms: tuple[StageForm, ...]) -> Attribution:
    injected = found[0].form
    return Attribution(
        candidates=(),
        reason=f"the stimulus itself says {show(injected.value)} and no stage changed it",
        reading=f"either the plan expects something else than it injects, or {forms[-1].stage} should have changed it",
        field=question.name,
        forms=forms,
    )


def _reason(right: StageForm | None, wrong: StageForm, question: Question) -> str:
    says = f"{wrong.stage} is the first to say {show(wrong.value)}"
    if right is not None:
        return f"{right.stage} has it right ({show(right.value)}), {says}"
    return f"{says}, no stage before it shows {question.name}"


def _reading(candidates: Sequence[str], wrong: StageForm) -> str:
    sure = f"its confidence is {wrong.confidence:g}: compare it with the image" if wrong.confidence is not None else ""
    unknown = f"what {' and '.join(candidates[:-1])} made cannot be compared by rule" if len(candidates) > 1 else ""
    return "; ".join(part for part in (sure, unknown) if part)
