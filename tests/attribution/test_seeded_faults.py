"""The stage that is broken is the one that is named, and nobody else ever is."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from attribution import fault_cases, held_out_cases, last_cases, unseen_cases
from attribution.fault_cases import COMPLETE, OF_TEXT, Case, field_is
from helpers.faulty_reference import Fault
from helpers.seeded_run import run_cases, scored

SAMPLE = [
    fault_cases.BY_NAME[name]
    for name in (
        *("value_raw_ocr_in_order", "value_cleaned_ocr", "value_validated_order", "value_position_update"),
        *("latency_signal", "latency_order_fill", "missing_cleaned_ocr", "missing_validated_order_nameless"),
        *("extra_order_request_work", "extra_position_update"),
    )
]
SOUND = [
    Case("nothing_is_wrong", "", "", Fault(), COMPLETE, stages=OF_TEXT),
    Case("nothing_is_wrong_here", "", "", Fault(), field_is("position_update", "quantity", 50), stages=OF_TEXT),
]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """One run of the sample and of two plans without a fault: rows by plan name, and the terminal's text."""
    folder = tmp_path_factory.mktemp("seeded")
    return run_cases(folder, "fault_cases", SAMPLE, *((case.name, case.plan()) for case in SOUND))


def test_the_broken_stage_of_each_fault_is_named_and_no_other(sample):
    """A sample of the long test below: each kind of fault, some stages."""
    rows, _ = sample
    score = scored(SAMPLE, rows)
    assert (score.accused, score.undecided) == ([], [])


def test_a_run_without_a_fault_accuses_nobody(sample):
    """Control: plans that pass carry no attribution."""
    rows, _ = sample
    for case in SOUND:
        assert rows[case.name]["verdict"] == "passed", rows[case.name]["sentence"]
        assert "attribution" not in json.dumps(rows[case.name])


def test_a_picture_that_nobody_names_as_a_cause_stays_in_question(tmp_path):
    """What was read from it is right for what it shows, and that cannot be compared."""
    (wiped,) = [case for case in unseen_cases.CASES if case.name == "screen_wiped"]
    rows, _ = run_cases(tmp_path, "unseen_cases", [wiped])
    assert rows[wiped.name]["attribution"]["candidates"] == ["processed_image", "raw_ocr", "cleaned_ocr"]


def test_names_in_the_wrong_place_would_be_found_out(sample):
    """Control: with the attributions of one case to the next, the score says accused."""
    rows, _ = sample
    names = [case.name for case in SAMPLE]
    moved = {
        name: {**rows[name], "attribution": rows[after]["attribution"]}
        for name, after in zip(names, [*names[1:], names[0]], strict=True)
    }
    assert len(scored(SAMPLE, moved).accused) >= len(SAMPLE) - 3


def test_the_terminal_says_it_on_the_first_line_in_25_lines_and_100_columns(sample):
    """Every failure of the run, as a person sees it; the short summary names the stage too."""
    rows, out = sample
    blocks = re.split(r"^_+ plan (\w+) _+$", out.split("short test summary")[0], flags=re.M)[1:]
    said = dict(zip(blocks[::2], blocks[1::2], strict=True))
    for case in SAMPLE:
        text = said[case.name].split("\n---")[0].strip("\n")
        lines = text.splitlines()
        assert lines[0].startswith(f"{case.kind}  "), text
        assert case.truth in lines[0], text
        assert len(lines) <= 25, text
        assert max(map(len, lines)) <= 100, text
        assert lines[-1] == f"  rerun    pytest {shlex.quote(rows[case.name]['nodeid'])}"


@pytest.mark.long
def test_at_least_95_percent_of_the_seeded_faults_are_named_and_nobody_is_accused_wrongly(tmp_path):
    """Every stage times value, latency, missing, doubled."""
    rows, _ = run_cases(tmp_path, "fault_cases", fault_cases.CASES)
    score = scored(fault_cases.CASES, rows)
    assert len(fault_cases.CASES) >= 40
    assert score.accused == []
    assert len(score.named) >= 0.95 * len(fault_cases.CASES), score.undecided


@pytest.mark.long
@pytest.mark.parametrize("module", [unseen_cases, held_out_cases, last_cases], ids=["unseen", "held_out", "last"])
def test_faults_the_rules_were_not_made_for_are_named_or_left_open(module, tmp_path):
    """Where what was captured does not decide, several stages are named, or none; never a wrong one."""
    rows, _ = run_cases(tmp_path, module.__name__.rpartition(".")[2], module.CASES)
    score = scored(module.CASES, rows)
    assert score.accused == []
    assert len(score.named) >= 0.7 * len(module.CASES), score.undecided
