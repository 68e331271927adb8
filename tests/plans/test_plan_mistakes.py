"""One edit makes a sound plan wrong: the mistake is named at its exact place, with the suggestion that mends it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from helpers.plan_files import SOUND, load_text, problems_of

from pytest_intellisense.codec.positions import ScannedJson, scan
from pytest_intellisense.codec.problems import Span

PLACE = "▸"


class Edit(NamedTuple):
    """`▸` in `new` marks where the problem must be reported; it is taken out before loading."""

    old: str
    new: str
    says: str
    suggests: str = ""


JSON_EDITS = {
    "comma missing": Edit('"sound",', '"sound"', 'a comma is missing before "description"'),
    "comma too many in a list": Edit('"smoke", "orders"]', '"smoke", "orders"▸,]', "a comma too many before ]"),
    "comma too many before a brace": Edit('"repeat": 2', '"repeat": 2▸,', "a comma too many before }"),
    "colon missing": Edit('"repeat": 2', '"repeat" ▸2', 'a colon is missing after the key "repeat"'),
    "single quotes": Edit('"sound"', "▸'sound'", "a text stands in double quotes"),
    "key without quotes": Edit('"repeat": 2', "▸repeat: 2", "a key in double quotes is expected, found repeat"),
    "Python's True": Edit('"expected_value": true', '"expected_value": ▸True', "True is no JSON: write true"),
    "Python's None": Edit('"expected_value": true', '"expected_value": ▸None', "None is no JSON: write null"),
    "NaN": Edit('"timeout_s": 5,', '"timeout_s": ▸NaN,', "NaN is no JSON number"),
    "minus infinity": Edit('"timeout_s": 5,', '"timeout_s": ▸-Infinity,', "-Infinity is no JSON number"),
    "a number too large": Edit('"timeout_s": 5,', '"timeout_s": ▸1e999,', "1e999 is too large"),
    "5,000 digits": Edit('"timeout_s": 5,', f'"timeout_s": ▸{"9" * 5000},', "a number of 5000 digits"),
    "leading zero": Edit('"repeat": 2', '"repeat": ▸02', "02 is no JSON number"),
    "leading point": Edit('"repeat": 2', '"repeat": ▸.5', ".5 is no JSON number"),
    "text not closed": Edit('"Opens and reduces."', '▸"Opens and reduces.', "this text is not closed on its line"),
    "unknown escape": Edit("Opens and", "Opens ▸\\q and", "\\q is no escape of JSON"),
    "raw tab in a text": Edit("Opens and", "Opens ▸\tand", "a control character (code 9)"),
    "half a surrogate pair": Edit('"Opens and reduces."', '▸"Opens \\ud800 x"', "half of a surrogate pair"),
    "comment in plain JSON": Edit('"repeat": 2', '▸// twice\n      "repeat": 2', "a comment: allowed in *.plan.jsonc only"),
    "wrong bracket": Edit('"smoke", "orders"]', '"smoke", "orders"▸}', "} does not close the [ of line 4"),
    "text after the end": Edit("    }\n  ]\n}\n", "    }\n  ]\n}\n▸{}", "text after the end of the plan"),
    "a word": Edit('"timeout_s": 5,', '"timeout_s": ▸five,', "a value is expected, found five"),
}

SHAPE_EDITS = {
    "a fixture": Edit('"description"', '▸"fixtures": ["browser"], "description"', 'unknown key "fixtures"'),
    "misspelt key": Edit('"description"', '▸"descripton"', 'unknown key "descripton"', "description"),
    "misspelt required key": Edit('"step_id": "open"', '▸"stepid": "open"', 'unknown key "stepid"', "step_id"),
    "misspelt key of a stimulus": Edit('"side": "BUY"', '▸"sid": "BUY"', 'unknown key "sid"', "side"),
    "misspelt key of a check": Edit('"statistic"', '▸"statistics"', 'unknown key "statistics"', "statistic"),
    "misspelt key of the bootstrap": Edit(
        '"price_feed_timeout_s"', '▸"price_feed_timeout"', "unknown key", "price_feed_timeout_s"
    ),
    "key of another stimulus": Edit(
        '"status": "FILLED"', '"status": "FILLED", ▸"quantity": 5', 'unknown key "quantity"', "filled_quantity"
    ),
    "older key": Edit(
        '"quantity": "${size}"', '"quantity": 1, ▸"target_pipeline_key": "X"', 'write "pipeline" beside "stimulus"'
    ),
    "text for a number": Edit(
        '"timeout_s": 5,', '"timeout_s": ▸"5",', '"timeout_s" should be a number > 0 and <= 3600, got "5"'
    ),
    "number for a text": Edit('"sound"', "▸7", '"plan_name" should be a text of 1 to 200 characters, got 7'),
    "empty text": Edit('"sound"', '▸""', '"plan_name" should be a text of 1 to 200 characters'),
    "true for a number": Edit('"repeat": 2', '"repeat": ▸true', '"repeat" should be a whole number >= 1'),
    "a fraction for a count": Edit('"repeat": 2', '"repeat": ▸1.5', '"repeat" should be a whole number >= 1'),
    "zero": Edit('"repeat": 2', '"repeat": ▸0', '"repeat" should be a whole number >= 1 and <= 10000, got 0'),
    "null": Edit('"sound"', "▸null", '"plan_name" should be a text'),
    "negative quantity": Edit('"${size}"', "▸-5", '"quantity" should be a number > 0 or a reference like "${name}", got -5'),
    "quantity in words": Edit('"${size}"', '▸"many"', '"quantity" should be a number > 0 or a reference like "${name}"'),
    "unknown side": Edit('"BUY", "quantity"', '▸"BYU", "quantity"', '"side" should be one of BUY, SELL', "BUY"),
    "unknown status": Edit('"FILLED"', '▸"FILED"', '"status" should be one of', "FILLED"),
    "unknown statistic": Edit('"p95"', '▸"p59"', '"statistic" should be one of', "p95"),
    "unknown stimulus": Edit('"raw_image_injection"', '▸"raw_image_inject"', "is no stimulus", "raw_image_injection"),
    "stimulus without type": Edit('"type": "broker_response", ', "", '"type" is missing'),
    "list for an object": Edit(
        '{"type": "broker_response", "order_id": "${order_id}", "status": "FILLED"}', "▸[]", '"stimulus" should be'
    ),
    "object for a list": Edit('["smoke", "orders"]', '▸{"smoke": 1}', '"tags" should be a list, got an object'),
    "tag with a space": Edit(
        '"smoke", "orders"]', '"smoke", ▸"my orders"]', '"tags" should be a text of letters, digits and _'
    ),
    "roi of three": Edit("[0, 0, 4, 3]", "▸[0, 0, 4]", '"roi" should be a list of 4 members'),
    "text in the roi": Edit("[0, 0, 4, 3]", '[0, 0, ▸"4", 3]', '"roi" should be a whole number'),
    "missing step_id": Edit('"step_id": "screen",\n', "", '"step_id" is missing'),
    "window that is none": Edit('"250 ms"', '▸"250 m"', "is not a duration"),
    "window of nothing": Edit('"250 ms"', "▸0", "within must be longer than 0"),
}

MEANING_EDITS = {
    "misspelt event type": Edit('"event_type": "REJECT"', '"event_type": ▸"REJCET"', "is no declared event type", "REJECT"),
    "misspelt event type in a list": Edit(
        '"event_type": "REJECT"', '"event_type": ["ACK", ▸"RISK_REJECTIONS"]', "is no declared event type", "RISK_REJECTION"
    ),
    "step_id twice": Edit('"step_id": "screen"', '"step_id": ▸"open"', 'the step_id "open" is used twice'),
    "validation_id twice": Edit(
        '"validation_id": "fast"', '"validation_id": ▸"done"', 'the validation_id "done" is used twice'
    ),
    "key twice": Edit('"timeout_s": 5,', '"timeout_s": 5, ▸"timeout_s": 6,', 'the key "timeout_s" stands twice'),
    "unknown validation type": Edit('"pipeline_latency"', '▸"pipeline_latencies"', "is no validation type", "pipeline_latency"),
    "unknown operator": Edit(
        '"operator": "<=", "expected_value": "400', '"operator": ▸"=<", "expected_value": "400', "is no operator", "<="
    ),
    "misspelt operator": Edit('"operator": "==",', '"operator": ▸"start_with",', "is no operator", "starts_with"),
    "unknown pipeline": Edit(
        '"TRADE_CMD_TO_BROKER_FILL"', '▸"TRADE_CMD_TO_BROKER_FIL"', "is no pipeline", "TRADE_CMD_TO_BROKER_FILL"
    ),
    "unknown stage": Edit(
        '"target_identifier": "T4_BrokerFillLog"',
        '"target_identifier": ▸"T4_BrokerFilLog"',
        "is no stage of",
        "T4_BrokerFillLog",
    ),
    "unknown latency": Edit(
        '"field_to_check": "total_observed_pipeline_ns",\n         "statistic"',
        '"field_to_check": ▸"total_pipeline_ns",\n         "statistic"',
        "is no latency of TRADE_CMD_TO_BROKER_FILL",
        "total_observed_pipeline_ns",
    ),
    "step compared with a later one": Edit(
        '"compare_with_step": "open"', '"compare_with_step": ▸"answer"', "is no earlier step"
    ),
    "step compared with a misspelt one": Edit(
        '"compare_with_step": "open"', '"compare_with_step": ▸"opne"', "is no earlier step", "open"
    ),
    "field that the type does not use": Edit(
        '"statistic": "p95"', '▸"from_event": "x"', '"from_event" is not used by pipeline_latency'
    ),
    "field that the type needs": Edit(
        '{"validation_id": "quiet", "type": "event_absence", "event_criteria": {"event_type": "REJECT"}, ',
        '▸{"validation_id": "quiet", "type": "event_absence", ',
        'event_absence needs "event_criteria"',
    ),
    "nothing to compare with": Edit(
        '{"validation_id": "done", "type": "pipeline_completion_status", "expected_value": true}',
        '▸{"validation_id": "done", "type": "pipeline_completion_status"}',
        '"expected_value" is missing',
    ),
    "a latency in words": Edit('"400 ms"', '▸"fast"', "is not a duration"),
    "a broken regular expression": Edit(
        '"==", "expected_value": "BUY"', '"matches_regex", "expected_value": ▸"(BUY"', "no regular expression"
    ),
    "unknown matrix name": Edit('"${symbol}", "side"', '▸"${symbl}", "side"', "${symbl} is neither in the matrix", "symbol"),
    "unknown name in a longer text": Edit(
        '"Opens and reduces."', '▸"Opens ${symbl}."', "${symbl} is neither in the matrix", "symbol"
    ),
    "captured later": Edit('"side": "BUY"', '"side": ▸"${order_id}"', "${order_id} is used before step open has captured it"),
    "misspelt capture": Edit('"${order_id}"', '▸"${order_ids}"', "is neither in the matrix nor captured", "order_id"),
    "matrix value of a wrong type": Edit("[100, 200]", "[100, -200]", '"quantity" should be a number > 0'),
    "matrix without values": Edit("[100, 200]", "▸[]", '"size" should be a list of at least one value'),
    "missing image": Edit("long_aapl.png", "long_aap.png", "nearest: screens/long_aapl.png", "screens/long_aapl.png"),
    "image in another folder": Edit('"screens/long_aapl.png"', '▸"long_aapl.png"', "there is no file", "screens/long_aapl.png"),
    "absolute path": Edit('"screens/long_aapl.png"', '▸"/etc/passwd"', "is an absolute path"),
    "path to the outside": Edit('"screens/long_aapl.png"', '▸"../../etc/passwd"', "leads out of the scenario folder"),
    "backslash": Edit('"screens/long_aapl.png"', '▸"screens\\\\long_aapl.png"', "write / between folders"),
    "NUL": Edit('"screens/long_aapl.png"', '▸"screens/\\u0000.png"', "cannot hold a NUL"),
    "folder for a file": Edit('"screens/long_aapl.png"', '▸"screens"', "is not a file"),
}

EDITS = {name: edit for edits in (JSON_EDITS, SHAPE_EDITS, MEANING_EDITS) for name, edit in edits.items()}


def edited(edit: Edit) -> tuple[str, tuple[int, int] | None]:
    assert SOUND.count(edit.old) >= 1, "the edit does not fit the plan"
    marked = SOUND.replace(edit.old, edit.new, 1)
    before, found, _ = marked.partition(PLACE)
    at = (before.count("\n") + 1, len(before) - before.rfind("\n")) if found else None
    return marked.replace(PLACE, ""), at


def test_the_sound_plan_has_no_problems(tmp_path: Path) -> None:
    """Control: without an edit the plan loads, one case a row."""
    assert [case.case_id for case in load_text(tmp_path, SOUND)] == ["AAPL-100", "AAPL-200", "MSFT-100", "MSFT-200"]


@pytest.mark.parametrize("name", EDITS)
def test_one_wrong_edit_is_named_at_its_place(tmp_path: Path, name: str) -> None:
    """Line, column, words and suggestion of the first problem are exact, and it is the only one."""
    is_named_at_its_place(tmp_path, name)


def test_a_checker_that_points_at_the_beginning_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a checker that says what is wrong and not where."""

    def scan_without_places(text: str) -> ScannedJson:
        found = scan(text)
        found.keys = dict.fromkeys(found.keys, Span(0, 1))
        return found

    monkeypatch.setattr("pytest_intellisense.codec.positions.scan", scan_without_places)
    with pytest.raises(AssertionError):
        is_named_at_its_place(tmp_path, "misspelt key")


