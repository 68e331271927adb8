"""What a person reads when a plan fails, word for word."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers import rows

from pytest_intellisense.codec.problems import Place, Problem
from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.reporting.against_baseline import attribute_by_baseline
from pytest_intellisense.reporting.failure_text import failure_lines, one_line
from pytest_intellisense.reporting.lines import text_of, write
from pytest_intellisense.reporting.problem_text import environment_lines, problem_lines, problems_in_one_line
from pytest_intellisense.reporting.rows import PlanRow

GOLDEN = Path(__file__).parent / "golden"

FAILURES = {
    "value": rows.value_failure,
    "text": rows.text_failure,
    "latency": rows.latency_failure,
    "missing": rows.missing_failure,
    "extra": rows.extra_failure,
    "env": rows.environment_failure,
}

PROBLEMS = [
    Problem(
        4,
        53,
        'unknown field "timeout_sm"',
        ("step_id", "stimulus", "timeout_s"),
        "timeout_s",
        '    {"step_id": "s1", "stimulus": {"type": "ocr_event"}, "timeout_sm": 1500}',
        12,
        "steps[0].timeout_sm",
    ),
    Problem(
        9,
        6,
        'step_id "open" is used twice',
        source_line='     "step_id": "open",',
        length=9,
        json_path="steps[1].step_id",
        first=Place(4, 6, 9, '     "step_id": "open",'),
    ),
]


def text(row: PlanRow, **options: object) -> str:
    return text_of(failure_lines(row, **options))  # type: ignore[arg-type]


def many_failures(count: int) -> PlanRow:
    wrong = [rows.outcome(f"v{n}", passed=False, actual="SELL", line=20 + n) for n in range(count)]
    return rows.plan(rows.step(validation_outcomes=wrong), fault="VALUE", sentence="order_request.side is wrong")


@pytest.mark.parametrize("name", FAILURES)
def test_each_fault_domain_reads_as_agreed(name):
    """Fault, place in the plan, expected over actual, waterfall, counts, rerun command."""
    assert text(FAILURES[name]()) + "\n" == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_all_mistakes_of_a_plan_file_are_shown_with_caret_and_advice():
    """Each has its line and column, what is allowed there, and for a duplicate the other place."""
    shown = text_of(problem_lines("scenarios/open.plan.json", PROBLEMS)) + "\n"
    assert shown == (GOLDEN / "plan.txt").read_text(encoding="utf-8")
    assert problems_in_one_line(PROBLEMS) == 'PLAN 2 problems, first at 4:53: unknown field "timeout_sm"'


def test_an_environment_problem_says_what_to_do_and_no_secret():
    """One sentence, one hint."""
    error = EnvironmentProblem(
        "redis://user:hunter2@db:6379 refused the connection",
        hint="check: redis-cli -h db ping\nor use --intellisense-redis=embedded",
    )
    assert text_of(environment_lines(error)).splitlines() == [
        "ENV  redis://***@db:6379 refused the connection",
        "     check: redis-cli -h db ping",
        "     or use --intellisense-redis=embedded",
    ]


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("name", FAILURES)
def test_the_text_fits_the_screen(name, width, unicode):
    """At most 25 lines of the given width, and seven bits where the terminal has no more."""
    shown = text(FAILURES[name](), width=width, unicode=unicode)
    assert len(shown.splitlines()) <= 25
    assert max(map(len, shown.splitlines())) <= width
    assert unicode or shown.isascii()


def test_further_failed_validations_take_one_line_each_and_never_more_than_the_screen():
    """The first is shown in full; what does not fit is counted and shown by -vv."""
    few, many = text(many_failures(3)), text(many_failures(40))
    assert 'open.plan.json:21:7  VALUE v1: expected "BUY", got "SELL"' in few
    assert "more" not in few
    assert len(many.splitlines()) <= 25
    assert "more (-vv shows all)" in many
    assert "v39" in text(many_failures(40), verbose=2)


def test_long_values_are_cut_around_the_first_difference():
    """The caret stays below the letter that differs, and -vv shows the whole."""
    wrong = rows.outcome("note", passed=False, expected="x" * 300 + "A" + "y" * 300, actual="x" * 300 + "B" + "y" * 300)
    row = rows.plan(rows.step(validation_outcomes=[wrong]), fault="VALUE", sentence="note is wrong")
    expected, actual, caret = text(row).splitlines()[4:7]
    at = caret.index("^")
    assert (expected[at], actual[at]) == ("A", "B")
    assert "y" * 290 in text(row, verbose=2).replace("\nE             ", "")


def test_values_cannot_steer_the_terminal():
    """Escape sequences, newlines and direction marks from the wire appear as text."""
    wrong = rows.outcome("note", passed=False, expected="a", actual="\x1b[2J\x9b31m\u202eevil\n", details="\x1b]0;title\x07")
    row = rows.plan(rows.step(validation_outcomes=[wrong]), fault="VALUE", sentence="note is \x1b[31mwrong")
    shown = text(row, verbose=2)
    assert not set(shown) & set("\x1b\x9b\u202e\x07")
    assert r"\x1b" in one_line(row)


def test_a_difference_of_type_is_named():
    """10 and "10" look alike; the text says what was found."""
    wrong = rows.outcome("qty", passed=False, expected=10, actual="10")
    assert "number expected, text found" in text(rows.plan(rows.step(validation_outcomes=[wrong]), fault="VALUE"))


def test_styles_go_through_the_writer_only():
    """Pieces are written with pytest's own markup names, so that colour can be switched off in one place."""
    written = []
    writer = SimpleNamespace(write=lambda text, **markup: written.append((text, markup)), line=lambda text: None)
    write(failure_lines(rows.value_failure()), writer)
    first = "VALUE  order_request.limit_price is wrong: expected 150.25, got 150.65; first wrong at raw_ocr"
    assert (first, {"red": True}) in written
    assert not any("\x1b" in text for text, _ in written)


