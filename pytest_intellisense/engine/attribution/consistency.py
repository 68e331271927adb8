"""Whether a stage only passed on what it was given: then it cannot be the first one that went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pytest_intellisense.engine.attribution.leaves import (
    Leaf,
    equal,
    leaves_of,
    number_in,
    tokens_of,
)
from pytest_intellisense.engine.attribution.passage import Node
from pytest_intellisense.engine.equality import decimal_of, is_number


def passed_on(node: Node, before: Sequence[Node]) -> bool:
    """Whether everything a stage says stood in the stages before it, and nothing of a text it was given got lost.

    A picture is never passed on: what it shows cannot be compared.
    """
    if node.event is not None and node.event.image is not None:
        return False
    own = told_by(node)
    given = [leaf for one in before for leaf in leaves_of(one.content) if leaf.value is not None]
    texts = [str(leaf.value) for leaf in given if leaf.is_text]
    unexplained = [leaf for leaf in own if not any(_is(leaf, other) for other in given)]
    if any(leaf.is_text or not texts for leaf in unexplained):
        return all(leaf.is_text and _retold(str(leaf.value), given) for leaf in unexplained)
    return not unexplained or _read_from(texts[-1], unexplained, own)


def told_by(node: Node) -> list[Leaf]:
    """What a stage says of its own accord: no ids, no times, nothing empty."""
    return [leaf for leaf in leaves_of(node.content) if _counts(leaf)]


def _counts(leaf: Leaf) -> bool:
    return leaf.value is not None and leaf.value != "" and not leaf.is_volatile


def _is(leaf: Leaf, given: Leaf) -> bool:
    if not equal(leaf.value, given.value):
        return False
    return leaf.words == given.words or leaf.words < given.words or given.words < leaf.words


def _retold(text: str, given: Sequence[Leaf]) -> bool:
    """A text made of single values: every word of it is one of them."""
    values = [leaf.value for leaf in given if not leaf.is_text]
    names = {key.casefold() for leaf in given for key in leaf.path}
    return all(_stands_in(token, values) or token.casefold() in names for token in tokens_of(text))


def _stands_in(token: str, values: Sequence[object]) -> bool:
    number = number_in(token)
    if number is not None:
        return any(is_number(value) and decimal_of(value) == number for value in values)
    return any(isinstance(value, str) and value.casefold() == token.casefold() for value in values)


def _read_from(text: str, unexplained: Sequence[Leaf], own: Sequence[Leaf]) -> bool:
    """Values read from a text: every word stands there, the numbers in their order, and no number of it was left out."""
    tokens = tokens_of(text)
    written = [number for token in tokens if (number := number_in(token)) is not None]
    words = {token.casefold() for token in tokens}
    numbers: list[Decimal] = []
    for leaf in own:
        if is_number(leaf.value):
            numbers.append(decimal_of(leaf.value))
        elif isinstance(leaf.value, bool) or str(leaf.value).casefold() not in words:
            return False
    return numbers == written and all(leaf in own for leaf in unexplained)


def same_output(node: Node, others: Sequence[Node]) -> bool:
    """Whether a run that went well had the very same at this stage, picture included."""
    return any(_same(node, other) for other in others if other.label == node.label)


def _same(node: Node, other: Node) -> bool:
    if node.event is None or other.event is None:
        return False
    pictures = [one.event.image.sha256 if one.event.image else "" for one in (node, other) if one.event]
    if pictures[0] != pictures[1]:
        return False
    left, right = ({leaf.path: leaf.value for leaf in told_by(one)} for one in (node, other))
    return left.keys() == right.keys() and all(equal(value, right[path]) for path, value in left.items())
