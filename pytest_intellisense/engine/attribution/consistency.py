"""Whether a stage only passed on what it was given: then it cannot be the first one that went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pytest_intellisense.engine.attribution.leaves import (
    Leaf,
    changes_on_its_way,
    equal,
    leaves_of,
    number_in,
    tokens_of,
)
from pytest_intellisense.engine.attribution.passage import Node
from pytest_intellisense.engine.equality import decimal_of, is_number


def passed_on(node: Node, before: Sequence[Node], *, how_far: bool = False) -> bool:
    """Whether everything a stage says stood in the stages before it, and nothing of a text it was given got lost.

    A picture is never passed on: what it shows cannot be compared. `how_far`: words on its own progress count as well, as
    they may have decided what came next.
    """
    if node.event is not None and node.event.image is not None:
        return False
    own = told_by(node, how_far=how_far)
    given = [leaf for one in before for leaf in leaves_of(one.content) if leaf.value is not None]
    texts = [str(leaf.value) for leaf in given if leaf.is_text]
    unexplained = [leaf for leaf in own if not any(_is(leaf, other) for other in given)]
    if any(leaf.is_text or not texts for leaf in unexplained):
        return all(leaf.is_text and _retold(str(leaf.value), given) for leaf in unexplained)
    return not unexplained or _read_from(texts[-1], unexplained, own)


def suspects_among(
    nodes: Sequence[Node], *, after: int = 0, siblings: Sequence[Node] = (), ends_wrong: bool = False, how_far: bool = False
) -> tuple[str, ...]:
    """The stages behind the one at `after` that can have gone wrong first, in their order; with `ends_wrong` the last can.

    A stage that says something else than the stimulus under the same name is it for certain.
    """
    suspects = [
        index
        for index, node in enumerate(nodes)
        if index > after
        and (
            (ends_wrong and index == len(nodes) - 1)
            or not (passed_on(node, nodes[:index], how_far=how_far) or same_output(node, siblings))
        )
    ]
    certain = next((index for index in suspects if _contradicts(nodes[index], nodes[:index])), None)
    if certain is not None:
        return (nodes[certain].label,)
    return tuple(dict.fromkeys(nodes[index].label for index in suspects))


def contradicts(nodes: Sequence[Node], label: str) -> bool:
    """Whether the stage of this label says something else than the stimulus."""
    return any(node.label == label and _contradicts(node, nodes[:index]) for index, node in enumerate(nodes) if index)


def _contradicts(node: Node, before: Sequence[Node]) -> bool:
    """Whether a value that the stimulus gave comes out different where it shows for the first time."""
    between = {leaf.words for one in before[1:] for leaf in leaves_of(one.content)}
    for given in (leaf for leaf in leaves_of(before[0].content) if _counts(leaf) and leaf.words not in between):
        same = [leaf for leaf in told_by(node) if leaf.words == given.words and leaf.path[-1] == given.path[-1]]
        alike = [leaf for leaf in leaves_of(before[0].content) if leaf.words == given.words]
        if len(same) == 1 and len(alike) == 1 and not equal(same[0].value, given.value):
            return True
    return False


def told_by(node: Node, *, how_far: bool = False) -> list[Leaf]:
    """What a stage says of its own accord: no ids, no times, nothing empty; with `how_far` also how far it got."""
    return [leaf for leaf in leaves_of(node.content) if _counts(leaf, how_far)]


def _counts(leaf: Leaf, how_far: bool = False) -> bool:
    if leaf.value is None or leaf.value == "" or leaf.is_volatile:
        return False
    return how_far or not changes_on_its_way(leaf.path[-1])


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
