"""Markdown that shows any text as it is, and what GitHub takes: its escapes and its limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import rows
from markdown_it import MarkdownIt

from pytest_intellisense.reporting import github
from pytest_intellisense.reporting.markdown import markdown
from pytest_intellisense.reporting.rows import SCHEMA_VERSION, PlanRow, ReportDocument

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![picture](https://example.org/x.png)",
    "[link](javascript:alert(1))",
    "https://example.org/follow and www.example.org",
    "`code` ``more`` ```fence",
    "| cell | cell |",
    "two\nlines\n\n# heading",
    "**bold** _thin_ ~~gone~~ &amp; <!-- gone -->",
    "trailing backslash \\",
)


def document(*plans: PlanRow) -> ReportDocument:
    return {"schema_version": SCHEMA_VERSION, "session": rows.session(), "plans": list(plans)}


def hostile_plan(text: str) -> PlanRow:
    wrong = rows.outcome(text, passed=False, expected=text, actual=text + "!", details=text, subject=text)
    pipeline = rows.pipeline([rows.stage(text, text, 1.0, text, note=text), rows.stage("never", "FILL", None)], name=text)
    miss = {"stream": text, "entry_id": text, "at_ns": 1, "summary": text, "differs": text}
    step = rows.step(text, validation_outcomes=[wrong], pipeline={**pipeline, "near_misses": [miss]}, error=text)
    return rows.plan(step, nodeid=text, plan_name=text, sentence=text, hint=text, fault="VALUE", plan_path=text)


def many(count: int) -> list[PlanRow]:
    return [
        rows.plan(rows.step(), verdict="failed", fault="VALUE", sentence=f"cause {n}", nodeid=f"n{n}") for n in range(count)
    ]


def test_a_failure_says_what_is_needed_to_act_on_it() -> None:
    """Sentence, place, expected and actual, stages, nearest events and the command; ready to paste."""
    text = markdown(document(rows.missing_failure(), rows.value_failure()))
    assert text.startswith("### IntelliSense: 2 failed\n")
    assert "**MISSING** validated_order never arrived (waited 1.78 s of the step's 2 s)  \n" in text
    assert "at `scenarios/ocr/open.plan.json:22:7`" in text
    assert "| `validated_order` | — | — | never arrived |" in text
    assert "- near: +238 ms `testrade:validated-orders` `BUY 100 MSFT MKT` correlation_id is open_7f3c19ac" in text
    assert "| expected | `150.25` |\n| actual | `150.65` delta +0.40 (tolerance 0.01) |" in text
    assert f"rerun: `pytest '{rows.NODEID}'`" in text
    assert len(text) < 4_000


def test_the_same_cause_is_told_once() -> None:
    """With the plans that have it."""
    plans = [rows.plan(rows.step(), verdict="failed", fault="ENV", sentence="no price", nodeid=f"n{n}") for n in range(14)]
    text = markdown(document(*plans))
    assert text.count("**ENV**") == 1
    assert "same cause: `n1`, " in text
    assert "`n10` and 3 more" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup(text: str) -> None:
    """A real reader of Markdown finds our headings and tables, and nothing that the text brought."""
    reader = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    tokens = reader.parse(markdown(document(hostile_plan(text))))
    inside = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in (*tokens, *inside)} <= {
        "heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close", "text", "softbreak", "hardbreak",
        "strong_open", "strong_close", "code_inline", "table_open", "table_close", "thead_open", "thead_close", "tr_open",
        "tr_close", "th_open", "th_close", "tbody_open", "tbody_close", "td_open", "td_close", "bullet_list_open",
        "bullet_list_close", "list_item_open", "list_item_close", "text_special",
    }  # fmt: skip
    assert sum(token.type == "heading_open" for token in tokens) == 2
    assert sum(token.type == "table_open" for token in tokens) == 2


def test_a_summary_never_exceeds_what_github_takes(tmp_path: Path) -> None:
    """Whole sections are left out, the number of them is said, and what others wrote there stays."""
    summary = tmp_path / "summary.md"
    summary.write_text("of the step before\n" * 1000)
    github.append_summary(document(*many(15_000)), summary)
    written = summary.read_bytes()
    assert 1_000_000 < len(written) <= github.SUMMARY_BYTES
    assert written.startswith(b"of the step before\n")
    assert written.rstrip().endswith(b"sections did not fit here; report.json and report.html have all of them.")


def test_a_full_summary_is_left_alone(tmp_path: Path) -> None:
    """Not even the head fits."""
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * github.SUMMARY_BYTES)
    github.append_summary(document(*many(1)), summary)
    assert summary.stat().st_size == github.SUMMARY_BYTES


def test_annotations_stay_within_ten_of_a_type(tmp_path: Path) -> None:
    """The last one says how many more there are; flaky plans are warnings."""
    flaky = [{**rows.plan(rows.step()), "outcome": "passed", "attempts": 2, "nodeid": f"f{n}"} for n in range(11)]
    lines = github.annotation_lines([*many(42), *flaky], tmp_path, {})
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 10 + ["::warning"] * 10
    assert lines[9].endswith("and 32 more causes, see the report")
    assert lines[19].endswith("%0Aand 1 more flaky plans")


def test_annotations_are_one_line_whatever_they_say(tmp_path: Path) -> None:
    """No text ends the command or begins another."""
    text = "100 %\n::warning::no, really: a,b\r"
    (line,) = github.annotation_lines([hostile_plan(text)], tmp_path, {})
    assert "\n" not in line and "\r" not in line
    properties, _, message = line.removeprefix("::error ").partition("::")
    assert [part.partition("=")[0] for part in properties.split(",")] == ["file", "line", "col", "title"]
    assert message.startswith("100 %25\\n::warning::no, really: a,b\\r%0A")


@pytest.mark.parametrize(("workspace", "expected"), [("..", "desk/scenarios"), ("elsewhere", "scenarios"), (None, "scenarios")])
def test_paths_are_those_of_the_repository(tmp_path: Path, workspace: str | None, expected: str) -> None:
    """The rootdir may be a folder of it."""
    rootdir = tmp_path / "desk"
    rootdir.mkdir()
    environment = {"GITHUB_WORKSPACE": str(rootdir / workspace)} if workspace else {}
    (line,) = github.annotation_lines([rows.value_failure()], rootdir, environment)
    assert line.startswith(f"::error file={expected}/ocr/open.plan.json,line=41,col=7,title=VALUE ocr_opens_long::")