def is_named_at_its_place(tmp_path: Path, name: str) -> None:
    edit = EDITS[name]
    text, at = edited(edit)
    first, *more = problems_of(tmp_path, text)
    assert not more
    assert edit.says in first.message
    assert edit.suggests == first.suggestion
    if at is not None:
        assert (first.line, first.column) == at
        assert first.source_line == text.split("\n")[at[0] - 1]
        assert 1 <= first.length <= len(first.source_line) - first.column + 1 or not first.source_line


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    """Five mistakes of different kinds come in one go, in the order of the text."""
    text = SOUND
    for name in ("misspelt key", "negative quantity", "unknown stage", "zero", "step compared with a later one"):
        text = text.replace(EDITS[name].old, EDITS[name].new.replace(PLACE, ""), 1)
    assert [problem.line for problem in problems_of(tmp_path, text)] == [3, 10, 16, 25, 33]


def test_both_places_of_a_duplicate_are_known(tmp_path: Path) -> None:
    """The second of two equal ids is the problem and shows where the first one stands."""
    text, _ = edited(EDITS["step_id twice"])
    (problem,) = problems_of(tmp_path, text)
    assert problem.first is not None
    assert (problem.first.line, problem.first.column) == (9, 18)
    assert "9:18" in problem.message


def test_a_problem_of_some_rows_names_one_of_them(tmp_path: Path) -> None:
    """Only the rows with the bad value are wrong, and the message says which."""
    (problem,) = problems_of(tmp_path, SOUND.replace("[100, 200]", "[100, -200]"))
    assert "matrix row AAPL--200" in problem.message
    assert "got -200" in problem.message


def test_a_regression_limit_names_a_stage_a_statistic_and_an_amount(tmp_path: Path) -> None:
    """Of the plan and of a step; each mistake at its place, with what is allowed."""
    limits = '"regression_limits": {"T4_BrokerFilLog.p95": "5 ms", "total.p42": "10 %", "*.median": "much"},'
    text = SOUND.replace('"plan_name": "sound",', f'"plan_name": "sound", {limits}', 1)
    found = [(problem.message, problem.suggestion) for problem in problems_of(tmp_path, text)]
    assert ('"T4_BrokerFilLog" is no stage that is traced here', "T4_BrokerFillLog.p95") in found
    assert any("STAT is one of median, p90, p95, p99, max" in message for message, _ in found)
    assert any('"much"' in message or "'much'" in message for message, _ in found)
    assert len(found) == 3