def test_the_short_summary_names_fault_first_wrong_stage_and_line():
    """One line that says what is wrong, where it began and where it is expected."""
    assert one_line(rows.value_failure()) == (
        "VALUE at raw_ocr: order_request.limit_price is wrong: expected 150.25, got 150.65 (scenarios/ocr/open.plan.json:41)"
    )


def test_a_stage_that_cannot_be_told_is_not_accused():
    """Of two candidates both are named; of none, the text says that it is not determined."""
    assert one_line(rows.text_failure()).startswith("VALUE at processed_image or raw_ocr: cleaned_ocr.symbol is wrong")
    undecided = rows.value_failure()
    found = rows.attribution("VALUE", reason="the stimulus itself says 150.65 and no stage changed it")
    undecided["attribution"] = undecided["steps"][0]["validation_outcomes"][1]["attribution"] = found
    assert "first wrong" not in text(undecided)
    assert one_line(undecided).startswith("VALUE order_request.limit_price is wrong")
    assert "  reading  not determined: the stimulus itself says 150.65" in text(undecided)


def test_a_plan_without_any_result_still_reads_well():
    """A plan stopped before its first step has a sentence, a place and a rerun command."""
    shown = text(rows.plan(verdict="failed", fault="PLAN", sentence="the plan has no validation point"))
    assert shown.splitlines()[0] == "PLAN  the plan has no validation point"
    assert "open.plan.json:3" in shown


def test_beside_a_baseline_the_stage_that_grew_is_named_not_the_longest():
    """The baseline has its own column, and what it knows replaces what the run alone could tell."""
    row = rows.latency_failure()
    for step in row["steps"]:
        for place, stage in enumerate(step["pipeline"]["stages"]):
            stage["baseline_ns"] = stage["at_ns"] - (20 * rows.MS if place >= 5 else 0)
    attribute_by_baseline(row, "main@1f3c0d2")
    shown = text(row)
    assert shown.splitlines()[0].startswith("LATENCY  the time went at validated_order: p95 of")
    assert "validated_order took 22.0 ms, 2.00 ms in main@1f3c0d2" in shown
    assert re.search(r"validated_order .* x11  ▲ 7 % of the time", shown)
    assert max(map(len, shown.splitlines())) <= 100
