"""One edit makes a sound plan wrong: which edit, where the mistake then stands, and what was meant."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from helpers.json_tokens import Path, Token, tokens

from pytest_intellisense.codec.event_names import declared_names
from pytest_intellisense.model.plan import Bootstrap, InjectionPlan, InjectionStep
from pytest_intellisense.model.stimulus import SequenceFrame
from pytest_intellisense.model.validation import OPERATOR_NAMES, VALIDATION_TYPES, ValidationPoint

FREE = {"match", "event_criteria", "capture", "raw_data", "new_value", "parameters", "matrix", "custom_query_payload"}
FREE |= {"position_manager_states_to_set", "ocr_mocks_to_activate", "expected_value", "pipelines", "bootstrap"}
NAMED_VALUES = {"type", "pipeline", "operator", "statistic", "side", "order_type", "status", "field_to_check"}
KNOWN_KEYS = {"type", "$schema"}.union(
    *(model.model_fields for model in (Bootstrap, InjectionPlan, InjectionStep, SequenceFrame, ValidationPoint))
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Mutant:
    """`at` is the offset of the mistake in `text`; `meant` is the right suggestion, empty where there is none to give."""

    kind: str
    text: str
    at: int
    meant: str = ""
    one_edit: bool = False


class Plan:
    """A sound plan and the ways to spoil it; `rng` decides where."""

    def __init__(self, text: str, rng: random.Random) -> None:
        self.text = text
        self.rng = rng
        self.tokens = tokens(text)

    def mutant(self, kind: str, token: Token, new: str, **more: object) -> Mutant:
        return Mutant(kind, self.text[: token.start] + new + self.text[token.end :], token.start, **more)  # type: ignore[arg-type]

    def known_keys(self) -> list[Token]:
        """Keys that a schema names; what stands in free objects may be called anything."""
        return [each for each in self.tokens if each.kind == "key" and not FREE & set(each.path[:-1])]

    def values(self, *names: str, of: type | tuple[type, ...] = str) -> list[Token]:
        """Scalars that stand under one of the keys, outside of free objects."""
        found = [each for each in self.tokens if each.kind == "value" and each.path and not FREE & set(each.path[:-1])]
        return [each for each in found if each.path[-1] in names and isinstance(each.value, of) and "$" not in each.text]

    def one(self, of: list[Token]) -> list[Token]:
        return [self.rng.choice(of)] if of else []

    def typo(self, word: str) -> str:
        """One letter dropped, doubled, replaced or swapped with its neighbour."""
        at = self.rng.randrange(len(word))
        letter = self.rng.choice(_LETTERS)
        match self.rng.randrange(4):
            case 0:
                return word[:at] + word[at + 1 :]
            case 1:
                return word[:at] + letter + word[at:]
            case 2:
                return word[:at] + letter + word[at + 1 :]
            case _:
                return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] if at else word[1] + word[0] + word[2:]


def _typos(
    plan: Plan, kind: str, found: list[Token], known: Callable[[str], bool], *, any_case: bool = False
) -> Iterator[Mutant]:
    """`any_case`: a name that may be written in any letter case."""
    for token in plan.one([each for each in found if len(each.value) > 1]):
        word = plan.typo(token.value)
        same = word.casefold() == token.value.casefold() if any_case else word == token.value
        if not same and not known(word):
            yield plan.mutant(kind, token, json.dumps(word), meant=token.value, one_edit=True)


def typo_in_key(plan: Plan) -> Iterator[Mutant]:
    yield from _typos(plan, "typo in a key", plan.known_keys(), lambda word: word in KNOWN_KEYS)


def _is_name(word: str) -> bool:
    return word in VALIDATION_TYPES or word in OPERATOR_NAMES or word in ("BUY", "SELL", "MKT", "LMT", "STP")


def typo_in_type(plan: Plan) -> Iterator[Mutant]:
    yield from _typos(plan, "typo in a type", plan.values("type"), _is_name)


def typo_in_pipeline(plan: Plan) -> Iterator[Mutant]:
    yield from _typos(plan, "typo in a pipeline", plan.values("pipeline"), _is_name, any_case=True)


def typo_in_operator(plan: Plan) -> Iterator[Mutant]:
    words = [each for each in plan.values("operator") if each.value.isalpha() or "_" in each.value]
    yield from _typos(plan, "typo in an operator", words, _is_name)


def typo_in_enumeration(plan: Plan) -> Iterator[Mutant]:
    found = [
        each
        for each in plan.values("statistic", "side", "order_type", "status")
        if "stimulus" in each.path or each.path[-1] == "statistic"
    ]
    yield from _typos(plan, "typo in an enumerated value", found, _is_name)


def _of_points(plan: Plan, key: str, *types: str) -> list[Token]:
    kinds = {each.path[:-1] for each in plan.values("type") if each.value in types}
    return [each for each in plan.values(key) if each.path[:-1] in kinds]


def typo_in_stage(plan: Plan) -> Iterator[Mutant]:
    yield from _typos(plan, "typo in a stage", _of_points(plan, "target_identifier", "specific_log_event_field"), _is_name)


def typo_in_latency(plan: Plan) -> Iterator[Mutant]:
    yield from _typos(plan, "typo in a latency key", _of_points(plan, "field_to_check", "pipeline_latency"), _is_name)


def typo_in_event_type(plan: Plan) -> Iterator[Mutant]:
    found = [each for each in plan.tokens if each.kind == "value" and each.path[-1:] == ("event_type",)]
    yield from _typos(plan, "typo in an event type", found, lambda word: word in declared_names())


def typo_in_placeholder(plan: Plan) -> Iterator[Mutant]:
    found = [each for each in plan.tokens if each.kind == "value" and each.text.startswith('"${') and "." not in each.text]
    for token in plan.one(found):
        name = token.value[2:-1]
        word = plan.typo(name)
        if word not in ("", name):
            yield plan.mutant("typo in a placeholder", token, json.dumps(f"${{{word}}}"), meant=name, one_edit=True)


def typo_in_image(plan: Plan) -> Iterator[Mutant]:
    for token in plan.one(plan.values("image")):
        folder, _, name = token.value.rpartition("/")
        stem, _, suffix = name.rpartition(".")
        word = plan.typo(stem)
        if word != stem:
            yield plan.mutant(
                "typo in a file name", token, json.dumps(f"{folder}/{word}.{suffix}"), meant=token.value, one_edit=True
            )


def typo_in_reference(plan: Plan) -> Iterator[Mutant]:
    """Of `$stimulus_<field>` and of what a step captures from a stage."""
    for token in plan.one([each for each in plan.tokens if each.kind == "value" and each.text.startswith('"$stimulus_')]):
        word = plan.typo(token.value.removeprefix("$stimulus_"))
        if f"$stimulus_{word}" != token.value:
            yield plan.mutant("typo in a reference", token, json.dumps(f"$stimulus_{word}"), meant=token.value, one_edit=True)
    for token in plan.one([each for each in plan.tokens if each.kind == "value" and each.path[-2:-1] == ("capture",)]):
        stage, _, path = token.value.partition(".")
        word = plan.typo(stage)
        if word != stage:
            yield plan.mutant("typo in a capture", token, json.dumps(f"{word}.{path}"), meant=token.value, one_edit=True)


def wrong_case(plan: Plan) -> Iterator[Mutant]:
    for token in plan.one(plan.values("side", "type")):
        word = token.value.swapcase()
        yield plan.mutant("wrong case", token, json.dumps(word), meant=token.value)


def unknown_key(plan: Plan) -> Iterator[Mutant]:
    for token in plan.one(plan.known_keys()):
        yield plan.mutant("unknown key", token, '"zz_nothing_like_it": 1, ' + token.text)


WRONG = {
    str: ["7", "null", "[]", "{}", "true"],
    bool: ['"yes"', "null", "3"],
    int: ['"5"', "null", "[1]", "false"],
    float: ['"5"', "null", "{}"],
}
TYPED = (
    "plan_name",
    "step_id",
    "validation_id",
    "timeout_s",
    "repeat",
    "wait_after_injection_s",
    "quantity",
    "symbol",
    "field_to_check",
)


def wrong_type(plan: Plan) -> Iterator[Mutant]:
    for token in plan.one(plan.values(*TYPED, of=(str, int, float))):
        wrong = plan.rng.choice(
            [each for each in WRONG[type(token.value)] if each != "null" or token.path[-1] != "field_to_check"]
        )
        yield plan.mutant("wrong type", token, wrong)


def wrong_container(plan: Plan) -> Iterator[Mutant]:
    found = [
        each
        for each in plan.tokens
        if each.kind == "open" and each.path[-1:] in (("stimulus",), ("validation_points",), ("tags",), ("bootstrap",))
    ]
    for token in plan.one(found):
        end = next(each.end for each in plan.tokens if each.kind == "close" and each.path == token.path)
        wrong = plan.rng.choice(['"x"', "7", "{}" if token.text == "[" else "[]"])
        yield Mutant("wrong container", plan.text[: token.start] + wrong + plan.text[end:], token.start)


def out_of_range(plan: Plan) -> Iterator[Mutant]:
    for token in plan.one(plan.values("timeout_s", "repeat", "quantity", of=(int, float))):
        yield plan.mutant("out of range", token, plan.rng.choice(["0", "-5"]))


def _without(plan: Plan, key: Token) -> str | None:
    """The text without a whole member `"key": scalar,`; None where the value is no scalar or the last member."""
    at = plan.tokens.index(key)
    value, comma = plan.tokens[at + 2], plan.tokens[at + 3]
    if value.kind != "value" or comma.kind != "comma":
        return None
    return plan.text[: key.start] + plan.text[comma.end :].lstrip()


REQUIRED = ("plan_name", "step_id", "validation_id", "type", "symbol", "side", "quantity", "parameter")


def missing_key(plan: Plan) -> Iterator[Mutant]:
    found = [each for each in plan.known_keys() if each.path[-1] in REQUIRED and "frames" not in each.path]
    for key in plan.one(found):
        parent = next(each for each in plan.tokens if each.kind == "open" and each.path == key.path[:-1])
        if (text := _without(plan, key)) is not None and parent.end <= key.start:
            yield Mutant("missing key", text, parent.start)


def key_twice(plan: Plan) -> Iterator[Mutant]:
    for key in plan.one([each for each in plan.tokens if each.kind == "key"]):
        yield Mutant(
            "key twice", plan.text[: key.start] + f"{key.text}: 1, " + plan.text[key.start :], key.start + len(key.text) + 5
        )


def id_twice(plan: Plan) -> Iterator[Mutant]:
    ids: dict[Path, list[Token]] = {}
    for each in plan.values("step_id", "validation_id"):
        ids.setdefault((*each.path[:-2], each.path[-1]), []).append(each)
    for several in ids.values():
        if len(several) > 1:
            token = plan.rng.choice(several[1:])
            yield plan.mutant("id twice", token, several[0].text)
            return


def comma_missing(plan: Plan) -> Iterator[Mutant]:
    for comma in plan.one([each for each in plan.tokens if each.kind == "comma"]):
        following = plan.tokens[plan.tokens.index(comma) + 1]
        yield Mutant("comma missing", plan.text[: comma.start] + " " + plan.text[comma.end :], following.start)


def comma_too_many(plan: Plan) -> Iterator[Mutant]:
    for close in plan.one([each for each in plan.tokens if each.kind == "close"]):
        before = plan.tokens[plan.tokens.index(close) - 1]
        yield Mutant("comma too many", plan.text[: before.end] + "," + plan.text[before.end :], before.end)


def colon_missing(plan: Plan) -> Iterator[Mutant]:
    for colon in plan.one([each for each in plan.tokens if each.kind == "colon"]):
        following = plan.tokens[plan.tokens.index(colon) + 1]
        yield Mutant("colon missing", plan.text[: colon.start] + " " + plan.text[colon.end :], following.start)


def bracket_missing(plan: Plan) -> Iterator[Mutant]:
    """Where the text stops being JSON is what the standard library says; at the end of the file, its last character."""
    for token in plan.one([each for each in plan.tokens if each.kind in ("open", "close")]):
        text = plan.text[: token.start] + " " + plan.text[token.end :]
        try:
            json.loads(text)
        except json.JSONDecodeError as problem:
            if "Extra data" in problem.msg or problem.pos >= len(text.rstrip()):
                yield Mutant("bracket missing", text, min(problem.pos, len(text.rstrip()) - 1))
            else:
                yield Mutant("bracket missing", text, _after_comma(text, problem.pos))


def _after_comma(text: str, at: int) -> int:
    """A comma before a bracket is the mistake, not the bracket."""
    before = text[:at].rstrip()
    return len(before) - 1 if text[at] in "]}" and before.endswith(",") else at


def quote_missing(plan: Plan) -> Iterator[Mutant]:
    """Of a key or a text: the one that lacks it is the mistake."""
    for token in plan.one([each for each in plan.tokens if each.text.startswith('"') and each.text[1:-1].isidentifier()]):
        if plan.rng.random() < 0.5:
            yield plan.mutant("opening quote missing", token, token.text[1:])
        else:
            yield plan.mutant("closing quote missing", token, token.text[:-1])


def no_value(plan: Plan) -> Iterator[Mutant]:
    for token in plan.one([each for each in plan.tokens if each.kind == "value"]):
        words = ["True", "None", "NaN", "-Infinity", "'x'", "05", ".5", "1.", "1e", "+1", "0x1F", "1_000", "yes", "// x"]
        yield plan.mutant("no JSON value", token, plan.rng.choice(words))


def path_refused(plan: Plan) -> Iterator[Mutant]:
    for token in plan.one(plan.values("image")):
        wrong = plan.rng.choice(["/etc/passwd", "../../../../etc/passwd", "..\\screens\\x.png", "~/x.png", "", "../screens"])
        yield plan.mutant("path refused", token, json.dumps(wrong))


def wrong_unit(plan: Plan) -> Iterator[Mutant]:
    found = [each for each in _of_points(plan, "expected_value", "pipeline_latency") if each.value.endswith(" ms")]
    for token in plan.one(found):
        yield plan.mutant(
            "wrong unit", token, json.dumps(plan.rng.choice(["400 mss", "400 m", "fast", "250 ns", "-5 ms", "0 ms", "4 h"]))
        )


def expected_of_wrong_type(plan: Plan) -> Iterator[Mutant]:
    kinds = {each.path[:-1] for each in plan.values("type") if each.value == "pipeline_completion_status"}
    for token in plan.one([each for each in plan.values("expected_value", of=bool) if each.path[:-1] in kinds]):
        yield plan.mutant("expected value of a wrong type", token, plan.rng.choice(['"true"', "1", '"yes"', "null"]))


def text_after_the_end(plan: Plan) -> Iterator[Mutant]:
    yield Mutant("text after the end", plan.text.rstrip() + plan.rng.choice(["}", "{}", "x"]), len(plan.text.rstrip()))


def text_cut_off(plan: Plan) -> Iterator[Mutant]:
    """As an interrupted copy leaves it: after a whole token, the file ends where the last one does."""
    token = plan.rng.choice(plan.tokens[2:-1])
    if token.kind in ("value", "close", "comma", "colon", "key", "open"):
        yield Mutant("text cut off", plan.text[: token.end] + "\n", token.end - 1)


KINDS: tuple[Callable[[Plan], Iterator[Mutant]], ...] = (
    typo_in_key,
    typo_in_type,
    typo_in_pipeline,
    typo_in_operator,
    typo_in_enumeration,
    typo_in_stage,
    typo_in_latency,
    typo_in_event_type,
    typo_in_placeholder,
    typo_in_image,
    typo_in_reference,
    wrong_case,
    unknown_key,
    wrong_type,
    wrong_container,
    out_of_range,
    missing_key,
    key_twice,
    id_twice,
    comma_missing,
    comma_too_many,
    colon_missing,
    bracket_missing,
    quote_missing,
    no_value,
    path_refused,
    wrong_unit,
    expected_of_wrong_type,
    text_after_the_end,
    text_cut_off,
)


def mutants(text: str, rng: random.Random, times: int) -> Iterator[Mutant]:
    """Every kind that fits the plan, `times` over, each at a place of its own choice."""
    plan = Plan(text, rng)
    for _ in range(times):
        for kind in KINDS:
            yield from kind(plan)
