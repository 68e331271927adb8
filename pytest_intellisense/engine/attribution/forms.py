"""What each stage says of the value a failed check asked for: by the name of the field, or by the text it stands in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from pytest_intellisense.engine.attribution.leaves import (
    Content,
    Leaf,
    changes_on_its_way,
    equal,
    essential,
    leaves_of,
    telling,
    token_that_writes,
    tokens_of,
    words_of,
)
from pytest_intellisense.engine.attribution.passage import Node
from pytest_intellisense.engine.equality import is_number
from pytest_intellisense.engine.paths import MISSING, parse_path, walk
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.attribution import FormState, StageForm

_RESEMBLES = 0.6
_IN_TEXT = 3


@dataclass(frozen=True, slots=True)
class Question:
    """A failed check of a field. `wanted` is the one right value, MISSING where the operator allows many.

    `context` tells which of several such fields is meant: the symbol, and the keys on the way to the field.
    """

    field: str
    actual: Any
    wanted: Any
    is_right: Callable[[Any], bool]
    context: frozenset[str]

    @property
    def name(self) -> str:
        keys = [
            key for key in self.field.replace("[", ".").replace("]", "").split(".") if key and not key.lstrip("-").isdigit()
        ]
        return keys[-1].strip('"') if keys else self.field


@dataclass(frozen=True, slots=True)
class Found:
    """A form and whether it was recognised by the name of its field, not just inside a text."""

    form: StageForm
    named: bool


def found_in(nodes: Sequence[Node], question: Question) -> list[Found]:
    """The form of the value in every node; the last is the one that the check found wrong.

    What a text says counts only beside a stage that has the value under its name: elsewhere it may be chance.
    """
    asked_at = StageForm(stage=nodes[-1].label, state=FormState.WRONG, value=question.actual, path=question.field)
    injected = frozenset(str(leaf.value) for leaf in leaves_of(nodes[0].content) if leaf.is_text)
    found = [*(_found(node, question, injected) for node in nodes[:-1]), Found(_in_its_text(asked_at, nodes[-1]), True)]
    for index in range(len(found) - 2, -1, -1):
        one, after = found[index], found[index + 1].form.state
        if not one.named and one.form.state is not FormState.SILENT and after not in (FormState.RIGHT, FormState.WRONG):
            found[index] = Found(StageForm(stage=one.form.stage, state=FormState.SILENT), False)
    return found


def _found(node: Node, question: Question, injected: frozenset[str]) -> Found:
    by_name = _by_name(node, question)
    if by_name is not None:
        return Found(_in_its_text(by_name, node), True)
    in_text = _in_text(node, question, injected)
    return Found(_in_its_text(in_text, node) if in_text else StageForm(stage=node.label, state=FormState.SILENT), False)


def _in_its_text(form: StageForm, node: Node) -> StageForm:
    """A form that stands in a text was read, and whoever read it may say how sure it is."""
    leaves = list(leaves_of(node.content))
    if node.event is None or not any(leaf.is_text and ".".join(leaf.path) == form.path for leaf in leaves):
        return form
    said = next((leaf.value for leaf in leaves if "confidence" in leaf.words and is_number(leaf.value)), None)
    if said is None:
        return form
    return StageForm(stage=form.stage, state=form.state, value=form.value, path=form.path, confidence=float(said))


def _by_name(node: Node, question: Question) -> StageForm | None:
    """The field of the same path, else of the same name, else of a name that says the same and a bit more or less."""
    if changes_on_its_way(question.name):
        return None
    wanted = words_of(question.name)
    fields = [leaf for leaf in leaves_of(node.content) if leaf.value is not None and not leaf.is_text]
    alike = [leaf for leaf in fields if leaf.words == wanted]
    exact = _at(node.content, question.field)
    if exact is not MISSING:
        states = {_state(value, question, by_its_name=True) for value in (exact, *(leaf.value for leaf in alike))}
        says_both = {FormState.RIGHT, FormState.WRONG} <= states  # two things of one name, or it is just here that it departs
        state = FormState.OTHER if says_both else _state(exact, question, by_its_name=True)
        return StageForm(stage=node.label, state=state, value=exact, path=question.field)
    same = _nearest(alike, question)
    if same is not None:
        return _form(node, same, _state(same.value, question, by_its_name=True))
    related = [leaf for leaf in fields if _is_related(leaf, wanted)]
    distance = {leaf.path: len(essential(leaf.words) ^ essential(wanted)) for leaf in related}
    one = _nearest([leaf for leaf in related if distance[leaf.path] == min(distance.values())], question)
    state = _state(one.value, question, by_its_name=False) if one is not None else FormState.SILENT
    return _form(node, one, state) if one is not None and state in (FormState.RIGHT, FormState.WRONG) else None


def _is_related(leaf: Leaf, wanted: frozenset[str]) -> bool:
    if not wanted or not leaf.words or changes_on_its_way(leaf.path[-1]):
        return False
    one, other = essential(leaf.words), essential(wanted)
    return one <= other or other <= one


def _at(content: Content, path: str) -> Any:
    try:
        value = walk(content, parse_path(path))
    except PlanError:
        return MISSING
    return MISSING if value is None or isinstance(value, dict | list | tuple) else value


def _nearest(leaves: Sequence[Leaf], question: Question) -> Leaf | None:
    """The one that is meant; None where several could be, and differ."""
    most = max((leaf.nearness(question.context) for leaf in leaves), default=0)
    near = [leaf for leaf in leaves if leaf.nearness(question.context) == most]
    return near[0] if near and all(equal(leaf.value, near[0].value) for leaf in near) else None


def _form(node: Node, leaf: Leaf, state: FormState) -> StageForm:
    return StageForm(stage=node.label, state=state, value=leaf.value, path=".".join(leaf.path))


def _state(value: Any, question: Question, *, by_its_name: bool) -> FormState:
    may_be_right = by_its_name or (question.wanted is not MISSING and telling(value))
    if may_be_right and _is_right(value, question):
        return FormState.RIGHT
    if telling(value, characters=1 if by_its_name else 2) and equal(value, question.actual):
        return FormState.WRONG
    return FormState.OTHER


def _is_right(value: Any, question: Question) -> bool:
    if question.is_right(value):
        return True
    return question.wanted is not MISSING and equal(value, question.wanted)


def _in_text(node: Node, question: Question, injected: frozenset[str]) -> StageForm | None:
    """What the texts of a stage say: the wanted value, else the actual one, else what looks like the wanted one.

    In a text that was injected as it is, what looks like it is what was meant.
    """
    texts = [leaf for leaf in leaves_of(node.content) if leaf.is_text]
    for value, state in ((question.wanted, FormState.RIGHT), (question.actual, FormState.WRONG)):
        if value is MISSING or not telling(value, characters=_IN_TEXT):
            continue
        for leaf in texts:
            if (token := token_that_writes(str(leaf.value), value)) is not None:
                return StageForm(stage=node.label, state=state, value=token, path=".".join(leaf.path))
    if node.event is None or question.wanted is MISSING or not telling(question.wanted, characters=_IN_TEXT):
        return None
    for leaf in texts:
        if str(leaf.value) not in injected and (token := _resembling(str(leaf.value), question.wanted)) is not None:
            return StageForm(stage=node.label, state=FormState.WRONG, value=token, path=".".join(leaf.path))
    return None


def _resembling(text: str, wanted: Any) -> str | None:
    """The token of a text that is most like `wanted`, if it is like it at all."""
    written = str(wanted)
    scored = [(SequenceMatcher(None, token.casefold(), written.casefold()).ratio(), token) for token in tokens_of(text)[:400]]
    ratio, token = max(scored, default=(0.0, ""))
    return token if ratio >= _RESEMBLES else None
